import { kmeans as mlKmeans } from "ml-kmeans";
import { InputError, UsageError } from "../base/errors.ts";
import { CLUSTER_LIMITS } from "../base/limits.ts";
import { Random } from "../base/random.ts";
import { lloyd } from "./lloyd.ts";
import { type Clusters, clustersOf, type Partition, samePartition } from "./partition.ts";
import { type Points, pointsOf, reordered } from "./points.ts";
import { distinctRows, type Rows } from "./rows.ts";
import { sortedOrder } from "./sorted-order.ts";
import { startCentres } from "./starts.ts";
import { transferPoints } from "./transfer.ts";

export const DEFAULT_RESTARTS = 10;
/** A start must beat the best so far by this part: sums that differ by rounding are the same partition. */
const BETTER_MIN = 1e-12;

export interface KmeansOptions {
  readonly seed: number | string;
  /** Starts, each with k-means++ centres of its own; the smallest total within-cluster sum of squares wins. Default 10. */
  readonly restarts?: number;
}

/**
 * k-means: Lloyd's algorithm from several k-means++ starts, each run until its centres stand still, then finished by
 * single-point transfers, so that the result is a local optimum in the sense of R's default algorithm (Hartigan–Wong) as
 * well. Up to `smallRowsMax` rows ml-kmeans runs Lloyd's algorithm, above lloyd.ts does: the same steps from the same starts.
 * The order of the rows has no influence on the partition: they are sorted before they are clustered.
 * Throws UsageError for a k or number of restarts that is no positive whole number; InputError where there are fewer
 * different rows than clusters, or a value that is no number of usual size.
 */
export function kmeans(
  rows: Rows,
  k: number,
  options: KmeansOptions,
  smallRowsMax: number = CLUSTER_LIMITS.smallRowsMax,
): Partition {
  const restarts = options.restarts ?? DEFAULT_RESTARTS;
  check(rows, k, restarts);
  const given = pointsOf(rows);
  const order = sortedOrder(given);
  const points = reordered(given, order);
  const run = points.count > smallRowsMax ? lloyd : smallLloyd(points);

  // One for all starts: a start needs one number for each point twice, and never both at a time.
  const scratch = new Float64Array(points.count);

  let best: { clusters: Clusters; assignment: Uint8Array } | null = null;
  // What the transfers made the best partition from. Most starts end there again, and nothing new would come of it.
  let known: Uint8Array | null = null;
  // One cluster is the same from every start.
  for (let start = 0; start < (k === 1 ? 1 : restarts); start++) {
    const random = Random.from(options.seed).fork("k-means").fork(`start ${start}`);
    const assignment =
      k === 1
        ? new Uint8Array(points.count)
        : run(points, startCentres(points, k, random, scratch), k, scratch);
    if (known !== null && samePartition(known, assignment, k)) continue;
    const stood = assignment.slice();
    transferPoints(points, assignment, k);
    const clusters = clustersOf(points, assignment, k);
    const limit = (best?.clusters.totalWithinss ?? Infinity) * (1 - BETTER_MIN);
    if (best !== null && clusters.totalWithinss >= limit) continue;
    best = { clusters, assignment };
    known = stood;
  }

  const { names, ...found } = best!.clusters;
  const assignment = new Array<number>(rows.length);
  for (let place = 0; place < order.length; place++)
    assignment[order[place]!] = names[best!.assignment[place]!]!;
  return { ...found, assignment };
}

/**
 * Lloyd's algorithm by ml-kmeans. Tolerance 0: with its own 1e-6 it stops while centres may still move. It wants rows, and
 * gets them once for all starts.
 */
function smallLloyd({ count, width, values }: Points): typeof lloyd {
  const rows = Array.from({ length: count }, (_, i) =>
    Array.from(values.subarray(i * width, (i + 1) * width)),
  );
  return (_, starts, k) => {
    const initialization = Array.from({ length: k }, (_, c) =>
      Array.from(starts.subarray(c * width, (c + 1) * width)),
    );
    const { clusters } = mlKmeans(rows, k, {
      initialization,
      tolerance: 0,
      maxIterations: CLUSTER_LIMITS.lloydStepsMax,
    });
    return Uint8Array.from(clusters);
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
  if (!rows.every((row) => row.every((value) => Math.abs(value) <= CLUSTER_LIMITS.valueMax)))
    throw new InputError(
      `a value to cluster is no number between -${CLUSTER_LIMITS.valueMax} and ${CLUSTER_LIMITS.valueMax}`,
    );
  const distinct = distinctRows(rows, k);
  if (distinct < k)
    throw new InputError(
      `${k} clusters need ${k} different observations, and there ${distinct === 1 ? "is" : "are"} ${distinct}`,
      { mend: "train on more traffic, or ask for fewer clusters" },
    );
}
