import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { RunningCommand } from "../../src/base/command.ts";
import { LabUnavailableError } from "../../src/base/errors.ts";
import type { Program } from "../../src/program/program.ts";
import type { HostPlan } from "../../src/run/plan.ts";
import { variableName } from "../command/shell.ts";
import type { HostEvents } from "../host/guarded-watch.ts";
import type { AgentCommand, AgentConfig, AgentReport } from "../host/protocol.ts";
import { sendCommand } from "../packets/packet-socket.ts";
import type { JournalFile } from "../state/journal.ts";
import type { Capsule, HostPlace } from "./capsule.ts";
import type { VolumeStore } from "./volume-store.ts";

const AGENT = fileURLToPath(new URL("../host/agent.ts", import.meta.url));

export interface MachineOptions {
  readonly plan: HostPlan;
  readonly place: HostPlace;
  readonly capsule: Capsule;
  readonly volumes: VolumeStore;
  readonly journal: JournalFile;
  /** As the agents are told it. */
  readonly epoch: AgentConfig["epoch"];
  /** Seeds the programs; the same text as in the simulator gives the same behaviour. */
  readonly seed: string;
  /** Where Node keeps compiled code, so that thirty agents do not compile the same files thirty times. */
  readonly cache: string;
  readonly events: HostEvents;
}

type End = "ended" | "powered-off";

interface Running {
  readonly begun: () => void;
  readonly end: (end: End) => void;
}

/** A host of the lab: a network namespace that is always there, and, while it is on, one agent process in it. */
export class Machine {
  readonly plan: HostPlan;
  readonly #options: MachineOptions;
  readonly #running = new Map<number, Running>();
  #agent: RunningCommand | null = null;
  #down: Promise<void> = Promise.resolve();
  #hasVolume: boolean;
  #started = 0;
  /** The agent ends because it was told to. */
  #isStopping = false;

  constructor(options: MachineOptions) {
    this.#options = options;
    this.plan = options.plan;
    this.#hasVolume = options.plan.volume !== null;
  }

  get isOn(): boolean {
    return this.#agent !== null;
  }

  /** From now on there is a disk to boot from, or there is none. Only for a machine that is off. */
  set hasVolume(value: boolean) {
    this.#hasVolume = value;
  }

  async boot(): Promise<void> {
    if (this.#agent !== null) return;
    const { plan, place, capsule, volumes, journal, epoch, seed, cache } = this.#options;
    const config: AgentConfig = {
      name: plan.name,
      address: plan.address,
      mac: plan.mac,
      gateway: plan.gateway,
      interface: place.interfaces[0] ?? "",
      network: plan.bridge,
      volume: this.#hasVolume ? await volumes.mount(plan.name) : null,
      seed,
      folder: cache,
      epoch,
    };
    journal.add({ kind: "agent", name: plan.name });
    const [file, ...args] = capsule.inside(place, [
      process.execPath,
      AGENT,
      JSON.stringify(config),
    ]);
    const send = sendCommand(config.interface).join(" ");
    capsule.runner.remark(`starts when a program sends frames that it built: ${send}`);
    const agent = await capsule.runner.start(file, args, {
      name: `AGENT_${variableName(plan.name)}`,
      env: { ...capsule.environment, NODE_COMPILE_CACHE: cache },
      standIn: { says: `${JSON.stringify({ op: "up" } satisfies AgentReport)}\n` },
    });
    this.#agent = agent;
    this.#isStopping = false;
    const { promise: up, resolve: isUp } = Promise.withResolvers<void>();
    createInterface({ input: agent.stdout }).on("line", (line) =>
      this.#heard(JSON.parse(line) as AgentReport, isUp),
    );
    const { promise: down, resolve: isDown } = Promise.withResolvers<void>();
    this.#down = down;
    void agent.ended.then(async (status) => {
      this.#agent = null;
      if (this.#hasVolume) await volumes.unmount(plan.name);
      for (const { begun, end } of this.#running.values()) {
        begun();
        end("powered-off");
      }
      this.#running.clear();
      if (status !== 0 && !this.#isStopping) this.#crash(`its agent died: ${agent.complaint()}`);
      isUp();
      isDown();
    });
    await up;
  }

  /** Resolves when the agent has ended and the disk is unmounted. */
  async powerOff(): Promise<void> {
    this.#isStopping = true;
    this.#agent?.stdin.end();
    await this.#down;
  }

  /** `begun`: what the program listens on is open. `end`: it has ended, or the power has gone. */
  start(program: Program): { begun: Promise<void>; end: Promise<End> } {
    const agent = this.#agent;
    if (agent === null) return { begun: Promise.resolve(), end: Promise.resolve("powered-off") };
    const id = ++this.#started;
    const { promise: begun, resolve: hasBegun } = Promise.withResolvers<void>();
    const { promise: end, resolve } = Promise.withResolvers<End>();
    this.#running.set(id, { begun: hasBegun, end: resolve });
    const command: AgentCommand = {
      op: "start",
      id,
      label: `program-${id}-${program.kind}`,
      program,
    };
    agent.stdin.write(`${JSON.stringify(command)}\n`);
    return { begun, end };
  }

  #heard(report: AgentReport, isUp: () => void): void {
    const { name } = this.plan;
    const { events } = this.#options;
    switch (report.op) {
      case "up":
        isUp();
        break;
      case "event":
        events.onEvent(name, BigInt(report.timeNs), report.event);
        break;
      case "effect":
        events.onEffect(name, { ...report.effect, timeNs: BigInt(report.effect.timeNs) });
        break;
      case "started":
        this.#running.get(report.id)?.begun();
        break;
      case "ended":
        this.#running.get(report.id)?.end("ended");
        this.#running.delete(report.id);
        break;
      case "late":
        events.onLate(name, report);
        break;
      case "off":
        this.#isStopping = true;
        break;
      case "crash":
        this.#crash(report.message);
        break;
    }
  }

  #crash(message: string): void {
    this.#options.events.onCrash(
      new LabUnavailableError(message, { where: `host ${this.plan.name}` }),
    );
  }
}
