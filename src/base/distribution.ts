import type { Random } from "./random.ts";

/** A positive random quantity: log-normal with this mean and standard deviation, then held within min and max. */
export interface Distribution {
  readonly mean: number;
  readonly sd: number;
  readonly min: number;
  readonly max: number;
}

/** One value of the distribution; `sd` 0 gives the mean itself. Takes no draw where there is no choice. */
export function draw(random: Random, of: Distribution): number {
  const value = of.sd === 0 ? of.mean : random.logNormal(of.mean, of.sd);
  return Math.min(of.max, Math.max(of.min, value));
}

/** One value as a whole number, the nearest within the bounds. */
export function drawWhole(random: Random, of: Distribution): number {
  const low = Math.ceil(of.min);
  const high = Math.max(low, Math.floor(of.max));
  return Math.min(high, Math.max(low, Math.round(draw(random, of))));
}
