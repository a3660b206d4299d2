import type { Clock } from "../base/clock.ts";
import { NS_PER_MS } from "../base/clock.ts";
import { REPLAY_LIMITS } from "../base/limits.ts";

/** How long a closed connection is remembered: 2 MSL as most systems have it (RFC 9293 §3.6.1, TIME-WAIT). */
const LINGER_MS = 60_000n;

/** What is remembered of connections that were closed in order, each for a while. No timer: age is seen on access. */
export class Lingering<T> {
  readonly #clock: Clock;
  readonly #byKey = new Map<string, { readonly value: T; readonly untilNs: bigint }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#byKey.size;
  }

  add(key: string, value: T): void {
    const nowNs = this.#clock.nowNs();
    this.#byKey.delete(key);
    for (const [oldest, { untilNs }] of this.#byKey) {
      if (untilNs > nowNs && this.#byKey.size < REPLAY_LIMITS.lingeringMax) break;
      this.#byKey.delete(oldest);
    }
    this.#byKey.set(key, { value, untilNs: nowNs + LINGER_MS * NS_PER_MS });
  }

  get(key: string): T | null {
    const entry = this.#byKey.get(key);
    if (entry === undefined) return null;
    if (entry.untilNs > this.#clock.nowNs()) return entry.value;
    this.#byKey.delete(key);
    return null;
  }

  delete(key: string): void {
    this.#byKey.delete(key);
  }

  clear(): void {
    this.#byKey.clear();
  }
}
