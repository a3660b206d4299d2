import { writeFile } from "node:fs/promises";
import { setTimeout as wait } from "node:timers/promises";
import { runCommand } from "../../src/base/command.ts";
import { IsoreplayError, LabUnavailableError } from "../../src/base/errors.ts";
import { PORT } from "../../src/rule/port.ts";
import type { MoveRecord, MoveRequest, RunningLab, Watch } from "../../src/run/lab.ts";
import type { BridgeName, HostPlan, Plan } from "../../src/run/plan.ts";
import { CaptureClock } from "../host/capture-clock.ts";
import { GuardedWatch, type HostEvents } from "../host/guarded-watch.ts";
import { type LabEpoch, LabTimers } from "../host/lab-time.ts";
import { keepPulse } from "../host/lateness.ts";
import { Punctuality } from "../host/punctuality.ts";
import type { Capsule } from "../mininet/capsule.ts";
import { Machines } from "../mininet/machines.ts";
import { Shown } from "../packets/shown.ts";
import { AnalysisPort } from "./analysis-port.ts";
import type { CloudFolder } from "./cloud-folder.ts";
import { GuestServer } from "./guest-server.ts";
import type { HostSwitch } from "./host-switch.ts";
import { IntegrationBridge } from "./integration-bridge.ts";
import type { CloudOptions } from "./lab.ts";
import { migrateVolume } from "./move.ts";
import type { Resources } from "./resources.ts";
import { makeSetting, type Setting } from "./setting.ts";
import { isServer, SideHosts } from "./side-hosts.ts";
import { Taps } from "./taps.ts";
import { waitFor } from "./wait.ts";

/** Real time: a frame crosses a switch in user space, and a guest without virtualisation takes it. */
const SETTLE_REAL_MS = 1_000;
/** Nova plugs a server in some seconds after it was asked to make it. */
const PLUGGED_MS_MAX = 240_000;
const PLUGGED_POLL_MS = 200;

export interface CloudRunOptions extends CloudOptions {
  readonly plan: Plan;
  readonly watch: Watch;
  readonly folder: CloudFolder;
  readonly capsule: Capsule;
  readonly resources: Resources;
  readonly hostSwitch: HostSwitch;
}

/** One lab in a cloud, from its first network to its last server. */
export class CloudRun {
  readonly #options: CloudRunOptions;
  readonly #watch: GuardedWatch;
  readonly #punctuality = new Punctuality();
  readonly #lateness = this.#punctuality.meter("run");
  readonly #servers = new Map<string, GuestServer>();
  #epoch: LabEpoch;
  #timers: LabTimers;
  readonly #wireTimers: LabTimers;
  #bridge: IntegrationBridge | null = null;
  #port: AnalysisPort | null = null;
  #machines: Machines | null = null;
  #taps: Taps | null = null;

  constructor(options: CloudRunOptions) {
    this.#options = options;
    this.#watch = new GuardedWatch(options.watch);
    this.#epoch = { monotonicNs: process.hrtime.bigint(), speed: options.speed };
    this.#timers = new LabTimers(this.#epoch);
    this.#wireTimers = new LabTimers({ ...this.#epoch, speed: 1 }, this.#lateness);
  }

