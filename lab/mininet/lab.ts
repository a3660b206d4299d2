import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { NS_PER_MS } from "../../src/base/clock.ts";
import type { Lab, RunningLab, Watch } from "../../src/run/lab.ts";
import type { BridgeName, Plan, TapName } from "../../src/run/plan.ts";
import { EXECUTE, type Runner } from "../command/runner.ts";
import { CaptureClock } from "../host/capture-clock.ts";
import { GuardedWatch } from "../host/guarded-watch.ts";
import { type LabEpoch, LabTimers } from "../host/lab-time.ts";
import { keepPulse } from "../host/lateness.ts";
import { Punctuality } from "../host/punctuality.ts";
import { OpenFlowPort } from "../openflow/openflow-port.ts";
import { Shown } from "../packets/shown.ts";
import { Tap, type TappedFrame } from "../packets/tap.ts";
import { placesFile, writePlaces } from "../state/places.ts";
import { BridgeRules } from "./bridge-rules.ts";
import { Capsule, type HostPlace } from "./capsule.ts";
import { chooseDatapath } from "./datapath.ts";
import { hostSpec, ROUTER, routerSpec } from "./host-specs.ts";
import { Machines } from "./machines.ts";
import { OpenVSwitch } from "./ovs.ts";
import { Sensor } from "./sensor.ts";
import { Supervisor } from "./supervisor.ts";
import { WorkFolder } from "./work-folder.ts";

const BRIDGES: readonly BridgeName[] = ["private", "isolation", "outside"];
/** What the internet does: it forwards. */
const OUTSIDE_RULES = "table=0,priority=0,actions=normal\n";
/** Real time: a frame crosses two veths, a switch and a capture in far less. */
const SETTLE_REAL_MS = 200;
/** The lab's zero, as a shell finds it. */
const UPTIME_NS = "$(awk '{printf \"%.0f\", $1 * 1e9}' /proc/uptime)";
const CONNECT_MS_MAX = 10_000;

export interface MininetOptions {
  readonly seed: number | string;
  /** Lab seconds that pass in one second. */
  readonly speed: number;
  /** Who does it; a rehearsal does nothing. */
  readonly runner?: Runner;
  /** It was asked for itself, and belongs to no loop: `destroy` ends it. */
  readonly stays?: boolean;
}

/** The lab on Mininet hosts and a real Open vSwitch, all of it inside namespaces of its own. */
export class MininetLab implements Lab {
  readonly kind = "mininet";
  readonly #options: MininetOptions;

  constructor(options: MininetOptions) {
    this.#options = options;
  }

  async run<T>(plan: Plan, watch: Watch, experiment: (lab: RunningLab) => Promise<T>): Promise<T> {
    const { runner = EXECUTE, stays = false } = this.#options;
    await using folder = await WorkFolder.create(plan.name, { stays, runner });
    folder.journal.add({ kind: "namespaces", name: folder.label });
    await using capsule = await Capsule.start(folder.label, runner);
    const cloud = new Cloud(plan, watch, this.#options, folder, capsule);
    try {
      await cloud.build();
      return await cloud.play(experiment);
    } finally {
      // Also what was built half: a controller that goes on trying to connect would keep the program from ending.
      await cloud.stop();
    }
  }
}

class Cloud {
  readonly #plan: Plan;
  readonly #watch: GuardedWatch;
  readonly #options: MininetOptions;
  readonly #folder: WorkFolder;
  readonly #capsule: Capsule;
  #machines: Machines | null = null;
  readonly #punctuality = new Punctuality();
  readonly #lateness = this.#punctuality.meter("run");
  #framesTapped = 0;
  #epoch: LabEpoch;
  /** Its beginning, as text. */
  #zero = "";
  #timers: LabTimers;
  /** The network's own time, in which a replayer sends again. */
  readonly #wireTimers: LabTimers;
  #clock: CaptureClock | null = null;
  #ovs: OpenVSwitch | null = null;
  #datapath = "user";
  #supervisor: Supervisor | null = null;
  #tap: Tap | null = null;
  #sensor: Sensor | null = null;
  readonly #ports = new Map<BridgeName, OpenFlowPort>();
  /** The switch's ends of all links. */
  readonly #cables = new Map<string, string[]>();
  #taps: readonly TapName[] = [];

