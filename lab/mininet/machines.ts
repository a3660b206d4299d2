import { availableParallelism } from "node:os";
import { join } from "node:path";
import type { Timers } from "../../src/base/clock.ts";
import type { Program } from "../../src/program/program.ts";
import type { MoveRecord, MoveRequest } from "../../src/run/lab.ts";
import type { HostPlan, HostRole, Plan } from "../../src/run/plan.ts";
import type { HostEvents } from "../host/guarded-watch.ts";
import type { AgentConfig } from "../host/protocol.ts";
import type { Capsule, HostPlace } from "./capsule.ts";
import { Machine } from "./machine.ts";
import { VolumeStore } from "./volume-store.ts";
import type { WorkFolder } from "./work-folder.ts";

/** Who takes part in the positive control, and who has to listen before anybody calls. */
const FIRST_ROLES: ReadonlySet<HostRole> = new Set([
  "outlet",
  "isolation-instance",
  "responder",
  "server",
  "canary",
]);

export interface MachinesOptions {
  readonly plan: Plan;
  readonly places: ReadonlyMap<string, HostPlace>;
  readonly capsule: Capsule;
  readonly folder: Pick<WorkFolder, "path" | "journal">;
  readonly timers: Timers;
  /** As the agents are told it. */
  readonly epoch: AgentConfig["epoch"];
  readonly seed: number | string;
  readonly events: HostEvents;
}

/** The hosts of a lab, their disks, and what is started on them. */
export class Machines {
  readonly #options: MachinesOptions;
  readonly #volumes: VolumeStore;
  readonly #machines = new Map<string, Machine>();
  /** By host: resolves when it is up for the first time. */
  readonly #up = new Map<string, Promise<void>>();
  #lastStart: Promise<void> = Promise.resolve();

  constructor(options: MachinesOptions) {
    this.#options = options;
    this.#volumes = new VolumeStore(options.capsule, options.folder.path);
  }

  /**
   * The first host is up when this resolves: it compiles for all. The others come up while the experiment is under way,
   * as many at a time as there are processors, those first that it begins with; what needs a host waits for it.
   */
  async boot(): Promise<void> {
    const { plan, events } = this.#options;
    const turn = ({ role }: HostPlan) => (FIRST_ROLES.has(role) ? 0 : 1);
    const [first, ...others] = plan.hosts.toSorted((a, b) => turn(a) - turn(b));
    if (first === undefined) return;
    await this.#add(first);
    const lanes = Array.from({ length: availableParallelism() }, () => Promise.resolve());
    for (const [at, host] of others.entries()) {
      const lane = at % lanes.length;
      const up = (lanes[lane] ?? Promise.resolve()).then(() => this.#add(host));
      up.catch((error: unknown) => events.onCrash(error));
      this.#up.set(host.name, up);
      lanes[lane] = up;
    }
  }

  /** One after the other, as in the simulator: a server that was started first listens before a client calls. */
  async start(host: string, program: Program): Promise<"ended" | "powered-off"> {
    const before = this.#lastStart;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#lastStart = promise;
    await before;
    const machine = await this.#machine(host);
    const { begun, end } = machine.start(program);
    void begun.then(resolve);
    return end;
  }

  /** The volume goes from one instance to the other, and the other boots from it. */
  async move({ instance, target, method }: MoveRequest): Promise<MoveRecord> {
    const [from, to] = [await this.#machine(instance), await this.#machine(target)];
    const { timers } = this.#options;
    const startNs = timers.nowNs();
    const steps: string[] = [];
    await to.powerOff();
    steps.push("stop the instance");
    await from.powerOff();
    const hashBefore = await this.#volumes.hash(instance);
    from.hasVolume = false;
    switch (method) {
      case "volume-move":
        steps.push("detach its volume", "attach the volume to the isolation instance");
        await this.#volumes.move(instance, target);
        break;
      case "migration":
        steps.push("take a snapshot", "make a volume from the snapshot", "delete the instance");
        await this.#volumes.migrate(instance, target);
        break;
    }
    const hashAfter = await this.#volumes.hash(target);
    to.hasVolume = true;
    steps.push("boot the isolation instance");
    await to.boot();
    return {
      method,
      startNs,
      endNs: timers.nowNs(),
      hashBefore,
      hashAfter,
      memoryLost: true,
      steps,
    };
  }

  /** All hosts, as soon as they are up. */
  async powerOff(): Promise<void> {
    await Promise.allSettled(this.#up.values());
    await Promise.all([...this.#machines.values()].map((machine) => machine.powerOff()));
  }

  async #add(plan: HostPlan): Promise<void> {
    const { places, folder, capsule, epoch, seed, events } = this.#options;
    const place = places.get(plan.name);
    if (place === undefined) throw new RangeError(`no host ${plan.name}`);
    const { journal, path } = folder;
    journal.add({ kind: "volume", name: plan.name });
    if (plan.volume === null) await this.#volumes.reserve(plan.name);
    else await this.#volumes.create(plan.name, plan.volume);
    const machine = new Machine({
      plan,
      place,
      capsule,
      volumes: this.#volumes,
      epoch,
      seed: `${seed}/${this.#options.plan.name}/host-${plan.name}`,
      journal,
      cache: join(path, "cache"),
      events,
    });
    this.#machines.set(plan.name, machine);
    await machine.boot();
  }

  /** The machine, once it has been up. */
  async #machine(name: string): Promise<Machine> {
    await this.#up.get(name);
    const machine = this.#machines.get(name);
    if (machine === undefined) throw new RangeError(`no host ${name}`);
    return machine;
  }
}
