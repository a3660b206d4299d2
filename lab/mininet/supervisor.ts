import type { BridgeName } from "../../src/run/plan.ts";
import type { OpenVSwitch } from "./ovs.ts";

/** What of a switch is supervised. */
type Supervised = Pick<
  OpenVSwitch,
  "replaceFlows" | "forgetOldRules" | "isGone" | "startSwitch" | "bridgeIsUp"
>;

/** A switch that dies again and again is no switch to go on with. */
const ATTEMPTS_MAX = 5;

/**
 * Keeps a lab's switch alive. A switch that comes back has no rules, and a bridge in `fail-mode=secure` without rules
 * drops everything: until the supervisor has put the last rules in force again nothing passes, and nothing gets out.
 */
export class Supervisor {
  readonly #ovs: Supervised;
  readonly #onFailure: (error: Error) => void;
  /** By bridge, the rules that were set last, in force or not yet. */
  readonly #rules = new Map<BridgeName, string>();
  /** By bridge, the change that is being made: resolves when it is done, whatever came of it. */
  readonly #changing = new Map<BridgeName, Promise<void>>();
  /** By bridge, the one change that comes after it, whose rules are those that were set last by then. */
  readonly #next = new Map<BridgeName, Promise<void>>();
  /** By bridge, what is put ahead of a change, until the change is made. */
  readonly #ahead = new Map<BridgeName, Set<() => Promise<void>>>();
  #restarting: Promise<void> | null = null;
  #isOver = false;
  /** Times that the switch had died and was started again. */
  restarts = 0;

  /** `onFailure`: the switch cannot be brought back. */
  constructor(ovs: Supervised, onFailure: (error: Error) => void) {
    this.#ovs = ovs;
    this.#onFailure = onFailure;
  }

  /**
   * Replace a bridge's rules, now and whenever the switch comes back. Waits while it is away; a switch that dies meanwhile comes
   * back with the new rules, never with the old ones. Changes of a bridge are made one after the other, and what is set while
   * one is made comes into force together with the next: the last call's rules stay, however long each takes. `ahead` waits
   * for no other change, and is done again after one that may have undone it.
   */
  async setRules(
    bridge: BridgeName,
    rules: string,
    ahead: () => Promise<void> = async () => {},
  ): Promise<void> {
    this.#rules.set(bridge, rules);
    const waiting = this.#ahead.get(bridge) ?? new Set();
    this.#ahead.set(bridge, waiting.add(ahead));
    try {
      await this.during(ahead);
      await this.#nextChange(bridge);
    } finally {
      waiting.delete(ahead);
    }
  }

  #nextChange(bridge: BridgeName): Promise<void> {
    const planned = this.#next.get(bridge);
    if (planned !== undefined) return planned;
    const change = (async () => {
      await this.#changing.get(bridge);
      this.#next.delete(bridge);
      const made = this.#change(bridge);
      this.#changing.set(
        bridge,
        made.catch(() => {}),
      );
      await made;
    })();
    this.#next.set(bridge, change);
    return change;
  }

  async #change(bridge: BridgeName): Promise<void> {
    const waiting = this.#ahead.get(bridge) ?? new Set();
    await this.during(async () => {
      const included = new Set(waiting);
      await this.#ovs.replaceFlows(bridge, this.#rules.get(bridge) ?? "");
      // It may have taken away what others have put ahead since.
      await Promise.all([...waiting].filter((one) => !included.has(one)).map((one) => one()));
      await this.#ovs.forgetOldRules();
    });
  }

  /** Do something with the switch, once more when it died meanwhile and has come back. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      await this.#restarting;
      const before = this.restarts;
      try {
        return await work();
      } catch (error) {
        // It may have died a moment ago.
        this.down();
        await this.#restarting;
        if (this.restarts === before || attempt === ATTEMPTS_MAX) throw error;
      }
    }
  }

  /** A connection to the switch has broken: start the switch again if it is dead. */
  down(): void {
    if (this.#isOver || this.#restarting !== null) return;
    this.#restarting = this.#revive()
      .catch((error: unknown) =>
        this.#onFailure(error instanceof Error ? error : new Error(String(error))),
      )
      .finally(() => {
        this.#restarting = null;
      });
  }

  /** The lab is being taken down: a switch that dies now is meant to. */
  async end(): Promise<void> {
    this.#isOver = true;
    await this.#restarting;
  }

  async #revive(): Promise<void> {
    if (!(await this.#ovs.isGone())) return;
    await this.#ovs.startSwitch();
    this.restarts++;
    for (const [bridge, rules] of this.#rules) {
      await this.#ovs.bridgeIsUp(bridge);
      await this.#ovs.replaceFlows(bridge, rules);
    }
  }
}
