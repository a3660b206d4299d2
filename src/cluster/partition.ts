import { type Points, squaredDistanceAt } from "./points.ts";
import { compareRows } from "./rows.ts";

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

/** A partition without its assignment: `names[was]` is the canonical number of the cluster that was called `was`. */
export interface Clusters extends Omit<Partition, "assignment"> {
  readonly names: readonly number[];
}

/** Centres, sizes and sums of squares of an assignment, with the clusters in their canonical order. */
export function clustersOf(points: Points, assignment: ArrayLike<number>, k: number): Clusters {
  const { count, width, values } = points;
  const sizes = sizesOf(assignment, k);
  const centres = centresOf(points, assignment, sizes);
  const squares = new Float64Array(k);
  for (let i = 0, at = 0; i < count; i++, at += width) {
    const c = assignment[i]!;
    squares[c]! += squaredDistanceAt(values, at, centres, c * width, width);
  }
  const sorted = Array.from(sizes, (size, was) => ({
    was,
    size,
    centre: Array.from(centres.subarray(was * width, (was + 1) * width)),
    withinss: squares[was]!,
  })).sort((a, b) => compareRows(a.centre, b.centre));
  const names = new Array<number>(k);
  for (const [index, { was }] of sorted.entries()) names[was] = index;
  const withinss = sorted.map((cluster) => cluster.withinss);
  return {
    names,
    centres: sorted.map(({ centre }) => centre),
    sizes: sorted.map(({ size }) => size),
    withinss,
    totalWithinss: withinss.reduce((a, b) => a + b, 0),
  };
}

export function sizesOf(assignment: ArrayLike<number>, k: number): Uint32Array {
  const sizes = new Uint32Array(k);
  for (let i = 0; i < assignment.length; i++) sizes[assignment[i]!]! += 1;
  return sizes;
}

/**
 * The mean of each cluster, one after another; that of an empty one is NaN. In two passes, so that the rounding of the first is taken
 * back (as R's mean() does).
 */
export function centresOf(
  points: Points,
  assignment: ArrayLike<number>,
  sizes: Uint32Array,
): Float64Array {
  const { count, width, values } = points;
  const centres = new Float64Array(sizes.length * width);
  const sums = new Float64Array(centres.length);
  for (let pass = 0; pass < 2; pass++) {
    sums.fill(0);
    for (let i = 0, at = 0; i < count; i++, at += width) {
      const from = assignment[i]! * width;
      for (let j = 0; j < width; j++) sums[from + j]! += values[at + j]! - centres[from + j]!;
    }
    for (let c = 0, at = 0; c < sizes.length; c++)
      for (let j = 0; j < width; j++, at++) centres[at]! += sums[at]! / sizes[c]!;
  }
  return centres;
}

/** Whether two assignments of the same points differ in the names of the clusters at most. */
export function samePartition(a: Uint8Array, b: Uint8Array, k: number): boolean {
  const nameInB = new Int16Array(k).fill(-1);
  const taken = new Uint8Array(k);
  for (let i = 0; i < a.length; i++) {
    const name = nameInB[a[i]!]!;
    if (name === b[i]) continue;
    if (name !== -1 || taken[b[i]!] === 1) return false;
    nameInB[a[i]!] = b[i]!;
    taken[b[i]!] = 1;
  }
  return true;
}
