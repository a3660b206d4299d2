/** The first timeout, before anything was measured, and the bounds, in milliseconds. The lower one is that of Linux. */
const FIRST_MS = 1_000;
const MIN_MS = 200;
const MAX_MS = 60_000;

/** How long to wait for an acknowledgement (RFC 6298), with doubling after each wait in vain. Milliseconds. */
export class RetransmissionTimeout {
  #smoothed: number | null = null;
  #variation = 0;
  #backoff = 1;

  get ms(): number {
    const base = this.#smoothed === null ? FIRST_MS : this.#smoothed + 4 * this.#variation;
    return Math.min(MAX_MS, Math.max(MIN_MS, base) * this.#backoff);
  }

  /** A round trip was measured, on a segment that was sent once (Karn). */
  measured(roundTripMs: number): void {
    if (this.#smoothed === null) {
      this.#smoothed = roundTripMs;
      this.#variation = roundTripMs / 2;
    } else {
      this.#variation += (Math.abs(this.#smoothed - roundTripMs) - this.#variation) / 4;
      this.#smoothed += (roundTripMs - this.#smoothed) / 8;
    }
    this.#backoff = 1;
  }

  /** Something new was acknowledged. */
  progressed(): void {
    this.#backoff = 1;
  }

  timedOut(): void {
    this.#backoff *= 2;
  }
}
