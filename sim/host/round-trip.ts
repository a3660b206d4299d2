import { TCP } from "./tcp-parameters.ts";

/** The retransmission timeout from measured round trips (RFC 6298). Nanoseconds. */
export class RoundTrip {
  #smoothedNs = 0;
  #variationNs = 0;
  #rtoNs: number = TCP.rtoInitialNs;

  get rtoNs(): number {
    return this.#rtoNs;
  }

  measured(ns: number): void {
    if (this.#smoothedNs === 0) {
      this.#smoothedNs = ns;
      this.#variationNs = ns / 2;
    } else {
      this.#variationNs = 0.75 * this.#variationNs + 0.25 * Math.abs(this.#smoothedNs - ns);
      this.#smoothedNs = 0.875 * this.#smoothedNs + 0.125 * ns;
    }
    const rto = this.#smoothedNs + 4 * this.#variationNs;
    this.#rtoNs = Math.round(Math.min(TCP.rtoMaxNs, Math.max(TCP.rtoMinNs, rto)));
  }

  /** The timer ran out: wait twice as long (5.5). The next measurement undoes it. */
  backOff(): void {
    this.#rtoNs = Math.min(TCP.rtoMaxNs, this.#rtoNs * 2);
  }
}
