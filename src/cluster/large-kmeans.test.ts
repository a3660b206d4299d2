import test from "ava";
import fc from "fast-check";
import { Random } from "../base/random.ts";
import { blobs } from "./blobs-fixture.ts";
import { kmeans } from "./kmeans.ts";
import { lloyd } from "./lloyd.ts";
import { samePartition } from "./partition.ts";
import { type Points, pointsOf, squaredDistanceAt } from "./points.ts";
import { compareRows, type Rows } from "./rows.ts";
import { sortedOrder } from "./sorted-order.ts";
import { startCentres } from "./starts.ts";

/** Everything above 0 rows is large. */
const ALL_LARGE = 0;

const coordinate = fc.integer({ min: -20, max: 20 });
const points = fc
  .array(fc.tuple(coordinate, coordinate), { minLength: 6, maxLength: 60 })
  .filter((rows) => new Set(rows.map(String)).size >= 5);

/** Gaussians that may overlap, in one to four columns. */
const clouds = fc
  .record({
    seed: fc.nat(),
    width: fc.integer({ min: 1, max: 4 }),
    count: fc.integer({ min: 1, max: 4 }),
  })
  .map(({ seed, width, count }) => {
    const random = Random.from(seed);
    const centres = Array.from({ length: count }, () =>
      Array.from({ length: width }, () => random.uniform(-4, 4)),
    );
    return random.shuffle(blobs(random, centres, 100, 1).rows);
  });

function agree(rows: Rows, k: number, seed: number): boolean {
  const small = kmeans(rows, k, { seed, restarts: 4 }, Infinity);
  const large = kmeans(rows, k, { seed, restarts: 4 }, ALL_LARGE);
  return Math.abs(large.totalWithinss - small.totalWithinss) <= 1e-9 * small.totalWithinss;
}

test("large sets are clustered as small ones are: clouds that overlap", (t) => {
  fc.assert(fc.property(clouds, fc.integer({ min: 1, max: 6 }), fc.nat(), agree), { numRuns: 60 });
  t.pass();
});

test("large sets are clustered as small ones are: whole numbers, equal rows and equal distances", (t) => {
  fc.assert(fc.property(points, fc.integer({ min: 1, max: 5 }), fc.nat(), agree));
  t.pass();
});

test("a set of 3,000 rows has the partition that ml-kmeans gives it", (t) => {
  const centres = [
    [0, 0],
    [2, 1],
    [0.5, 2.2],
  ];
  const { rows } = blobs(Random.from(1), centres, 1000, 1);
  const small = kmeans(rows, 3, { seed: 1 }, Infinity);
  const large = kmeans(rows, 3, { seed: 1 });
  t.deepEqual(large, small);
});

test("the order of many rows does not change the partition", (t) => {
  fc.assert(
    fc.property(clouds, fc.nat(), (rows, seed) => {
      const order = Random.from(seed).shuffle(rows.map((_, i) => i));
      const shuffled = order.map((i) => rows[i]!);
      const straight = kmeans(rows, 3, { seed: 1, restarts: 2 }, ALL_LARGE);
      const other = kmeans(shuffled, 3, { seed: 1, restarts: 2 }, ALL_LARGE);
      t.deepEqual(other.centres, straight.centres);
      t.deepEqual(
        other.assignment,
        order.map((i) => straight.assignment[i]),
      );
    }),
    { numRuns: 30 },
  );
});

test("rows are sorted by value, and equal ones keep their order", (t) => {
  const value = fc.oneof(
    fc.integer({ min: -3, max: 3 }),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.constant(-0),
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(value, value)), (rows) => {
      const expected = rows.map((_, i) => i).sort((a, b) => compareRows(rows[a]!, rows[b]!));
      t.deepEqual([...sortedOrder(pointsOf(rows))], expected);
    }),
  );
});

test("the centres to start from are different points of the set", (t) => {
  fc.assert(
    fc.property(points, fc.integer({ min: 1, max: 5 }), fc.nat(), (rows, k, seed) => {
      const starts = startCentres(
        pointsOf(rows),
        k,
        Random.from(seed),
        new Float64Array(rows.length),
      );
      const found = Array.from({ length: k }, (_, c) => String(starts.slice(2 * c, 2 * c + 2)));
      t.is(new Set(found).size, k);
      t.true(found.every((centre) => rows.some((row) => String(row) === centre)));
    }),
  );
});

/** Every point is asked in every step. */
function plainLloyd({ count, width, values }: Points, starts: Float64Array, k: number) {
  const centres = Float64Array.from(starts);
  const assignment = new Uint8Array(count);
  for (;;) {
    const before = assignment.slice();
    const sums = new Float64Array(k * width);
    const sizes = new Float64Array(k);
    for (let i = 0; i < count; i++) {
      const distances = Array.from({ length: k }, (_, c) =>
        squaredDistanceAt(values, i * width, centres, c * width, width),
      );
      const c = distances.indexOf(Math.min(...distances));
      assignment[i] = c;
      sizes[c]! += 1;
      for (let j = 0; j < width; j++) sums[c * width + j]! += values[i * width + j]!;
    }
    let moved = false;
    for (let at = 0; at < centres.length; at++) {
      const size = sizes[Math.floor(at / width)]!;
      if (size === 0 || centres[at] === sums[at]! / size) continue;
      centres[at] = sums[at]! / size;
      moved = true;
    }
    if (!moved || (k > 1 && before.every((c, i) => c === assignment[i]))) return assignment;
  }
}

test("the bounds leave out no point that changes its cluster", (t) => {
  fc.assert(
    fc.property(clouds, fc.integer({ min: 2, max: 8 }), fc.nat(), (rows, k, seed) => {
      const set = pointsOf(rows);
      const scratch = new Float64Array(set.count);
      const starts = startCentres(set, k, Random.from(seed), scratch);
      t.deepEqual(lloyd(set, starts, k, scratch), plainLloyd(set, starts, k));
    }),
    { numRuns: 60 },
  );
});

test("partitions are the same under other names only", (t) => {
  const same = (a: number[], b: number[]) =>
    samePartition(Uint8Array.from(a), Uint8Array.from(b), 3);
  t.true(same([0, 0, 1, 2], [2, 2, 0, 1]));
  t.true(same([1, 1], [1, 1]));
  t.false(same([0, 0, 1], [0, 1, 1]));
  t.false(same([0, 1, 2], [0, 1, 1]));
  t.false(same([0, 1, 1], [0, 1, 2]));
  t.false(same([0, 1], [1, 1]));
});
