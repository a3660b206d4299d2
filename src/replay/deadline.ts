import type { Timers } from "../base/clock.ts";

const NS_PER_MS = 1e6;

/**
 * One deadline that moves often. A timer that is set already is kept while it fires no later than needed, so that a
 * deadline moved with each segment costs no timer.
 */
export class Deadline {
  readonly #timers: Timers;
  readonly #reached: () => void;
  #dueNs: bigint | null = null;
  #timerNs = 0n;
  #cancelTimer: (() => void) | null = null;

  constructor(timers: Timers, reached: () => void) {
    this.#timers = timers;
    this.#reached = reached;
  }

  get isSet(): boolean {
    return this.#dueNs !== null;
  }

  /** Due `ms` milliseconds from now, instead of whatever was set. */
  set(ms: number): void {
    const dueNs = this.#timers.nowNs() + BigInt(Math.ceil(ms * NS_PER_MS));
    this.#dueNs = dueNs;
    if (this.#cancelTimer !== null && this.#timerNs <= dueNs) return;
    this.#cancelTimer?.();
    this.#start(dueNs, ms);
  }

  /** Nothing is due any more, and no timer is left. */
  cancel(): void {
    this.#dueNs = null;
    this.#cancelTimer?.();
    this.#cancelTimer = null;
  }

  #start(dueNs: bigint, ms: number): void {
    this.#timerNs = dueNs;
    this.#cancelTimer = this.#timers.after(ms, () => this.#fired());
  }

  #fired(): void {
    this.#cancelTimer = null;
    const dueNs = this.#dueNs;
    if (dueNs === null) return;
    const leftNs = dueNs - this.#timers.nowNs();
    if (leftNs > 0n) {
      this.#start(dueNs, Number(leftNs) / NS_PER_MS);
      return;
    }
    this.#dueNs = null;
    this.#reached();
  }
}
