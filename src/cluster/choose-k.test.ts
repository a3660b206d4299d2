import test from "ava";
import { Random } from "../base/random.ts";
import { blobs } from "./blobs-fixture.ts";
import { chooseK } from "./choose-k.ts";
import { adjustedRand } from "./metrics.ts";

const grid = [
  [0, 0],
  [0, 8],
  [8, 0],
  [8, 8],
];

test("the silhouette finds how many clusters there are", (t) => {
  for (const clusters of [2, 3, 4]) {
    const { rows } = blobs(Random.from(clusters), grid.slice(0, clusters), 20, 0.8);
    const choice = chooseK(rows, { seed: 1 });
    t.is(choice.k, clusters);
    t.is(choice.partition.sizes.length, clusters);
    t.deepEqual(
      choice.scores.map((score) => score.k),
      [2, 3, 4, 5, 6, 7, 8, 9, 10],
    );
  }
});

test("the range can be given", (t) => {
  const { rows } = blobs(Random.from(1), grid, 20, 0.8);
  t.is(chooseK(rows, { seed: 1, kMin: 2, kMax: 3 }).scores.length, 2);
});

test("where there is nothing to tell apart there is one cluster", (t) => {
  t.is(chooseK([[1, 2]], { seed: 1 }).k, 1);
  t.is(chooseK([[1], [2]], { seed: 1 }).k, 1);
  t.is(chooseK(Array(9).fill([1, 2]), { seed: 1 }).k, 1);
  // In many dimensions all points are about equally far from each other.
  const { rows } = blobs(Random.from(1), [Array<number>(40).fill(0)], 30, 1);
  t.is(chooseK(rows, { seed: 1 }).k, 1);
});

test("of many rows a sample chooses, and all are clustered", (t) => {
  const { rows, truth } = blobs(Random.from(1), grid.slice(0, 3), 2000, 0.8);
  const choice = chooseK(rows, { seed: 1, kMax: 5, restarts: 2 });
  t.is(choice.k, 3);
  t.is(adjustedRand(choice.partition.assignment, truth), 1);
});
