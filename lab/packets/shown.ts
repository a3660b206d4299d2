import type { Timers } from "../../src/base/clock.ts";
import type { Tap } from "./tap.ts";

/**
 * Up to when everything that passed a tap has been shown. Its frames come with a delay that a busy machine makes long, so the
 * clock does not say it; the tap does, one question at a time.
 */
export class Shown {
  readonly #tap: Pick<Tap, "drained">;
  readonly #timers: Pick<Timers, "nowNs">;
  readonly #onFailure: (error: unknown) => void;
  #untilNs = 0n;
  #isAsking = false;

  /** `onFailure`: the capture died. */
  constructor(
    tap: Pick<Tap, "drained">,
    timers: Pick<Timers, "nowNs">,
    onFailure: (error: unknown) => void,
  ) {
    this.#tap = tap;
    this.#timers = timers;
    this.#onFailure = onFailure;
  }

  /** As far as is known; asks anew. */
  untilNs(): bigint {
    if (!this.#isAsking) void this.#ask();
    return this.#untilNs;
  }

  async #ask(): Promise<void> {
    this.#isAsking = true;
    const nowNs = this.#timers.nowNs();
    try {
      await this.#tap.drained();
      this.#untilNs = nowNs;
    } catch (error) {
      this.#onFailure(error);
    } finally {
      this.#isAsking = false;
    }
  }
}
