import type { Random } from "../base/random.ts";

/** For tests: `size` points of a Gaussian around each centre, one after another. */
export function blobs(
  random: Random,
  centres: readonly (readonly number[])[],
  size: number,
  sd: number,
): { rows: number[][]; truth: number[] } {
  const rows = centres.flatMap((centre) =>
    Array.from({ length: size }, () => centre.map((c) => random.normal(c, sd))),
  );
  return { rows, truth: centres.flatMap((_, i) => Array<number>(size).fill(i)) };
}
