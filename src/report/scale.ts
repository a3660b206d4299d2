/** A closed interval. */
export interface Interval {
  readonly min: number;
  readonly max: number;
}

/** A straight-line scale from values to pixels. */
export class Scale {
  readonly domain: Interval;
  readonly #from: number;
  readonly #to: number;

  /** `from` is where `domain.min` goes, `to` where `domain.max` goes. */
  constructor(domain: Interval, from: number, to: number) {
    this.domain = domain;
    this.#from = from;
    this.#to = to;
  }

  at(value: number): number {
    const { min, max } = this.domain;
    return this.#from + ((value - min) / (max - min)) * (this.#to - this.#from);
  }

  /** How long a stretch of `width` values is. */
  length(width: number): number {
    return Math.abs(this.at(width) - this.at(0));
  }

  contains(value: number): boolean {
    return value >= this.domain.min && value <= this.domain.max;
  }

  /** Round values inside the domain, about `wanted` of them, 1, 2 or 5 times a power of ten apart. */
  ticks(wanted: number): number[] {
    const { min, max } = this.domain;
    const rough = (max - min) / wanted;
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = ([1, 2, 5].find((factor) => factor * power >= rough) ?? 10) * power;
    const ticks: number[] = [];
    // Counted in whole steps: adding up would let 0.1 + 0.2 drift into the labels.
    for (let n = Math.ceil(min / step); ; n++) {
      const tick = Number((n * step).toPrecision(12));
      if (tick > max) break;
      ticks.push(tick);
    }
    return ticks;
  }
}

/** Values nearer to each other than this, as a share of their size, count as one: their difference is rounding. */
const SAME = 1e-9;

/** The smallest interval with all values in it, widened by a share of its own width on both sides. Never empty. */
export function extent(values: Iterable<number>, margin = 0): Interval {
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  for (const value of values) {
    min = Math.min(min, value);
    max = Math.max(max, value);
  }
  if (min > max) return { min: -1, max: 1 };
  const size = Math.max(1, Math.abs(min), Math.abs(max));
  const pad = max - min > SAME * size ? (max - min) * margin : 1;
  return { min: min - pad, max: max + pad };
}
