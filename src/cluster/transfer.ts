import { CLUSTER_LIMITS } from "../base/limits.ts";
import { centresOf, sizesOf } from "./partition.ts";
import { type Points, squaredDistanceAt } from "./points.ts";

/** A transfer must gain more than this part, so that rounding cannot move a point to and fro for ever. */
const GAIN_MIN = 1e-12;

/**
 * Moves single points between clusters as long as that makes the within-cluster sum of squares smaller (Hartigan and
 * Wong, Applied Statistics 28, 1979: the condition of the optimal-transfer stage). A point x of cluster a (n points, centre c)
 * goes to b when n_b/(n_b+1) |x - c_b|^2 < n_a/(n_a-1) |x - c_a|^2. Lloyd's algorithm stops sooner: it compares bare
 * distances. Cannot leave a cluster empty, and fills one that is. Changes the assignment.
 */
export function transferPoints(points: Points, assignment: Uint8Array, k: number): void {
  const { count, width, values } = points;
  const sizes = sizesOf(assignment, k);
  // What a point costs its cluster when it stays, and would cost another when it came.
  const staying = new Float64Array(k);
  const joining = new Float64Array(k);
  const weigh = (c: number) => {
    const size = sizes[c]!;
    // A point that is alone stays.
    staying[c] = size < 2 ? 0 : (size / (size - 1)) * (1 - GAIN_MIN);
    joining[c] = size / (size + 1);
  };
  for (let c = 0; c < k; c++) weigh(c);
  for (let sweep = 0; sweep < CLUSTER_LIMITS.transferSweepsMax; sweep++) {
    // Recomputed for each sweep, so that the small errors of the updates below do not add up.
    const centres = centresOf(points, assignment, sizes);
    let moved = false;
    for (let i = 0, at = 0; i < count; i++, at += width) {
      const from = assignment[i]!;
      let to = from;
      let least = staying[from]! * squaredDistanceAt(values, at, centres, from * width, width);
      for (let c = 0; c < k; c++) {
        if (c === from) continue;
        const weight = joining[c]!;
        const cost =
          weight === 0 ? 0 : weight * squaredDistanceAt(values, at, centres, c * width, width);
        if (cost < least) {
          least = cost;
          to = c;
        }
      }
      if (to === from) continue;
      moved = true;
      assignment[i] = to;
      const left = sizes[from]! - 1;
      const grown = sizes[to]! + 1;
      for (let j = 0; j < width; j++) {
        const value = values[at + j]!;
        const old = centres[from * width + j]!;
        centres[from * width + j] = old + (old - value) / left;
        const other = centres[to * width + j]!;
        centres[to * width + j] = grown === 1 ? value : other + (value - other) / grown;
      }
      sizes[from] = left;
      sizes[to] = grown;
      weigh(from);
      weigh(to);
    }
    if (!moved) break;
  }
}
