import { CLUSTER_LIMITS } from "../base/limits.ts";
import { type Points, pointsOf, squaredDistanceAt } from "./points.ts";
import type { Rows } from "./rows.ts";
import { sampleIndices } from "./sample.ts";

export interface Silhouette {
  /** Mean over the points; `null` where there are fewer than two clusters, so that the silhouette is not defined. */
  readonly mean: number | null;
  /** Which rows the values belong to: all, or the sample, ascending. */
  readonly rows: readonly number[];
  /** One value for each of them, -1 to 1. 0 for a point that is alone in its cluster. */
  readonly values: readonly number[];
}

/**
 * Silhouettes (Rousseeuw 1987): (b - a) / max(a, b) with a the mean distance to the others of the own cluster, b the
 * least mean distance to another cluster. The cost grows with the square of the number of rows: above
 * `pointsMax` (default 4,000) a sample of that many, always the same for the same number of rows, stands for all.
 */
export function silhouette(
  rows: Rows,
  assignment: readonly number[],
  pointsMax: number = CLUSTER_LIMITS.silhouettePointsMax,
): Silhouette {
  const sample = sampleIndices(rows.length, pointsMax);
  const found = [...new Set(sample.map((i) => assignment[i]!))];
  const clusterOf = sample.map((i) => found.indexOf(assignment[i]!));
  if (found.length < 2) return { mean: null, rows: sample, values: sample.map(() => 0) };

  const k = found.length;
  const sizes = new Array<number>(k).fill(0);
  for (const c of clusterOf) sizes[c]! += 1;
  const points = pointsOf(sample.map((i) => rows[i]!));
  const sums = distanceSums(points, Uint32Array.from(clusterOf), k);
  const values = clusterOf.map((own, p) => {
    if (sizes[own] === 1) return 0;
    const a = sums[p * k + own]! / (sizes[own]! - 1);
    let b = Infinity;
    for (let c = 0; c < k; c++) if (c !== own) b = Math.min(b, sums[p * k + c]! / sizes[c]!);
    const larger = Math.max(a, b);
    return larger === 0 ? 0 : (b - a) / larger;
  });
  return { mean: values.reduce((x, y) => x + y, 0) / values.length, rows: sample, values };
}

/** At [p * k + c]: the distances of point p to all of cluster c. One block of numbers: this is most of a choice of k. */
function distanceSums(points: Points, clusterOf: Uint32Array, k: number): Float64Array {
  const { count, width, values } = points;
  const sums = new Float64Array(count * k);
  for (let p = 0; p < count; p++) {
    const own = clusterOf[p]!;
    for (let q = 0; q < p; q++) {
      const d = Math.sqrt(squaredDistanceAt(values, p * width, values, q * width, width));
      sums[p * k + clusterOf[q]!]! += d;
      sums[q * k + own]! += d;
    }
  }
  return sums;
}
