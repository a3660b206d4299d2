import type { Timers } from "../base/clock.ts";

interface Waiting {
  readonly dueNs: bigint;
  readonly order: number;
  readonly callback: () => void;
}

/** A clock that stands until a test moves it on. */
export class ManualTimers implements Timers {
  #nowNs = 0n;
  #order = 0;
  readonly #waiting = new Set<Waiting>();

  nowNs(): bigint {
    return this.#nowNs;
  }

  get pending(): number {
    return this.#waiting.size;
  }

  after(ms: number, callback: () => void): () => void {
    const dueNs = this.#nowNs + BigInt(Math.ceil(ms * 1e6));
    const waiting = { dueNs, order: this.#order++, callback };
    this.#waiting.add(waiting);
    return () => this.#waiting.delete(waiting);
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => this.after(ms, resolve));
  }

  /** Let everything happen that is due within the next `ms` milliseconds, in order. */
  advance(ms: number): void {
    const endNs = this.#nowNs + BigInt(Math.ceil(ms * 1e6));
    for (;;) {
      const next = this.#first();
      if (next === null || next.dueNs > endNs) break;
      this.#waiting.delete(next);
      this.#nowNs = next.dueNs;
      next.callback();
    }
    this.#nowNs = endNs;
  }

  #first(): Waiting | null {
    let first: Waiting | null = null;
    for (const one of this.#waiting) {
      const isEarlier =
        first === null ||
        one.dueNs < first.dueNs ||
        (one.dueNs === first.dueNs && one.order < first.order);
      if (isEarlier) first = one;
    }
    return first;
  }
}
