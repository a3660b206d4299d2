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
  /** By bridge, the last change: resolves when it is done, whatever came of it. */
  readonly #turns = new Map<BridgeName, Promise<void>>();
  /** What changes put ahead that wait for their turn. */
  readonly #waiting = new Set<() => Promise<void>>();
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
   * back with the new rules, never with the old ones. Of several calls for a bridge the last one's rules stay, however long
   * each takes: a cut must not be undone by the change before it. `ahead` waits for no other call.
   */
  async setRules(
    bridge: BridgeName,
    rules: string,
    ahead: () => Promise<void> = async () => {},
  ): Promise<void> {
    this.#rules.set(bridge, rules);
    const before = this.#turns.get(bridge);
    const turn = this.#replaceInTurn(bridge, ahead, before);
    this.#turns.set(
      bridge,
      turn.catch(() => {}),
    );
    await turn;
  }

  async #replaceInTurn(
    bridge: BridgeName,
    ahead: () => Promise<void>,
    before: Promise<void> | undefined,
  ): Promise<void> {
    if (before !== undefined) {
      this.#waiting.add(ahead);
      try {
        await this.during(ahead);
        await before;
      } finally {
        this.#waiting.delete(ahead);
      }
    }
    await this.during(async () => {
      await ahead();
      await this.#ovs.replaceFlows(bridge, this.#rules.get(bridge) ?? "");
      // This change may have taken away what others, whose turn comes later, have put ahead.
      await Promise.all([...this.#waiting].map((one) => one()));
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