  constructor(
    plan: Plan,
    watch: Watch,
    options: MininetOptions,
    folder: WorkFolder,
    capsule: Capsule,
  ) {
    this.#plan = plan;
    this.#watch = new GuardedWatch(watch);
    this.#options = options;
    this.#folder = folder;
    this.#capsule = capsule;
    this.#epoch = { monotonicNs: process.hrtime.bigint(), speed: options.speed };
    this.#timers = new LabTimers(this.#epoch);
    this.#wireTimers = new LabTimers({ ...this.#epoch, speed: 1 }, this.#lateness);
    for (const bridge of BRIDGES) this.#cables.set(bridge, []);
  }

  async build(): Promise<void> {
    const rundir = join(this.#folder.path, "ovs");
    const { runner } = this.#capsule;
    await runner.act(["mkdir", rundir], () => mkdir(rundir));
    const { journal } = this.#folder;
    journal.add({ kind: "switch", name: rundir });
    const ovs = await OpenVSwitch.start(this.#capsule, rundir);
    const supervisor = new Supervisor(ovs, this.#watch.fail);
    this.#ovs = ovs;
    this.#supervisor = supervisor;
    for (const name of BRIDGES) journal.add({ kind: "bridge", name });
    for (const { name } of this.#plan.hosts) journal.add({ kind: "host", name });
    const specs = [...this.#plan.hosts.map(hostSpec), routerSpec(this.#plan)];
    this.#datapath = await chooseDatapath(runner);
    const places = await this.#capsule.build({
      rundir,
      datapath: this.#datapath,
      bridges: BRIDGES,
      hosts: specs,
    });
    const byName = new Map(places.map((place) => [place.name, place]));
    await this.#writePlaces(rundir, byName);
    for (const { name, links } of specs)
      for (const [index, { bridge }] of links.entries())
        this.#cables.get(bridge)?.push(byName.get(name)?.peers[index] ?? "");
    await supervisor.setRules("outside", OUTSIDE_RULES);
    journal.add({ kind: "controller", name: "isolation" });
    for (const bridge of ["private", "isolation"] as const) {
      const options = {
        path: ovs.socket(bridge),
        timers: this.#wireTimers,
        connectMsMax: CONNECT_MS_MAX,
        onDown: () => supervisor.down(),
        onFailure: this.#watch.fail,
      };
      const port = await runner.instead(
        `an OpenFlow connection to unix:${options.path}`,
        () => OpenFlowPort.connect(options),
        OpenFlowPort.unconnected(options),
      );
      this.#ports.set(bridge, port);
    }
    journal.add({ kind: "mirror", name: "private" });
    const uplink = this.#uplinkPeer(byName);
    this.#sensor = await Sensor.start(this.#capsule, ovs, this.#plan, uplink);
    journal.add({ kind: "tap", name: "packets" });
    await this.#listen(byName);
    // The lab's time begins when everything is up.
    this.#epoch = { monotonicNs: process.hrtime.bigint(), speed: this.#options.speed };
    this.#timers = new LabTimers(this.#epoch, this.#lateness);
    keepPulse(this.#wireTimers);
    this.#clock = new CaptureClock(this.#epoch, this.#punctuality.meter("sensor"));
    this.#zero = await runner.learn("ZERO", UPTIME_NS, () => String(this.#epoch.monotonicNs));
    this.#machines = new Machines({
      plan: this.#plan,
      places: byName,
      capsule: this.#capsule,
      folder: this.#folder,
      timers: this.#timers,
      epoch: { monotonicNs: this.#zero, speed: this.#options.speed },
      seed: this.#options.seed,
      events: this.#watch.events((host, delays) => this.#punctuality.host(host, delays)),
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
    for (const port of this.#ports.values()) port.close();
    await this.#supervisor?.end();
    await this.#machines?.powerOff();
    await this.#tap?.stop();
  }

  #running(): RunningLab {
    const ovs = this.#ovs;
    const supervisor = this.#supervisor;
    const machines = this.#machines;
    const replayer = this.#ports.get("isolation");
    const tap = this.#tap;
    if (
      ovs === null ||
      supervisor === null ||
      machines === null ||
      replayer === undefined ||
      tap === null
    )
      throw new Error("the lab is not built");
    const { speed } = this.#options;
    const shown = new Shown(tap, this.#timers, this.#watch.fail);
    const rules = new BridgeRules({
      ovs,
      supervisor,
      ports: this.#ports,
      unplug: (bridge) => this.#unplug(bridge),
    });
    return {
      timers: this.#timers,
      pace: { speed, settleMs: SETTLE_REAL_MS * speed },
      sensor: "mirror",
      endSensor: () => supervisor.during(() => this.#endSensor()),
      copies: (bridge) => supervisor.during(() => ovs.copies(bridge)),
      start: (host, program) => machines.start(host, program),
      setRules: (bridge, text, flush) => rules.replace(bridge, text, flush),
      move: (request) => machines.move(request),
      controller: (bridge) => this.#controller(bridge),
      rules: (bridge) => supervisor.during(() => ovs.dumpFlows(bridge)),
      settle: async () => {
        await wait(SETTLE_REAL_MS);
        await tap.drained();
      },
      shownUntilNs: () => shown.untilNs(),
      lateness: () => this.#punctuality.list(),
      counts: async () => ({
        framesTapped: this.#framesTapped,
        framesMissed: (await tap.drained()) + (this.#sensor?.missed ?? 0),
        kernelDatapath: this.#datapath === "kernel" ? 1 : 0,
        switchRestarts: supervisor.restarts,
        packetsToReplayer: replayer.counts.in,
        packetsFromReplayer: replayer.counts.out,
        packetsLostByReplayer: replayer.counts.lost,
        replayerReconnects: replayer.counts.reconnects,
        replayerGone: replayer.isUp ? 0 : 1,
        ...this.#punctuality.counts(),
        labSeconds: Number(this.#timers.nowNs() / NS_PER_MS) / 1000,
      }),
    };
  }

  /** Nothing passes the bridge any more, whatever its rules say. */
  async #unplug(bridge: BridgeName): Promise<void> {
    const pulled = (this.#cables.get(bridge) ?? []).map((name) => `ip link set ${name} down`);
    await this.#capsule.run(["sh", "-ec", pulled.join("\n")]);
  }

  /** So that others find the hosts. */
  async #writePlaces(rundir: string, byName: ReadonlyMap<string, HostPlace>): Promise<void> {
    const hosts = this.#plan.hosts.map(({ name, bridge, address, mac }) => {
      return { name, bridge, address, mac, pid: byName.get(name)?.pid ?? "" };
    });
    const places = { capsule: this.#capsule.pid, rundir, hosts };
    const { path } = this.#folder;
    const line = `echo '${JSON.stringify(places)}' > ${placesFile(path)}`;
    await this.#capsule.runner.act(["sh", "-c", line], () => writePlaces(path, places));
  }

  /** Watch the switch's side of the links that the plan wants tapped. */
  async #listen(places: ReadonlyMap<string, HostPlace>): Promise<void> {
    const interfaces: string[] = [];
    const taps: TapName[] = [];
    const add = (peer: string | undefined, tap: TapName) => {
      if (peer === undefined) return;
      interfaces.push(peer);
      taps.push(tap);
    };
    add(this.#sensor?.interface, "mirror");
    add(this.#uplinkPeer(places), "uplink");
    for (const { name, role } of this.#plan.hosts) {
      const peer = places.get(name)?.peers[0];
      if (role === "isolation-instance") add(peer, "isolation");
      if (role === "outlet") add(peer, "outlet");
    }
    this.#taps = taps;
    this.#tap = await Tap.start(
      (args) => this.#capsule.inside(null, args),
      this.#capsule.environment,
      interfaces,
      (frame) => this.#seen(frame),
      this.#capsule.runner,
    );
  }

  /** The switch's end of the cable from `private` to the router. */
  #uplinkPeer(places: ReadonlyMap<string, HostPlace>): string {
    const uplink = this.#plan.router.findIndex(({ bridge }) => bridge === "private");
    return places.get(ROUTER)?.peers[uplink] ?? "";
  }

  async #endSensor(): Promise<void> {
    if (this.#tap !== null) await this.#sensor?.end(this.#tap);
  }

  #seen({ index, towards, timeNs, bytes }: TappedFrame): void {
    const tap = this.#taps[index];
    if (tap === undefined) return;
    this.#framesTapped++;
    this.#sensor?.saw(tap, towards, bytes);
    const labNs = this.#clock?.labNs(timeNs) ?? null;
    if (labNs !== null) this.#watch.frame(tap, { timeNs: labNs, bytes }, towards);
  }

  #controller(bridge: BridgeName): OpenFlowPort {
    const port = this.#ports.get(bridge);
    if (port === undefined) throw new RangeError(`${bridge} has no controller`);
    return port;
  }
}