  async build(): Promise<void> {
    const { plan, folder, capsule, resources, hostSwitch, speed } = this.#options;
    const { journal, label } = folder;
    const setting = await makeSetting(resources, plan);
    journal.add({ kind: "bridge", name: "br-int" });
    const bridge = await IntegrationBridge.open(hostSwitch, label, this.#watch.fail);
    this.#bridge = bridge;
    const sidePlan = { ...plan, hosts: plan.hosts.filter((host) => !isServer(host)) };
    const { networks, host } = setting;
    const side = await SideHosts.plugIn({
      plan: sidePlan,
      capsule,
      folder,
      resources,
      hostSwitch,
      networks,
      host,
    });
    this.#port = await AnalysisPort.plugIn(hostSwitch, label, journal, this.#wireTimers);
    await bridge.plugAll("private", side.ports("private"));
    const isolation = side.ports("isolation").set(PORT.controller, this.#port.ofport);
    await bridge.plugAll("isolation", isolation);
    // The lab's time begins when everything is up.
    this.#epoch = { monotonicNs: process.hrtime.bigint(), speed };
    this.#timers = new LabTimers(this.#epoch, this.#lateness);
    keepPulse(this.#wireTimers);
    const clock = new CaptureClock(this.#epoch, this.#punctuality.meter("sensor"));
    this.#taps = new Taps(clock, this.#watch.frame);
    journal.add({ kind: "tap", name: "packets" });
    await this.#taps.open("uplink", side.uplink);
    for (const { name, role } of plan.hosts)
      if (role === "outlet") await this.#taps.open("outlet", side.cable(name));
    this.#makeServers(setting);
    this.#machines = new Machines({
      plan: sidePlan,
      places: side.places,
      capsule,
      folder,
      timers: this.#timers,
      epoch: { monotonicNs: String(this.#epoch.monotonicNs), speed },
      seed: this.#options.seed,
      events: this.#events(),
    });
    await this.#machines.boot();
  }

  /** A crash of a program ends the experiment, too. */
  play<T>(experiment: (lab: RunningLab) => Promise<T>): Promise<T> {
    return this.#watch.until(experiment(this.#running()));
  }

  async stop(): Promise<void> {
    this.#timers.halt();
    this.#wireTimers.halt();
    await this.#machines?.powerOff();
    // While the rules are still there.
    await Promise.allSettled([...this.#servers.values()].map((server) => server.remove()));
    await this.#taps?.stop();
    await this.#port?.stop();
    await this.#bridge?.[Symbol.asyncDispose]();
  }

  #makeServers({ servers, flavor, networks }: Setting): void {
    const { plan, resources, speed, seed } = this.#options;
    for (const host of plan.hosts.filter(isServer)) {
      const { name, bridge } = host;
      const { port = "", volume = "" } = servers.get(name) ?? {};
      const server = new GuestServer({
        plan: host,
        resources,
        flavor,
        port,
        mtu: networks.get(bridge)?.mtu ?? 0,
        timers: this.#timers,
        speed,
        seed: `${seed}/${plan.name}/host-${name}`,
        events: this.#events(),
        onPlugged: (isPlugged) => this.#plugged(host, port, isPlugged),
      });
      server.volume = volume;
      this.#servers.set(name, server);
    }
  }

  /** Nova has plugged a server in, or out: from now on the run's rules are about it, and its tap shows what it sends. */
  async #plugged(host: HostPlan, port: string, isPlugged: boolean): Promise<void> {
    const { name, bridge, role } = host;
    if (!isPlugged) {
      await this.#taps?.close(name);
      await this.#bridge?.plug(bridge, host.port, null);
      return;
    }
    const { hostSwitch } = this.#options;
    const plugged = await waitFor({
      what: `nova to plug ${name} in`,
      deadlineMs: PLUGGED_MS_MAX,
      pollMs: PLUGGED_POLL_MS,
      look: async () => {
        const found = await hostSwitch.portOf(port);
        return found === null ? { now: "not there" } : { value: found };
      },
    });
    // Else the compute host itself would speak to the guest.
    await writeFile(`/proc/sys/net/ipv6/conf/${plugged.name}/disable_ipv6`, "1");
    await this.#bridge?.plug(bridge, host.port, plugged.ofport);
    if (role === "isolation-instance") await this.#taps?.open("isolation", plugged.name, name);
  }

  #running(): RunningLab {
    const [bridge, machines, port, taps] = [this.#bridge, this.#machines, this.#port, this.#taps];
    if (bridge === null || machines === null || port === null || taps === null)
      throw new Error("the lab is not built");
    const { speed } = this.#options;
    const shown = new Shown(taps, this.#timers, this.#watch.fail);
    return {
      timers: this.#timers,
      pace: { speed, settleMs: SETTLE_REAL_MS * speed },
      sensor: "uplink",
      endSensor: async () => {},
      copies: () => bridge.copies(),
      start: async (host, program) =>
        this.#servers.get(host)?.start(program) ?? machines.start(host, program),
      setRules: (name, text, flush) => this.#setRules(bridge, name, text, flush),
      move: (request) => this.#move(request),
      controller: () => port,
      rules: (name) => bridge.rules(name),
      settle: async () => {
        await wait(SETTLE_REAL_MS);
        await taps.drained();
      },
      shownUntilNs: () => shown.untilNs(),
      lateness: () => this.#punctuality.list(),
      counts: async () => ({
        framesTapped: taps.frames,
        framesMissed: await taps.drained(),
        rulesPutBack: bridge.gaps.count,
        rulesMissingMs: Math.round(bridge.gaps.ms),
        packetsToReplayer: port.counts.in,
        packetsFromReplayer: port.counts.out,
        ...this.#punctuality.counts(),
        labSeconds: Number(this.#timers.nowNs() / 1_000_000n) / 1000,
      }),
    };
  }

  /** Rules that cannot be put in force leave the old ones, under which what was just judged may go on: its cable is pulled. */
  async #setRules(
    bridge: IntegrationBridge,
    name: BridgeName,
    text: string,
    flush: readonly string[] = [],
  ): Promise<void> {
    try {
      await bridge.setRules(name, text, flush);
    } catch (error) {
      for (const cable of this.#taps?.interfaces ?? [])
        await runCommand("ip", ["link", "set", cable, "down"]);
      const why = error instanceof IsoreplayError ? error.line : String(error);
      throw new LabUnavailableError(
        `its rules could not be put in force, so the cables were pulled: ${why}`,
        { where: `bridge ${name}`, cause: error },
      );
    }
  }

  async #move({ instance, target, method, programs }: MoveRequest): Promise<MoveRecord> {
    const [from, to] = [this.#servers.get(instance), this.#servers.get(target)];
    if (from === undefined || to === undefined) throw new RangeError(`no server ${instance}`);
    const { resources } = this.#options;
    const startNs = this.#timers.nowNs();
    const steps: string[] = [];
    const step = (what: string) => steps.push(what);
    // The one that sent the probes of the positive control.
    await to.remove();
    const volume = await from.release(step);
    const hashBefore = from.stateHash ?? "";
    switch (method) {
      case "volume-move":
        to.volume = volume;
        break;
      case "migration":
        to.volume = await migrateVolume(resources, volume, `${target}-copy`, step);
        break;
    }
    await to.boot(programs);
    step("boot the isolation instance from the volume");
    return {
      method,
      startNs,
      endNs: this.#timers.nowNs(),
      hashBefore,
      hashAfter: to.stateHash ?? "",
      memoryLost: true,
      steps,
    };
  }

  #events(): HostEvents {
    return this.#watch.events((host, delays) => this.#punctuality.host(host, delays));
  }
}
