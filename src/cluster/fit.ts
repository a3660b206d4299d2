import { InputError, UsageError } from "../base/errors.ts";
import { defaultColumns, isColumnName } from "../feature/columns.ts";
import { chooseK } from "./choose-k.ts";
import { DEFAULT_RESTARTS, kmeans } from "./kmeans.ts";
import { majorityLabels } from "./labels.ts";
import { adjustedRand, daviesBouldin, purity } from "./metrics.ts";
import type { BenignCentre, Model, ModelCluster } from "./model.ts";
import type { Partition } from "./partition.ts";
import { pointsOf } from "./points.ts";
import { cutRadii, DEFAULT_RADIUS, type RadiusOptions, radiiOf } from "./radius.ts";
import type { Rows } from "./rows.ts";
import { fitScale, standardise } from "./scale.ts";
import { silhouette } from "./silhouette.ts";
import { sortedOrder } from "./sorted-order.ts";
import {
  type TrainingBatch,
  type TrainingRows,
  type TrainingSet,
  trainingHash,
  trainingRows,
} from "./training-set.ts";

export interface FitOptions {
  /** Names of columns.ts. Default: the paper's two. */
  readonly columns?: readonly string[];
  /** The number of clusters, or the choice of it by silhouette. */
  readonly k: number | "silhouette";
  readonly seed: number | string;
  /** k-means starts. Default 10. */
  readonly restarts?: number;
  readonly radius?: Partial<RadiusOptions>;
}

export interface Quality {
  /** `null` with one cluster. */
  readonly silhouette: number | null;
  readonly daviesBouldin: number | null;
  /** Against the given labels; `null` without any. */
  readonly purity: number | null;
  readonly ari: number | null;
}

export interface Fit {
  readonly model: Model;
  /**
   * For each observation that was given, the index of its cluster in the model; `null` for one without *.php request, which
   * is left out.
   */
  readonly assignment: readonly (number | null)[];
  readonly quality: Quality;
}

/**
 * Learns a model from observations of bots. The observations are standardised, clustered by k-means, and each
 * cluster gets the label of most of its observations (or `cluster-N`) and a radius (radius.ts). Benign observations are
 * clustered on the same scale, with a number of clusters of their own by silhouette. The same observations in another
 * order give the same model, to the byte.
 * Throws InputError where there are too few different observations, UsageError for options that cannot be.
 */
export function fit(input: TrainingBatch & FitOptions): Fit {
  const { observations, labels, benign, ...options } = input;
  const batch: TrainingBatch = {
    observations,
    ...(labels === undefined ? {} : { labels }),
    ...(benign === undefined ? {} : { benign }),
  };
  return fitSet({ batches: [batch] }, options);
}

/** The same for a training set of several batches; `previous` is the hash before the last one. */
export function fitSet(set: TrainingSet, options: FitOptions, previous: string | null = null): Fit {
  const columns = [...(options.columns ?? defaultColumns)];
  const radius = { ...DEFAULT_RADIUS, ...options.radius };
  const restarts = options.restarts ?? DEFAULT_RESTARTS;
  check(columns, radius);
  const training = sorted(trainingRows(set, columns));
  if (training.rows.length === 0)
    throw new InputError("no observation of a bot has a *.php request: there is nothing to learn", {
      mend: "check the captures, and the client that is taken for the bot",
    });

  const scale = fitScale(training.rows);
  const rows = training.rows.map((row) => standardise(scale, row));
  const kmeansOptions = { seed: options.seed, restarts };
  const partition =
    options.k === "silhouette"
      ? chooseK(rows, kmeansOptions).partition
      : kmeans(rows, options.k, kmeansOptions);
  const labels = majorityLabels(partition.assignment, training.labels, partition.centres.length);
  const clusters = clustersOf(rows, partition, radius).map((cluster, i) => ({
    label: labels[i]!,
    ...cluster,
    withinss: partition.withinss[i]!,
  }));

  const model: Model = {
    format: "isoreplay-model",
    version: 1,
    columns,
    scale: { center: [...scale.center], scale: [...scale.scale] },
    clusters,
    benign: benignCentres(
      training.benign.map((row) => standardise(scale, row)),
      clusters,
      kmeansOptions,
      radius,
    ),
    training: {
      observations: rows.length,
      benign: training.benign.length,
      hash: trainingHash(set, columns),
      previous,
      seed: options.seed,
      restarts,
      k: options.k,
      radius,
    },
  };
  const { assignment } = partition;
  return {
    model,
    assignment: training.places.map((place) => (place === null ? null : assignment[place]!)),
    quality: {
      silhouette: silhouette(rows, assignment).mean,
      daviesBouldin: daviesBouldin(rows, assignment),
      purity: purity(assignment, training.labels),
      ari: adjustedRand(assignment, training.labels),
    },
  };
}

function benignCentres(
  rows: Rows,
  behaviours: readonly ModelCluster[],
  options: { readonly seed: number | string; readonly restarts: number },
  radius: RadiusOptions,
): BenignCentre[] {
  if (rows.length === 0) return [];
  const { partition } = chooseK(rows, options);
  const centres = clustersOf(rows, partition, radius);
  const radii = cutRadii(centres, behaviours, radius.min);
  return centres.map(({ centre, size }, i) => ({
    label: `benign-${i + 1}`,
    centre,
    size,
    radius: radii[i]!,
  }));
}

function clustersOf(rows: Rows, partition: Partition, options: RadiusOptions) {
  const radii = radiiOf(rows, partition.assignment, partition.centres.length, options);
  return partition.centres.map((centre, i) => ({
    centre: [...centre],
    size: partition.sizes[i]!,
    radius: radii[i]!,
  }));
}

/** The rows in an order of their own, so that no sum depends on the order in which they came, not even in its last digit. */
function sorted(training: TrainingRows): TrainingRows {
  const { rows, labels, benign, places } = training;
  // By label first: a stable sort by row keeps that order among equal rows.
  const byLabel = orderOf(labels);
  const byRow = sortedOrder(pointsOf(byLabel.map((i) => rows[i]!)));
  const order = Array.from(byRow, (place) => byLabel[place]!);
  const placeNow = new Array<number>(rows.length);
  for (const [now, was] of order.entries()) placeNow[was] = now;
  return {
    rows: order.map((i) => rows[i]!),
    labels: order.map((i) => labels[i]!),
    benign: Array.from(sortedOrder(pointsOf(benign)), (i) => benign[i]!),
    places: places.map((place) => (place === null ? null : placeNow[place]!)),
  };
}

/** Numbers of the labels, those of equal ones in their order. */
function orderOf(labels: readonly (string | null)[]): number[] {
  const places = Map.groupBy(labels.keys(), (i) => labels[i] ?? "");
  const names = [...places.keys()].sort();
  return names.flatMap((name) => places.get(name) ?? []);
}

function check(columns: readonly string[], radius: RadiusOptions): void {
  const unknown = columns.find((name) => !isColumnName(name));
  if (unknown !== undefined) throw new UsageError(`no column is named "${unknown}"`);
  if (columns.length === 0 || new Set(columns).size < columns.length)
    throw new UsageError("the columns must be one or more, each once");
  if (!(radius.coverage > 0 && radius.coverage < 1))
    throw new UsageError(`the coverage must be between 0 and 1, not ${radius.coverage}`);
  if (!(radius.min > 0 && Number.isFinite(radius.min)))
    throw new UsageError(`the least radius must be a positive number, not ${radius.min}`);
}
