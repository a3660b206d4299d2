import type { Timers } from "../../src/base/clock.ts";
import type { Scheduler } from "../scheduler.ts";

/** The scheduler's time as one host's programs see it: with the host's power their timers are gone. */
export class HostTimers implements Timers {
  readonly #scheduler: Scheduler;
  readonly #cancels = new Set<() => void>();
  #halted = false;

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler;
  }

  nowNs(): bigint {
    return this.#scheduler.nowNs();
  }

  after(ms: number, callback: () => void): () => void {
    if (this.#halted) return () => {};
    const cancelTimer = this.#scheduler.after(ms, () => {
      this.#cancels.delete(cancel);
      callback();
    });
    const cancel = () => {
      this.#cancels.delete(cancel);
      cancelTimer();
    };
    this.#cancels.add(cancel);
    return cancel;
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.after(ms, resolve);
    });
  }

  halt(): void {
    this.#halted = true;
    for (const cancel of this.#cancels) cancel();
  }
}
