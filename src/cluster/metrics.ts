import { columnMeans, distance, membersOf, type Rows, squaredDistance } from "./rows.ts";

/**
 * Davies–Bouldin index (1979): the mean over the clusters of the worst ratio (spread + spread of another) / distance of
 * their centres; spread is the mean distance to the own centre. Smaller is better, 0 the least. `null` below two clusters.
 */
export function daviesBouldin(rows: Rows, assignment: readonly number[]): number | null {
  const members = clustersOf(rows, assignment);
  if (members.length < 2) return null;
  const centres = members.map(columnMeans);
  const spreads = members.map(
    (own, c) => own.reduce((sum, row) => sum + distance(row, centres[c]!), 0) / own.length,
  );
  const worst = centres.map((centre, i) =>
    Math.max(
      ...centres.flatMap((other, j) => {
        const apart = distance(centre, other);
        // Two clusters on one centre have no ratio; left out, as scikit-learn does.
        return i === j ? [] : apart === 0 ? [0] : [(spreads[i]! + spreads[j]!) / apart];
      }),
    ),
  );
  return worst.reduce((a, b) => a + b, 0) / worst.length;
}

export interface SumsOfSquares {
  /** Around the common mean; within + between. */
  readonly total: number;
  /** Around the centre of each one's own cluster. */
  readonly within: number;
  /** Of the centres around the common mean, each counted as often as it has members. */
  readonly between: number;
}

export function sumsOfSquares(rows: Rows, assignment: readonly number[]): SumsOfSquares {
  const mean = columnMeans(rows);
  const total = rows.reduce((sum, row) => sum + squaredDistance(row, mean), 0);
  let within = 0;
  let between = 0;
  for (const members of clustersOf(rows, assignment)) {
    const centre = columnMeans(members);
    within += members.reduce((sum, row) => sum + squaredDistance(row, centre), 0);
    between += members.length * squaredDistance(centre, mean);
  }
  return { total, within, between };
}

type Label = string | number | null;

/**
 * The part of the rows that carry the most frequent label of their cluster, above 0 to 1. Rows without label are left
 * out; `null` when none has one.
 */
export function purity(
  assignment: readonly (number | null)[],
  labels: readonly Label[],
): number | null {
  const table = contingency(assignment, labels);
  if (table.rows === 0) return null;
  let pure = 0;
  for (const cells of table.cells.values()) pure += Math.max(...cells.values());
  return pure / table.rows;
}

/**
 * Adjusted Rand index (Hubert and Arabie 1985): agreement of two partitions beyond chance; 1 when they are the same up to
 * names, about 0 for random ones, negative below chance. Rows without label are left out; `null` when none has one.
 */
export function adjustedRand(
  assignment: readonly (number | null)[],
  labels: readonly Label[],
): number | null {
  const table = contingency(assignment, labels);
  if (table.rows === 0) return null;
  let both = 0;
  for (const cells of table.cells.values()) both += pairsIn(cells);
  const first = pairsIn(table.first);
  const second = pairsIn(table.second);
  const all = pairs(table.rows);
  const expected = all === 0 ? 0 : (first * second) / all;
  const most = (first + second) / 2;
  // Both put all rows together, or each row alone: the same partition, for which the formula is 0 / 0.
  return most === expected ? 1 : (both - expected) / (most - expected);
}

interface Contingency {
  readonly rows: number;
  /** How many rows have a cluster and a label: cells.get(cluster).get(label). */
  readonly cells: ReadonlyMap<number, ReadonlyMap<string | number, number>>;
  readonly first: ReadonlyMap<number, number>;
  readonly second: ReadonlyMap<string | number, number>;
}

function contingency(
  assignment: readonly (number | null)[],
  labels: readonly Label[],
): Contingency {
  const cells = new Map<number, Map<string | number, number>>();
  const first = new Map<number, number>();
  const second = new Map<string | number, number>();
  let rows = 0;
  for (const [i, cluster] of assignment.entries()) {
    const label = labels[i] ?? null;
    if (cluster === null || label === null) continue;
    rows += 1;
    const row = cells.get(cluster) ?? new Map<string | number, number>();
    cells.set(cluster, increment(row, label));
    increment(first, cluster);
    increment(second, label);
  }
  return { rows, cells, first, second };
}

function increment<K>(counts: Map<K, number>, key: K): Map<K, number> {
  return counts.set(key, (counts.get(key) ?? 0) + 1);
}

function pairs(n: number): number {
  return (n * (n - 1)) / 2;
}

function pairsIn(counts: ReadonlyMap<unknown, number>): number {
  let sum = 0;
  for (const n of counts.values()) sum += pairs(n);
  return sum;
}

/** The rows of each cluster that has any. */
function clustersOf(rows: Rows, assignment: readonly number[]) {
  const clusters = assignment.reduce((most, cluster) => Math.max(most, cluster + 1), 0);
  return membersOf(rows, assignment, clusters).filter((members) => members.length > 0);
}
