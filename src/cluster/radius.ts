import { fQuantile } from "./f-quantile.ts";
import { columnMeans, distance, membersOf, type Row, type Rows } from "./rows.ts";

export interface RadiusOptions {
  /** The part of new observations of the same kind that should be inside, 0 to 1. Default 0.99. */
  readonly coverage: number;
  /** No radius is smaller, in standardised units. Default 0.1: counts are whole numbers and cannot be nearer than that. */
  readonly min: number;
}

export const DEFAULT_RADIUS: RadiusOptions = { coverage: 0.99, min: 0.1 };

/** From this size on, a cluster's own spread decides; a smaller one borrows the spread of all clusters. */
const OWN_SPREAD_SIZE_MIN = 5;

/** How far the points of a cluster scatter. */
interface Spread {
  /** Trace of the covariance: the mean squared distance to the true centre. */
  readonly trace: number;
  /** In how many directions, in effect: tr(S)^2 / tr(S^2), from 1 (a line) to the number of columns (a ball). */
  readonly dimension: number;
  /** Points minus centres that were estimated from them. */
  readonly freedom: number;
}

/**
 * The radius of each cluster: the distance from its centre within which a new observation of the same kind lies with
 * probability `coverage`.
 *
 * For a Gaussian cluster of n points with covariance S, the squared distance of a new point to the estimated centre
 * has mean (1 + 1/n) tr(S), and is close to (1 + 1/n) tr(S) chi2(h)/h with h = tr(S)^2 / tr(S^2) (Satterthwaite: equal mean and
 * variance). tr(S) is estimated from the same n points, which makes the ratio an F(h, h (n-1)); hence
 *
 *     radius^2 = (1 + 1/n) tr(S) F_coverage(h, h (n-1)).
 *
 * This is exact for a cluster that is a line (h = 1: Student's prediction interval) and for one that is a ball (h = number
 * of columns), and between them a line of the same tr(S) has the heaviest tail (Szekely and Bakirov 2003). h is
 * estimated too, and for few points comes out too small, which errs to the wide side. The default of 0.99 leaves room
 * for what is not Gaussian: k-means cuts off the tails that reach into another cluster, and lengths of answers are skewed.
 * Simulated (radius.test.ts): at least 97 % inside for 5, 10 and 20 points, also where the cluster is an ellipse.
 *
 * A cluster of fewer than 5 points says too little of its spread (2 points: a radius of 64 deviations). It takes the
 * pooled covariance of all clusters, and reaches at least to its farthest point.
 */
export function radiiOf(
  rows: Rows,
  assignment: readonly number[],
  k: number,
  options: RadiusOptions = DEFAULT_RADIUS,
): number[] {
  const members = membersOf(rows, assignment, k);
  const pooled = spreadOf(members);
  return members.map((own) => {
    const small = own.length < OWN_SPREAD_SIZE_MIN;
    const spread = small ? pooled : spreadOf([own]);
    const radius = radiusOf(spread, own.length, options.coverage);
    const farthest = small ? farthestOf(own) : 0;
    return Math.max(radius, farthest, options.min);
  });
}

/**
 * Radii of the benign centres, cut half way to the nearest behaviour's centre: what is nearer to a behaviour than to the
 * benign centre is never benign. Benign traffic spreads widely and its reference often has few observations; whole, its
 * radius would take in behaviours that nobody has seen yet. The price: a part of the benign traffic on that side is unknown.
 */
export function cutRadii(
  benign: readonly { readonly centre: Row; readonly radius: number }[],
  behaviours: readonly { readonly centre: Row }[],
  min: number,
): number[] {
  return benign.map(({ centre, radius }) => {
    const halfway = behaviours.map((behaviour) => distance(centre, behaviour.centre) / 2);
    return Math.max(min, Math.min(radius, ...halfway));
  });
}

function radiusOf({ trace, dimension, freedom }: Spread, size: number, coverage: number): number {
  if (trace === 0) return 0;
  const quantile = fQuantile(coverage, dimension, dimension * freedom);
  return Math.sqrt((1 + 1 / size) * trace * quantile);
}

/** The pooled covariance of clusters, as far as the radius needs it. */
function spreadOf(clusters: readonly Rows[]): Spread {
  const filled = clusters.filter((rows) => rows.length > 0);
  const width = filled[0]?.[0]?.length ?? 0;
  const products = new Float64Array(width * width);
  let freedom = 0;
  for (const rows of filled) {
    const mean = columnMeans(rows);
    freedom += rows.length - 1;
    for (const row of rows)
      for (let i = 0; i < width; i++)
        for (let j = 0; j < width; j++)
          products[i * width + j]! += (row[i]! - mean[i]!) * (row[j]! - mean[j]!);
  }
  let trace = 0;
  let squares = 0;
  for (let i = 0; i < width; i++) {
    trace += products[i * width + i]!;
    for (let j = 0; j < width; j++) squares += products[i * width + j]! ** 2;
  }
  if (trace === 0 || freedom === 0) return { trace: 0, dimension: 1, freedom };
  return { trace: trace / freedom, dimension: trace ** 2 / squares, freedom };
}

function farthestOf(rows: Rows): number {
  const mean = columnMeans(rows);
  return Math.max(0, ...rows.map((row) => distance(row, mean)));
}
