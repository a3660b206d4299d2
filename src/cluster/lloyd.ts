import { CLUSTER_LIMITS } from "../base/limits.ts";
import { type Points, squaredDistanceAt } from "./points.ts";

/** A part of the bound that is given away, so that its rounding does not matter. */
const BOUND_KEPT = 1 - 1e-12;

/**
 * Lloyd's algorithm from these centres until they stand still, without asking every point in every step. A point whose
 * second-nearest centre is farther than the nearest by a gap keeps its cluster as long as no two centres together have moved
 * that far (the bounds of Hamerly, SDM 2010, as one number for each point). The steps are those of the plain algorithm,
 * and so is the result. Returns the cluster index of each point; a cluster without points keeps its centre. `scratch` is
 * room for one number for each point.
 */
export function lloyd(
  points: Points,
  starts: Float64Array,
  k: number,
  scratch: Float64Array,
): Uint8Array {
  const { count, width, values } = points;
  const centres = Float64Array.from(starts);
  const assignment = new Uint8Array(count);
  const askAgain = scratch.fill(-1);
  // How far any two centres together may have moved since the start.
  let moved = 0;
  const sums = new Float64Array(k * width);
  const sizes = new Float64Array(k);

  for (let round = 0; round < CLUSTER_LIMITS.lloydStepsMax; round++) {
    let changes = 0;
    for (let i = 0; i < count; i++) {
      if (askAgain[i]! > moved) continue;
      const at = i * width;
      let first = Infinity;
      let second = Infinity;
      let now = 0;
      for (let c = 0, from = 0; c < k; c++, from += width) {
        const d = squaredDistanceAt(values, at, centres, from, width);
        if (d < first) {
          second = first;
          first = d;
          now = c;
        } else if (d < second) second = d;
      }
      askAgain[i] = moved + (Math.sqrt(second) - Math.sqrt(first)) * BOUND_KEPT;
      const was = assignment[i]!;
      if (now === was) continue;
      changes++;
      assignment[i] = now;
      sizes[was]! -= 1;
      sizes[now]! += 1;
      for (let j = 0; j < width; j++) {
        sums[was * width + j]! -= values[at + j]!;
        sums[now * width + j]! += values[at + j]!;
      }
    }
    if (round === 0) sumUp(points, assignment, sums, sizes);
    else if (changes === 0) break;
    const step = moveCentres(centres, sums, sizes);
    if (step === 0) break;
    moved += step;
  }
  return assignment;
}

function sumUp(
  { count, width, values }: Points,
  assignment: Uint8Array,
  sums: Float64Array,
  sizes: Float64Array,
): void {
  sums.fill(0);
  sizes.fill(0);
  for (let i = 0; i < count; i++) {
    const c = assignment[i]!;
    sizes[c]! += 1;
    for (let j = 0; j < width; j++) sums[c * width + j]! += values[i * width + j]!;
  }
}

/** Moves each centre to the mean of its points. The distances that the two fastest moved, together. */
function moveCentres(centres: Float64Array, sums: Float64Array, sizes: Float64Array): number {
  const width = centres.length / sizes.length;
  let fastest = 0;
  let second = 0;
  for (let c = 0; c < sizes.length; c++) {
    if (sizes[c] === 0) continue;
    let squares = 0;
    for (let j = c * width; j < (c + 1) * width; j++) {
      const next = sums[j]! / sizes[c]!;
      squares += (next - centres[j]!) ** 2;
      centres[j] = next;
    }
    const step = Math.sqrt(squares);
    second = Math.max(second, Math.min(step, fastest));
    fastest = Math.max(fastest, step);
  }
  return fastest + second;
}
