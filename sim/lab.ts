import { InputError } from "../src/base/errors.ts";
import { Random } from "../src/base/random.ts";
import { formatRule } from "../src/rule/format.ts";
import { overlaps } from "../src/rule/overlap.ts";
import { parseRules } from "../src/rule/parse.ts";
import type { Lab, RunningLab, Watch } from "../src/run/lab.ts";
import type { BridgeName, HostPlan, Plan, TapName } from "../src/run/plan.ts";
import { Bridge } from "./bridge.ts";
import { Router } from "./host/router.ts";
import { connect } from "./link/link.ts";
import type { LinkOptions } from "./link/options.ts";
import { Machine } from "./machine.ts";
import { move } from "./move.ts";
import { Scheduler } from "./scheduler.ts";
import { Switch } from "./switch/switch.ts";

const BRIDGES: readonly BridgeName[] = ["private", "isolation", "outside"];
/** Frames that were on their way have arrived after this. */
const SETTLE_MS = 1000;
/** What the internet does: it forwards. */
const OUTSIDE_RULES = "table=0,priority=0,actions=normal\n";

/**
 * The simulated lab: hosts, links, switches and a router in one process and in virtual time. Everything random is drawn
 * from the seed, so the same plan and the same experiment give the same frames.
 */
export class SimLab implements Lab {
  readonly kind = "sim";
  readonly #seed: string;

  constructor(seed: number | string) {
    this.#seed = String(seed);
  }

  async run<T>(plan: Plan, watch: Watch, experiment: (lab: RunningLab) => Promise<T>): Promise<T> {
    const random = Random.from(`${this.#seed}/${plan.name}`);
    const cloud = new Cloud(plan, watch, random);
    return cloud.play(experiment);
  }
}

class Cloud {
  readonly #plan: Plan;
  readonly #watch: Watch;
  readonly #random: Random;
  readonly #scheduler = new Scheduler();
  readonly #bridges = new Map<BridgeName, Bridge>();
  readonly #machines = new Map<string, Machine>();
  #crash: { readonly error: unknown } | null = null;

