/** Points: one row for each observation, one number for each column. */
export type Rows = readonly Row[];
export type Row = readonly number[];

export function squaredDistance(a: Row, b: Row): number {
  let sum = 0;
  for (let j = 0; j < a.length; j++) sum += (a[j]! - b[j]!) ** 2;
  return sum;
}

export function distance(a: Row, b: Row): number {
  return Math.sqrt(squaredDistance(a, b));
}

/** By the first column, then the second, and so on. */
export function compareRows(a: Row, b: Row): number {
  for (let j = 0; j < a.length; j++) if (a[j] !== b[j]) return a[j]! - b[j]!;
  return 0;
}

/** The mean of each column. In two passes, so that the rounding of the first is taken back (as R's mean() does). */
export function columnMeans(rows: Rows): number[] {
  const width = rows[0]?.length ?? 0;
  return Array.from({ length: width }, (_, j) => {
    let sum = 0;
    for (const row of rows) sum += row[j]!;
    const first = sum / rows.length;
    let rest = 0;
    for (const row of rows) rest += row[j]! - first;
    return first + rest / rows.length;
  });
}

/** How many different rows there are, counting no further than `enough`. */
export function distinctRows(rows: Rows, enough: number): number {
  const found: Row[] = [];
  for (const row of rows) {
    if (found.length >= enough) break;
    // By distance, not by value: rows whose squared distance is 0 are one point to k-means.
    if (found.every((other) => squaredDistance(other, row) > 0)) found.push(row);
  }
  return found.length;
}

/** The rows of each cluster, by cluster index below `clusters`. */
export function membersOf(rows: Rows, assignment: readonly number[], clusters: number): Row[][] {
  const members: Row[][] = Array.from({ length: clusters }, () => []);
  for (const [i, row] of rows.entries()) members[assignment[i]!]!.push(row);
  return members;
}
