import { CLUSTER_LIMITS } from "../base/limits.ts";
import { type KmeansOptions, kmeans } from "./kmeans.ts";
import type { Partition } from "./partition.ts";
import { pointsOf } from "./points.ts";
import { distinctRows, type Rows } from "./rows.ts";
import { sampleIndices } from "./sample.ts";
import { silhouette } from "./silhouette.ts";
import { sortedOrder } from "./sorted-order.ts";

/** Up to this mean silhouette "no substantial structure has been found" (Kaufman and Rousseeuw 1990, table 4). */
const SILHOUETTE_STRUCTURE_MIN = 0.25;

export interface ChooseOptions extends KmeansOptions {
  /** The range to try. Default 2 to 10, but never more than there are different rows, or than rows - 1. */
  readonly kMin?: number;
  readonly kMax?: number;
}

export interface Choice {
  readonly k: number;
  readonly partition: Partition;
  /** What was tried, ascending. */
  readonly scores: readonly Score[];
}

/** Of the rows, or of the sample. */
interface Score {
  readonly k: number;
  readonly silhouette: number;
  readonly totalWithinss: number;
}

/**
 * The number of clusters with the greatest mean silhouette, the smaller one of equals. One cluster where none is above
 * SILHOUETTE_STRUCTURE_MIN, or where there are too few different rows to try two. Above 4,000 rows the numbers are tried on a
 * sample of that many, always the same for the same rows; the partition is of all rows.
 */
export function chooseK(rows: Rows, options: ChooseOptions): Choice {
  // Sorted, so that neither the sample nor any sum depends on the order of the rows.
  const order = sortedOrder(pointsOf(rows));
  const sample = sampleIndices(rows.length, CLUSTER_LIMITS.silhouettePointsMax).map(
    (place) => rows[order[place]!]!,
  );
  const wanted = options.kMax ?? CLUSTER_LIMITS.chosenClustersMax;
  const kMax = Math.min(wanted, sample.length - 1, distinctRows(sample, wanted));
  const scores: Score[] = [];
  for (let k = Math.max(2, options.kMin ?? 2); k <= kMax; k++) {
    const { assignment, totalWithinss } = kmeans(sample, k, options);
    scores.push({ k, silhouette: silhouette(sample, assignment).mean ?? 0, totalWithinss });
  }
  const best = scores.reduce<Score | null>(
    (a, b) => (a === null || b.silhouette > a.silhouette ? b : a),
    null,
  );
  const k = best === null || best.silhouette <= SILHOUETTE_STRUCTURE_MIN ? 1 : best.k;
  return { k, partition: kmeans(rows, k, options), scores };
}
