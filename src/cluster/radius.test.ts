import test from "ava";
import { Random } from "../base/random.ts";
import { cutRadii, DEFAULT_RADIUS, radiiOf } from "./radius.ts";
import { columnMeans, distance } from "./rows.ts";

/** The part of new points that lies inside the radius of a cluster of `size` points, over many training sets. */
function covered(size: number, draw: () => number[]): number {
  const sets = 300;
  const draws = 100;
  let inside = 0;
  for (let i = 0; i < sets; i++) {
    const rows = Array.from({ length: size }, draw);
    const [radius] = radiiOf(
      rows,
      rows.map(() => 0),
      1,
    );
    const centre = columnMeans(rows);
    for (let j = 0; j < draws; j++) if (distance(draw(), centre) <= radius!) inside += 1;
  }
  return inside / (sets * draws);
}

const coverage = test.macro({
  exec: (t, deviations: number[]) => {
    const random = Random.from("coverage");
    for (const size of [5, 10, 20]) {
      const part = covered(size, () => deviations.map((sd) => random.normal(0, sd)));
      t.true(part >= 0.97, `${part} of ${size}`);
    }
  },
  title: (_, deviations: number[]) =>
    `at least 97 % of new points of a Gaussian with deviations ${deviations.join(", ")} are inside`,
});

test(coverage, [1]);
test(coverage, [1, 1]);
test(coverage, [1, 0.5]);
test(coverage, [1, 0.2]);
test(coverage, [3, 0.01]);
test(coverage, [1, 1, 1]);
test(coverage, [1, 0.5, 0.2, 0.1]);

test("at least 97 % are inside where the columns are log-normal as the scenario's are", (t) => {
  const random = Random.from("log-normal");
  for (const size of [10, 20]) {
    const part = covered(size, () => [
      random.logNormal(420, 90) / 90,
      random.logNormal(15, 2.6) / 2.6,
    ]);
    t.true(part >= 0.97, `${part} of ${size}`);
  }
});

test("the radius is not much larger than it has to be", (t) => {
  const random = Random.from("tight");
  const rows = Array.from({ length: 20 }, () => [random.normal(0, 1), random.normal(0, 1)]);
  const [radius] = radiiOf(
    rows,
    rows.map(() => 0),
    1,
  );
  // A ball of radius 3.03 holds 99 % of the true distribution.
  t.true(radius! > 2.5 && radius! < 4.5);
});

test("a small cluster borrows the spread of the others, and reaches to its farthest point", (t) => {
  const random = Random.from("small");
  const rows = [
    ...Array.from({ length: 20 }, () => [random.normal(0, 1), random.normal(0, 1)]),
    [20, 20],
    [21, 20],
    [50, 50],
    [50, 80],
  ];
  const assignment = [...Array<number>(20).fill(0), 1, 1, 2, 2];
  const [large, small, wide] = radiiOf(rows, assignment, 3);
  t.true(small! > 1 && small! < 100);
  t.true(large! < 5);
  t.true(wide! >= 15);
});

test("a cluster of equal points has the least radius", (t) => {
  t.deepEqual(radiiOf([[1], [1], [1], [1], [1]], [0, 0, 0, 0, 0], 1), [DEFAULT_RADIUS.min]);
  t.deepEqual(radiiOf([[1]], [0], 1), [DEFAULT_RADIUS.min]);
});

test("a benign radius ends half way to the nearest behaviour", (t) => {
  const benign = [
    { centre: [10, 0], radius: 9 },
    { centre: [0, 3], radius: 1 },
    { centre: [0, 0], radius: 1 },
  ];
  const behaviours = [{ centre: [0, 0] }, { centre: [-9, 0] }];
  t.deepEqual(cutRadii(benign, behaviours, 0.1), [5, 1, 0.1]);
  t.deepEqual(cutRadii(benign, [], 0.1), [9, 1, 1]);
});