  constructor(plan: Plan, watch: Watch, random: Random) {
    this.#plan = plan;
    this.#watch = watch;
    this.#random = random;
    for (const name of BRIDGES) {
      const options = { name, clock: this.#scheduler, random: random.fork(`bridge-${name}`) };
      this.#bridges.set(name, new Bridge(new Switch(options)));
    }
    this.#route();
    for (const host of plan.hosts) this.#addMachine(host);
    this.#setRules("outside", OUTSIDE_RULES);
  }

  /** Let virtual time pass until the experiment has ended; a crash of a program ends it, too. */
  async play<T>(experiment: (lab: RunningLab) => Promise<T>): Promise<T> {
    for (const machine of this.#machines.values()) machine.boot();
    let settled = false;
    const outcome = experiment(this.#running()).finally(() => {
      settled = true;
    });
    // Awaited below; until then a rejection must not count as unhandled.
    outcome.catch(() => {});
    const end = await this.#scheduler.run({ until: () => settled || this.#crash !== null });
    if (this.#crash !== null) throw this.#crash.error;
    if (end === "idle" && !settled) throw new Error("the experiment waits for nothing");
    return outcome;
  }

  #running(): RunningLab {
    return {
      timers: this.#scheduler,
      pace: { speed: 1, settleMs: SETTLE_MS },
      sensor: "uplink",
      endSensor: async () => {},
      // This switch knows of nothing that copies.
      copies: async () => [],
      start: (host, program) => this.#machine(host).start(program),
      setRules: async (bridge, rules, flush = []) => {
        this.#setRules(bridge, rules);
        for (const address of flush) this.#bridge(bridge).switch.flushConntrack({ address });
      },
      move: ({ instance, target, method }) =>
        move(this.#scheduler, this.#machine(instance), this.#machine(target), method),
      controller: (bridge) => this.#bridge(bridge).controller(this.#scheduler),
      rules: async (bridge) =>
        this.#bridge(bridge)
          .switch.dumpFlows()
          .map(({ rule }) => `${formatRule(rule)}\n`)
          .join(""),
      settle: () => this.#scheduler.sleep(SETTLE_MS),
      shownUntilNs: () => this.#scheduler.nowNs(),
      lateness: () => null,
      counts: async () => this.#counts(),
    };
  }

  #setRules(name: BridgeName, rules: string): void {
    const origin = `the rules of ${name}`;
    const parsed = parseRules(rules, { origin });
    const [clash] = overlaps(parsed);
    if (clash !== undefined) {
      // OpenFlow leaves open which of the two wins: what holds here might not hold on a real switch.
      const pair = `${formatRule(clash.first)}" and "${formatRule(clash.second)}`;
      throw new InputError(`two rules of equal priority match the same packet: "${pair}"`, {
        where: origin,
        mend: "give one of them another priority",
      });
    }
    this.#bridge(name).switch.setFlows(parsed);
  }

  #addMachine(plan: HostPlan): void {
    const { name } = plan;
    const machine = new Machine(plan, this.#scheduler, this.#random.fork(`host-${name}`), {
      onEvent: (event) => this.#watch.event(name, this.#scheduler.nowNs(), event),
      onEffect: (effect) => this.#watch.effect(name, effect),
      onCrash: (error) => {
        this.#crash ??= { error };
        this.#scheduler.wake();
      },
    });
    this.#machines.set(name, machine);
    const nic = this.#bridge(plan.bridge).plug(plan.port, name);
    this.#link(name, machine, nic, tapOf(plan));
  }

  /** The router joins `private` and `outside`; `isolation` has none. */
  #route(): void {
    const router = new Router({
      name: "router",
      scheduler: this.#scheduler,
      random: this.#random.fork("router"),
      interfaces: this.#plan.router.map(({ mac, address, prefixLength }) => ({
        mac,
        address,
        prefixLength,
      })),
    });
    for (const [index, end] of this.#plan.router.entries()) {
      const nic = this.#bridge(end.bridge).plug(end.port, "router");
      const device = router.interfaces[index];
      if (device === undefined) throw new RangeError("the router lacks an interface");
      this.#link(`router-${end.bridge}`, device, nic, end.bridge === "private" ? "uplink" : null);
    }
  }

  #link(
    name: string,
    device: Parameters<typeof connect>[2],
    bridge: Parameters<typeof connect>[3],
    tap: TapName | null,
  ): void {
    const random = this.#random.fork(`link-${name}`);
    const options = linkOptions(this.#plan);
    if (tap === null) {
      connect(this.#scheduler, random, device, bridge, options);
      return;
    }
    connect(this.#scheduler, random, device, bridge, options, {
      at: "b",
      frame: (frame, towards) =>
        this.#watch.frame(tap, frame, towards === "b" ? "bridge" : "device"),
    });
  }

  #bridge(name: BridgeName): Bridge {
    const bridge = this.#bridges.get(name);
    if (bridge === undefined) throw new RangeError(`no bridge ${name}`);
    return bridge;
  }

  #machine(name: string): Machine {
    const machine = this.#machines.get(name);
    if (machine === undefined) throw new RangeError(`no host ${name}`);
    return machine;
  }

  #counts(): Readonly<Record<string, number>> {
    const bridges = [...this.#bridges.values()];
    return {
      packetsSwitched: bridges.reduce((n, b) => n + b.counts.received, 0),
      events: this.#scheduler.executed,
      virtualSeconds: this.#scheduler.nowNumber / 1e9,
    };
  }
}

function tapOf(plan: HostPlan): TapName | null {
  switch (plan.role) {
    case "isolation-instance":
      return "isolation";
    case "outlet":
      return "outlet";
    default:
      return null;
  }
}

function linkOptions({ faults }: Plan): LinkOptions {
  return {
    delayMs: faults.delayMs,
    jitterMs: faults.jitterMs,
    loss: faults.loss,
    duplication: faults.duplicate,
    reordering: faults.reorder,
  };
}
