import { CLUSTER_LIMITS } from "../base/limits.ts";
import type { Random } from "../base/random.ts";
import { type Points, squaredDistanceAt } from "./points.ts";

/**
 * k centres to start from, one after another: greedy k-means++ (Arthur and Vassilvitskii 2007, section 6; scikit-learn and
 * ml-kmeans do the same). Each centre is a point, drawn with a probability proportional to the squared distance to the nearest
 * centre so far; of 2 + ln k draws the one that leaves the smallest sum of these distances is taken. There must be k different points. `scratch` is room for one number
 * for each point.
 */
export function startCentres(
  points: Points,
  k: number,
  random: Random,
  scratch: Float64Array,
): Float64Array {
  const { count, width, values } = points;
  const centres = new Float64Array(k * width);
  const take = (centre: number, i: number) =>
    centres.set(values.subarray(i * width, (i + 1) * width), centre * width);
  take(0, random.int(0, count - 1));
  // Squared distance of each point to the nearest centre so far.
  const nearest = scratch.fill(Infinity);
  let total = approach(points, nearest, centres, 0);
  const draws = 2 + Math.floor(Math.log(k));
  for (let c = 1; c < k; c++) {
    let best = 0;
    let least = Infinity;
    for (const i of drawn(nearest, total, draws, random)) {
      const left = sumNear(points, nearest, i);
      if (left >= least) continue;
      least = left;
      best = i;
    }
    take(c, best);
    total = approach(points, nearest, centres, c);
  }
  return centres;
}

/** Takes one more centre into `nearest`, and gives the new sum. */
function approach(
  { count, width, values }: Points,
  nearest: Float64Array,
  centres: Float64Array,
  centre: number,
): number {
  const from = centre * width;
  let total = 0;
  for (let i = 0, at = 0; i < count; i++, at += width) {
    const d = squaredDistanceAt(values, at, centres, from, width);
    if (d < nearest[i]!) nearest[i] = d;
    total += nearest[i]!;
  }
  return total;
}

/**
 * The sum that `nearest` would have with point `candidate` as one more centre. Of many points, of a part of them, evenly
 * spaced in their order: it only ranks the few draws.
 */
function sumNear({ count, width, values }: Points, nearest: Float64Array, candidate: number) {
  const stride = Math.ceil(count / CLUSTER_LIMITS.startPointsMax);
  const from = candidate * width;
  let total = 0;
  for (let i = 0; i < count; i += stride) {
    const d = squaredDistanceAt(values, i * width, values, from, width);
    total += d < nearest[i]! ? d : nearest[i]!;
  }
  return total;
}

/** `draws` points, each with probability weight / total. */
function drawn(weights: Float64Array, total: number, draws: number, random: Random): number[] {
  const marks = Array.from({ length: draws }, () => random.float() * total).sort((a, b) => a - b);
  const found: number[] = [];
  let sum = 0;
  let last = 0;
  for (let i = 0; i < weights.length && found.length < draws; i++) {
    if (weights[i] === 0) continue;
    sum += weights[i]!;
    last = i;
    while (found.length < draws && marks[found.length]! < sum) found.push(i);
  }
  // A mark at the very end can be missed by rounding.
  while (found.length < draws) found.push(last);
  return found;
}
