import type { BridgeName } from "../../src/run/plan.ts";
import type { OpenVSwitch } from "./ovs.ts";

/** A switch that dies again and again is no switch to go on with. */
const ATTEMPTS_MAX = 5;

/**
 * Keeps a lab's switch alive. A switch that comes back has no rules, and a bridge in `fail-mode=secure` without rules
 * drops everything: until the supervisor has put the last rules in force again nothing passes, and nothing gets out.
 */
export class Supervisor {
  readonly #ovs: OpenVSwitch;
  readonly #onFailure: (error: Error) => void;
  readonly #rules = new Map<BridgeName, string>();
  #restarting: Promise<void> | null = null;
  #isOver = false;
  /** Times that the switch had died and was started again. */
  restarts = 0;

  /** `onFailure`: the switch cannot be brought back. */
  constructor(ovs: OpenVSwitch, onFailure: (error: Error) => void) {
    this.#ovs = ovs;
    this.#onFailure = onFailure;
  }

  /**
   * Replace a bridge's rules, now and whenever the switch comes back. Waits while it is away. `ahead` comes first; a switch
   * that dies meanwhile comes back with the new rules, never with the old ones.
   */
  async setRules(
    bridge: BridgeName,
    rules: string,
    ahead: () => Promise<void> = async () => {},
  ): Promise<void> {
    this.#rules.set(bridge, rules);
    await this.during(async () => {
      await ahead();
      await this.#ovs.replaceFlows(bridge, rules);
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
