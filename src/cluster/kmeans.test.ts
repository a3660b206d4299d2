import test from "ava";
import fc from "fast-check";
import { InputError, UsageError } from "../base/errors.ts";
import { Random } from "../base/random.ts";
import { blobs } from "./blobs-fixture.ts";
import { kmeans } from "./kmeans.ts";
import { adjustedRand } from "./metrics.ts";
import { clustersOf } from "./partition.ts";
import { pointsOf } from "./points.ts";
import { squaredDistance } from "./rows.ts";
import { transferPoints } from "./transfer.ts";

const points = fc.array(
  fc.tuple(fc.integer({ min: -20, max: 20 }), fc.integer({ min: -20, max: 20 })),
  { minLength: 6, maxLength: 40 },
);
const clusterable = points.filter((rows) => new Set(rows.map(String)).size >= 4);

test("clusters that lie apart are found, and numbered by their centres", (t) => {
  const { rows, truth } = blobs(
    Random.from(1),
    [
      [-5, 3],
      [-1, -4],
      [1, 4],
      [6, 0],
    ],
    15,
    0.5,
  );
  const found = kmeans(rows, 4, { seed: 1 });
  t.deepEqual(found.assignment, truth);
  t.deepEqual(found.sizes, [15, 15, 15, 15]);
});

test("the same seed gives the same partition, to the last digit", (t) => {
  const { rows } = blobs(Random.from(2), [[0, 0]], 200, 1);
  t.deepEqual(kmeans(rows, 5, { seed: 9 }), kmeans(rows, 5, { seed: 9 }));
});

test("more restarts never make the sum of squares worse", (t) => {
  const { rows } = blobs(Random.from(3), [[0, 0]], 120, 1);
  const totals = [1, 2, 5, 20].map(
    (restarts) => kmeans(rows, 7, { seed: 4, restarts }).totalWithinss,
  );
  t.deepEqual(
    totals,
    totals.toSorted((a, b) => b - a),
  );
});

test("the order of the rows does not change the partition", (t) => {
  fc.assert(
    fc.property(clusterable, fc.nat(), (rows, seed) => {
      const order = Random.from(seed).shuffle(rows.map((_, i) => i));
      const straight = kmeans(rows, 3, { seed: 1, restarts: 3 });
      const shuffled = kmeans(
        order.map((i) => rows[i]!),
        3,
        { seed: 1, restarts: 3 },
      );
      t.deepEqual(
        shuffled.assignment,
        order.map((i) => straight.assignment[i]),
      );
      t.deepEqual(shuffled.centres, straight.centres);
    }),
  );
});

test("another unit for all columns does not change the partition", (t) => {
  fc.assert(
    fc.property(clusterable, fc.integer({ min: -8, max: 8 }), (rows, power) => {
      const other = rows.map((row) => row.map((value) => value * 2 ** power));
      t.deepEqual(
        kmeans(other, 3, { seed: 1, restarts: 3 }).assignment,
        kmeans(rows, 3, { seed: 1, restarts: 3 }).assignment,
      );
    }),
  );
});

test("no cluster is empty, each point is with its nearest centre, and no transfer of one point helps", (t) => {
  fc.assert(
    fc.property(clusterable, fc.integer({ min: 1, max: 4 }), fc.nat(), (rows, k, seed) => {
      const { assignment, centres, sizes, totalWithinss } = kmeans(rows, k, { seed, restarts: 1 });
      t.true(sizes.every((size) => size > 0));
      for (const [i, row] of rows.entries()) {
        const own = squaredDistance(row, centres[assignment[i]!]!);
        t.true(centres.every((centre) => squaredDistance(row, centre) >= own - 1e-9));
        if (sizes[assignment[i]!] === 1) continue;
        for (let c = 0; c < k; c++) {
          const moved = assignment.with(i, c);
          t.true(clustersOf(pointsOf(rows), moved, k).totalWithinss >= totalWithinss - 1e-9);
        }
      }
    }),
  );
});

test("single-point transfers improve on where Lloyd's algorithm stops", (t) => {
  // Centres 1 and 5.5: 3 is nearer to the first, so that bare distances leave it there. Moved, it costs less.
  const rows = [[0], [0], [3], [5.5]];
  const lloyd = [0, 0, 0, 1];
  t.is(clustersOf(pointsOf(rows), lloyd, 2).totalWithinss, 6);
  const moved = Uint8Array.from(lloyd);
  transferPoints(pointsOf(rows), moved, 2);
  t.deepEqual([...moved], [0, 0, 1, 1]);
  t.is(clustersOf(pointsOf(rows), moved, 2).totalWithinss, 3.125);
});

test("an empty cluster is filled", (t) => {
  const rows = [[0], [1], [9]];
  const filled = new Uint8Array(3);
  transferPoints(pointsOf(rows), filled, 2);
  t.deepEqual(clustersOf(pointsOf(rows), filled, 2).sizes, [2, 1]);
});

test("too few different observations are an input error that says how many there are", (t) => {
  const rows = [
    [1, 1],
    [1, 1],
    [2, 2],
  ];
  t.throws(() => kmeans(rows, 3, { seed: 1 }), {
    instanceOf: InputError,
    message: "3 clusters need 3 different observations, and there are 2",
  });
  t.throws(() => kmeans([], 1, { seed: 1 }), { instanceOf: InputError });
  t.deepEqual(kmeans(rows, 2, { seed: 1 }).assignment, [0, 0, 1]);
});

test("a number of clusters or restarts that cannot be is a usage error", (t) => {
  for (const k of [0, -1, 1.5, Number.NaN, 257])
    t.throws(() => kmeans([[1]], k, { seed: 1 }), { instanceOf: UsageError });
  t.throws(() => kmeans([[1]], 1, { seed: 1, restarts: 0 }), { instanceOf: UsageError });
});

test("values beyond what can be squared are an input error", (t) => {
  for (const value of [Number.NaN, Infinity, 1e200])
    t.throws(() => kmeans([[1], [value]], 1, { seed: 1 }), { instanceOf: InputError });
});

test("a thousand points in four clusters get their truth back", (t) => {
  const { rows, truth } = blobs(
    Random.from(5),
    [
      [0, 0],
      [0, 9],
      [9, 0],
      [9, 9],
    ],
    250,
    1,
  );
  t.true((adjustedRand(kmeans(rows, 4, { seed: 1 }).assignment, truth) ?? 0) > 0.99);
});
