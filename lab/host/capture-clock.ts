import { elapsedMs } from "../../src/base/clock.ts";
import type { LabEpoch } from "./lab-time.ts";
import type { LatenessMeter } from "./lateness.ts";

/** Reads the kernel's time stamps of frames, which are real time, as the lab's time; and how late frames are shown. */
export class CaptureClock {
  readonly #epoch: LabEpoch;
  readonly #lateness: LatenessMeter;
  /** The real-time clock's nanoseconds at the lab's zero. */
  readonly #zeroNs: bigint;

  constructor(epoch: LabEpoch, lateness: LatenessMeter) {
    this.#epoch = epoch;
    this.#lateness = lateness;
    const nowNs = BigInt(Math.round((performance.timeOrigin + performance.now()) * 1e6));
    this.#zeroNs = nowNs - this.#sinceZeroNs();
  }

  /** The lab's time, nanoseconds, of a frame that is shown now; null before the lab's time began: there was nothing to see. */
  labNs(stampNs: bigint): bigint | null {
    const passedNs = stampNs - this.#zeroNs;
    if (passedNs < 0n) return null;
    this.#lateness.note(elapsedMs(passedNs, this.#sinceZeroNs()));
    return (passedNs * BigInt(Math.round(this.#epoch.speed * 1000))) / 1000n;
  }

  #sinceZeroNs(): bigint {
    return process.hrtime.bigint() - this.#epoch.monotonicNs;
  }
}
