import type { Timers } from "../../src/base/clock.ts";

/** Milliseconds of real time from which a delay is counted. Below it is what any machine with other things to do takes. */
export const LATE_MS = 100;
/** A process looks this often whether it runs at all, so that one which only waits for others notices a stall of its own. */
const PULSE_MS = 250;
/** A new maximum that is told exceeds the last one by so much at least. */
const NEWS_MS = 10;

/** What is known of somebody's delays. */
export interface Delays {
  /** The longest, milliseconds of real time. */
  readonly latestMs: number;
  /** How many were `LATE_MS` or longer. */
  readonly times: number;
}

/**
 * Keeps how late a process does what it has planned: the longest delay, and how many there were. It tells whenever the
 * longest has grown or the number has doubled: a handful of times, however long it runs.
 */
export class LatenessMeter {
  readonly #tell: (delays: Delays) => void;
  #latestMs = 0;
  #times = 0;
  #told: Delays = { latestMs: LATE_MS - NEWS_MS, times: 0 };

  constructor(tell: (delays: Delays) => void) {
    this.#tell = tell;
  }

  /** Something was done so many milliseconds of real time later than planned. */
  note(lateMs: number): void {
    if (lateMs < LATE_MS) return;
    this.#times++;
    this.#latestMs = Math.max(this.#latestMs, lateMs);
    const isNews =
      this.#latestMs >= this.#told.latestMs + NEWS_MS || this.#times >= 2 * this.#told.times;
    if (isNews) this.flush();
  }

  /** Tell what was not told yet. */
  flush(): void {
    if (this.#times === this.#told.times) return;
    this.#told = { latestMs: this.#latestMs, times: this.#times };
    this.#tell(this.#told);
  }
}

/** Wake again and again, as long as the timers run: timers that measure notice when the process was not let run. */
export function keepPulse(timers: Timers): void {
  timers.after(PULSE_MS, () => keepPulse(timers));
}
