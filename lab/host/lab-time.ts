import { elapsedMs, type Timers } from "../../src/base/clock.ts";
import type { LatenessMeter } from "./lateness.ts";

/**
 * Where a lab's time begins and how fast it runs. Plain values, so that every process of a lab reckons alike: Linux's
 * monotonic clock is one for the whole machine.
 */
export interface LabEpoch {
  /** `process.hrtime` at the lab's zero, nanoseconds. */
  readonly monotonicNs: bigint;
  /** Lab seconds that pass in one real second, at least 1. */
  readonly speed: number;
}

/** The machine's monotonic clock, nanoseconds. */
const MONOTONIC = (): bigint => process.hrtime.bigint();

/** A lab's time: the machine's, `speed` times as fast, so that think times and session gaps need not be sat out. */
export class LabTimers implements Timers {
  readonly #epoch: LabEpoch;
  readonly #lateness: LatenessMeter | null;
  readonly #monotonicNs: () => bigint;
  readonly #pending = new Set<NodeJS.Timeout>();
  #isHalted = false;

  /** `lateness` gets to know how late each timer is; `monotonicNs` is the machine's clock. */
  constructor(
    epoch: LabEpoch,
    lateness: LatenessMeter | null = null,
    monotonicNs: () => bigint = MONOTONIC,
  ) {
    this.#epoch = epoch;
    this.#lateness = lateness;
    this.#monotonicNs = monotonicNs;
  }

  nowNs(): bigint {
    const elapsed = this.#monotonicNs() - this.#epoch.monotonicNs;
    return (elapsed * BigInt(Math.round(this.#epoch.speed * 1000))) / 1000n;
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.after(ms, resolve);
    });
  }

  after(ms: number, callback: () => void): () => void {
    if (this.#isHalted) return () => {};
    const realMs = ms / this.#epoch.speed;
    const sinceNs = this.#monotonicNs();
    const timer = setTimeout(() => {
      this.#pending.delete(timer);
      this.#lateness?.note(elapsedMs(sinceNs, this.#monotonicNs()) - realMs);
      callback();
    }, realMs);
    this.#pending.add(timer);
    return () => {
      this.#pending.delete(timer);
      clearTimeout(timer);
    };
  }

  /** The lab is over: nobody is woken any more, and nothing keeps the process alive. */
  halt(): void {
    this.#isHalted = true;
    for (const timer of this.#pending) clearTimeout(timer);
    this.#pending.clear();
  }
}
