import { kmeans as lloyd } from "ml-kmeans";
import { InputError, UsageError } from "../base/errors.ts";
import { CLUSTER_LIMITS } from "../base/limits.ts";
import { Random } from "../base/random.ts";
import {
  columnMeans,
  compareRows,
  distinctRows,
  membersOf,
  type Rows,
  squaredDistance,
} from "./rows.ts";
import { transferPoints } from "./transfer.ts";

export const DEFAULT_RESTARTS = 10;
/** A start must beat the best so far by this part: sums that differ by rounding are the same partition. */
const BETTER_MIN = 1e-12;
/** Squared distances of larger values overflow. Standardised values are below the root of their number. */
const VALUE_MAX = 1e150;

export interface KmeansOptions {
  readonly seed: number | string;
  /** Starts, each with k-means++ centres of its own; the smallest total within-cluster sum of squares wins. Default 10. */
  readonly restarts?: number;
}

/** Clusters are ordered by centre (first column, then second …), so that their numbers do not depend on the seed. */
export interface Partition {
  readonly centres: readonly (readonly number[])[];
  /** Cluster index of each row. */
  readonly assignment: readonly number[];
  readonly sizes: readonly number[];
  /** Sum of squared distances to the centre, per cluster and in total (the inertia). */
  readonly withinss: readonly number[];
  readonly totalWithinss: number;
}

/**
 * k-means: ml-kmeans from several k-means++ starts, each run until its centres stand still (tolerance 0; with
 * ml-kmeans' own 1e-6 it stops while centres may still move), then finished by single-point transfers, so that the
 * result is a local optimum in the sense of R's default algorithm (Hartigan–Wong) as well. The order of the rows has
 * no influence on the partition: they are sorted before they are clustered.
 * Throws UsageError for a k or number of restarts that is no positive whole number; InputError where there are fewer
 * different rows than clusters, or a value that is no number of usual size.
 */
export function kmeans(rows: Rows, k: number, options: KmeansOptions): Partition {
  const restarts = options.restarts ?? DEFAULT_RESTARTS;
  check(rows, k, restarts);
  const order = rows.map((_, i) => i).sort((a, b) => compareRows(rows[a]!, rows[b]!));
  const sorted = order.map((i) => [...rows[i]!]);

  let best =
    k === 1
      ? partitionOf(
          sorted,
          sorted.map(() => 0),
          1,
        )
      : null;
  for (let start = 0; best === null || (k > 1 && start < restarts); start++) {
    const random = Random.from(options.seed).fork("k-means").fork(`start ${start}`);
    const { clusters } = lloyd(sorted, k, {
      seed: random.int(1, 0x7fff_ffff),
      initialization: "kmeans++",
      tolerance: 0,
      maxIterations: CLUSTER_LIMITS.lloydStepsMax,
    });
    const found = partitionOf(sorted, transferPoints(sorted, clusters, k), k);
    if (best === null || found.totalWithinss < best.totalWithinss * (1 - BETTER_MIN)) best = found;
  }

  const assignment = new Array<number>(rows.length);
  for (const [place, i] of order.entries()) assignment[i] = best.assignment[place]!;
  return { ...best, assignment };
}

/** Centres, sizes and sums of squares of an assignment, with the clusters in their canonical order. */
export function partitionOf(rows: Rows, assignment: readonly number[], k: number): Partition {
  const clusters = membersOf(rows, assignment, k)
    .map((members, was) => ({ members, was, centre: columnMeans(members) }))
    .sort((a, b) => compareRows(a.centre, b.centre));
  const withinss = clusters.map(({ members, centre }) =>
    members.reduce((sum, row) => sum + squaredDistance(row, centre), 0),
  );
  const now = new Array<number>(k);
  for (const [index, { was }] of clusters.entries()) now[was] = index;
  return {
    centres: clusters.map(({ centre }) => centre),
    assignment: assignment.map((was) => now[was]!),
    sizes: clusters.map(({ members }) => members.length),
    withinss,
    totalWithinss: withinss.reduce((a, b) => a + b, 0),
  };
}

function check(rows: Rows, k: number, restarts: number): void {
  if (!Number.isInteger(k) || k < 1 || k > CLUSTER_LIMITS.clustersMax)
    throw new UsageError(
      `the number of clusters must be a whole number from 1 to ${CLUSTER_LIMITS.clustersMax}, not ${k}`,
    );
  if (!Number.isInteger(restarts) || restarts < 1)
    throw new UsageError(`the number of restarts must be a positive whole number, not ${restarts}`);
  // A comparison with NaN is false, too.
  if (!rows.every((row) => row.every((value) => Math.abs(value) <= VALUE_MAX)))
    throw new InputError(`a value to cluster is no number between -${VALUE_MAX} and ${VALUE_MAX}`);
  const distinct = distinctRows(rows, k);
  if (distinct < k)
    throw new InputError(
      `${k} clusters need ${k} different observations, and there ${distinct === 1 ? "is" : "are"} ${distinct}`,
      { mend: "train on more traffic, or ask for fewer clusters" },
    );
}
