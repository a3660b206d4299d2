/** What a pcapng interface counts time in: `if_tsresol` and `if_tsoffset` (draft-ietf-opsawg-pcapng §4.2). */
export class TimeUnit {
  /** Units per second. */
  readonly #perSecond: number;
  readonly #perSecondExact: bigint;
  readonly #offsetSeconds: number;
  /** Nanoseconds per unit where that is a whole number, else 0: then the slow way is taken. */
  readonly #unitNs: number;
  seconds = 0;
  nanoseconds = 0;

  /** @param resolution the option's byte: a negative power of 10, or of 2 with the highest bit set. Default 10^-6. */
  constructor(resolution = 6, offsetSeconds = 0) {
    const exponent = resolution & 0x7f;
    const decimal = (resolution & 0x80) === 0;
    this.#perSecondExact = (decimal ? 10n : 2n) ** BigInt(exponent);
    this.#perSecond = Number(this.#perSecondExact);
    this.#unitNs = decimal && exponent <= 9 ? 10 ** (9 - exponent) : 0;
    this.#offsetSeconds = offsetSeconds;
  }

  /** Sets `seconds` and `nanoseconds` from a 64-bit time stamp in two halves. Parts of a nanosecond are cut off. */
  set(high: number, low: number): void {
    if (this.#unitNs === 0) {
      this.#setSlowly(high, low);
      return;
    }
    // Long division in 16-bit digits: the whole number would be beyond 2^53.
    const perSecond = this.#perSecond;
    let rest = high % perSecond;
    let quotient = Math.floor(high / perSecond);
    let value = rest * 65_536 + (low >>> 16);
    let digit = Math.floor(value / perSecond);
    rest = value - digit * perSecond;
    quotient = quotient * 65_536 + digit;
    value = rest * 65_536 + (low & 0xffff);
    digit = Math.floor(value / perSecond);
    rest = value - digit * perSecond;
    this.seconds = quotient * 65_536 + digit + this.#offsetSeconds;
    this.nanoseconds = rest * this.#unitNs;
  }

  #setSlowly(high: number, low: number): void {
    const ticks = (BigInt(high) << 32n) | BigInt(low);
    const perSecond = this.#perSecondExact;
    this.seconds = Number(ticks / perSecond) + this.#offsetSeconds;
    this.nanoseconds = Number(((ticks % perSecond) * 1_000_000_000n) / perSecond);
  }
}
