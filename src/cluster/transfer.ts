import { CLUSTER_LIMITS } from "../base/limits.ts";
import { columnMeans, membersOf, type Rows, squaredDistance } from "./rows.ts";

/** A transfer must gain more than this part, so that rounding cannot move a point to and fro for ever. */
const GAIN_MIN = 1e-12;

/**
 * Moves single points between clusters as long as that makes the within-cluster sum of squares smaller (Hartigan and
 * Wong, Applied Statistics 28, 1979: the condition of the optimal-transfer stage). A point x of cluster a (n points, centre c)
 * goes to b when n_b/(n_b+1) |x - c_b|^2 < n_a/(n_a-1) |x - c_a|^2. Lloyd's algorithm, which ml-kmeans runs, stops
 * sooner: it compares bare distances. Cannot leave a cluster empty, and fills one that is. Returns another assignment.
 */
export function transferPoints(rows: Rows, assignment: readonly number[], k: number): number[] {
  const result = [...assignment];
  for (let sweep = 0; sweep < CLUSTER_LIMITS.transferSweepsMax; sweep++) {
    const members = membersOf(rows, result, k);
    const sizes = members.map((m) => m.length);
    // Recomputed for each sweep, so that the small errors of the updates below do not add up.
    const centres = members.map(columnMeans);
    let moved = false;
    for (const [i, row] of rows.entries()) {
      const from = result[i]!;
      const size = sizes[from]!;
      if (size < 2) continue;
      const stay = (size / (size - 1)) * squaredDistance(row, centres[from]!);
      let to = from;
      let least = stay * (1 - GAIN_MIN);
      for (let c = 0; c < k; c++) {
        if (c === from) continue;
        const cost =
          sizes[c] === 0 ? 0 : (sizes[c]! / (sizes[c]! + 1)) * squaredDistance(row, centres[c]!);
        if (cost < least) {
          least = cost;
          to = c;
        }
      }
      if (to === from) continue;
      moved = true;
      result[i] = to;
      centres[from] = centres[from]!.map((c, j) => c + (c - row[j]!) / (size - 1));
      const grown = sizes[to]! + 1;
      centres[to] = grown === 1 ? [...row] : centres[to]!.map((c, j) => c + (row[j]! - c) / grown);
      sizes[from] = size - 1;
      sizes[to] = grown;
    }
    if (!moved) break;
  }
  return result;
}
