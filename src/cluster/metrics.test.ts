import test from "ava";
import fc from "fast-check";
import { Random } from "../base/random.ts";
import { blobs } from "./blobs-fixture.ts";
import { adjustedRand, daviesBouldin, purity, sumsOfSquares } from "./metrics.ts";
import { silhouette } from "./silhouette.ts";

const near = (a: number | null, b: number) => a !== null && Math.abs(a - b) < 1e-12;

/** Two pairs on a line; the values are worked out by hand. */
const pairs = [[0], [1], [10], [11]];
const twoPairs = [0, 0, 1, 1];

test("the silhouette of two pairs on a line", (t) => {
  const found = silhouette(pairs, twoPairs);
  // 0: a = 1, b = 10.5. 1: a = 1, b = 9.5.
  const [outer, inner] = [9.5 / 10.5, 8.5 / 9.5];
  t.deepEqual(found.rows, [0, 1, 2, 3]);
  for (const [i, value] of [outer, inner, inner, outer].entries())
    t.true(near(found.values[i]!, value));
  t.true(near(found.mean, (outer + inner) / 2));
});

test("a point alone in its cluster has silhouette 0, and one cluster has none", (t) => {
  t.deepEqual(silhouette([[0], [1], [9]], [0, 0, 1]).values[2], 0);
  t.is(silhouette(pairs, [0, 0, 0, 0]).mean, null);
  t.is(silhouette([[1], [1]], [0, 1]).mean, 0);
});

test("above a number of points the silhouette is that of a sample, always the same", (t) => {
  const { rows, truth } = blobs(
    Random.from(1),
    [
      [0, 0],
      [5, 5],
    ],
    1000,
    1,
  );
  const whole = silhouette(rows, truth);
  const sample = silhouette(rows, truth, 400);
  t.is(sample.values.length, 400);
  t.deepEqual(sample, silhouette(rows, truth, 400));
  t.true(Math.abs(whole.mean! - sample.mean!) < 0.02);
});

test("the Davies-Bouldin index by hand, and scikit-learn's documented example", (t) => {
  t.true(near(daviesBouldin(pairs, twoPairs), 0.1));
  const rows = [
    [0, 1],
    [1, 1],
    [3, 4],
  ];
  t.true(near(daviesBouldin(rows, [0, 0, 1]), 0.5 / Math.sqrt(2.5 ** 2 + 3 ** 2)));
  t.is(daviesBouldin(rows, [0, 0, 0]), null);
  t.is(daviesBouldin([[1], [1]], [0, 1]), 0);
});

test("purity counts each cluster's most frequent label", (t) => {
  t.is(purity([0, 0, 0, 1, 1], ["a", "a", "b", "b", "b"]), 4 / 5);
  t.is(purity([0, 0, 1, null], ["a", null, "b", "a"]), 1);
  t.is(purity([0, 0], [null, null]), null);
});

const rand = test.macro({
  exec: (t, a: number[], b: number[], expected: number) =>
    t.true(near(adjustedRand(a, b), expected)),
  title: (_, a: number[], b: number[], expected: number) =>
    `the adjusted Rand index of ${a} and ${b} is ${expected.toFixed(2)}`,
});

// The examples of scikit-learn's adjusted_rand_score.
test(rand, [0, 0, 1, 1], [0, 0, 1, 1], 1);
test(rand, [0, 0, 1, 1], [1, 1, 0, 0], 1);
test(rand, [0, 0, 1, 2], [0, 0, 1, 1], 4 / 7);
test(rand, [0, 0, 1, 1], [0, 0, 1, 2], 4 / 7);
test(rand, [0, 0, 0, 0], [0, 1, 2, 3], 0);
test(rand, [0, 0, 1, 1], [0, 1, 0, 1], -0.5);
// The same partition where the formula divides by zero.
test(rand, [0, 0, 0], [5, 5, 5], 1);
test(rand, [0, 1, 2], [2, 0, 1], 1);
test(rand, [0], [7], 1);

const labels = fc.array(fc.nat(4), { minLength: 2, maxLength: 40 });

test("new names change neither purity nor the adjusted Rand index", (t) => {
  fc.assert(
    fc.property(labels, fc.infiniteStream(fc.nat(4)), (assignment, stream) => {
      const truth = assignment.map(() => String(stream.next().value));
      const renamed = assignment.map((c) => (c + 3) % 5);
      return (
        adjustedRand(renamed, truth) === adjustedRand(assignment, truth) &&
        purity(renamed, truth) === purity(assignment, truth) &&
        adjustedRand(assignment, renamed) === 1
      );
    }),
  );
  t.pass();
});

test("the adjusted Rand index of random partitions is about 0", (t) => {
  const random = Random.from(1);
  const draw = () => Array.from({ length: 5000 }, () => random.int(0, 4));
  for (let i = 0; i < 10; i++) t.true(Math.abs(adjustedRand(draw(), draw()) ?? 1) < 0.01);
});

test("within and between sums of squares add up to the total", (t) => {
  t.deepEqual(sumsOfSquares(pairs, twoPairs), { total: 101, within: 1, between: 100 });
  fc.assert(
    fc.property(labels, (assignment) => {
      const rows = assignment.map((c, i) => [c * 3 + (i % 7), (i * i) % 11]);
      const { total, within, between } = sumsOfSquares(rows, assignment);
      return Math.abs(total - within - between) < 1e-9;
    }),
  );
});
