import { readFile } from "node:fs/promises";
import test from "ava";
import { z } from "zod";
import { kmeans } from "./kmeans.ts";
import { adjustedRand, sumsOfSquares } from "./metrics.ts";
import { fitScale, standardise } from "./scale.ts";

const file = new URL("../../datasets/r-kmeans/r-kmeans.json", import.meta.url);
const golden = z
  .object({
    data: z.array(z.array(z.number())),
    scaled_center: z.array(z.number()),
    scaled_scale: z.array(z.number()),
    centers: z.array(z.array(z.number())),
    size: z.array(z.number()),
    withinss: z.array(z.number()),
    tot_withinss: z.number(),
    totss: z.number(),
    betweenss: z.number(),
    cluster: z.array(z.number()),
  })
  .parse(JSON.parse(await readFile(file, "utf8")));
const scale = fitScale(golden.data);
const rows = golden.data.map((row) => standardise(scale, row));

const far = (a: readonly number[], b: readonly number[]) =>
  Math.max(...a.map((value, i) => Math.abs(value - b[i]!)));

test("the centre and scale of the columns are those of R's scale()", (t) => {
  t.true(far(scale.center, golden.scaled_center) < 1e-12);
  t.true(far(scale.scale, golden.scaled_scale) < 1e-12);
});

test("the clusters, centres and sums of squares are those of R's kmeans(), whatever the seed", (t) => {
  for (const seed of [1, 2, "three", 4, 5]) {
    const found = kmeans(rows, 3, { seed });
    t.is(adjustedRand(found.assignment, golden.cluster), 1);
    t.true(Math.abs(found.totalWithinss - golden.tot_withinss) < 1e-9);
    for (const [i, centre] of found.centres.entries()) {
      const theirs = golden.cluster[found.assignment.indexOf(i)]! - 1;
      t.true(far(centre, golden.centers[theirs]!) < 1e-9);
      t.true(Math.abs(found.withinss[i]! - golden.withinss[theirs]!) < 1e-9);
      t.is(found.sizes[i], golden.size[theirs]);
    }
  }
});

test("total and between sums of squares are R's totss and betweenss", (t) => {
  const sums = sumsOfSquares(
    rows,
    golden.cluster.map((cluster) => cluster - 1),
  );
  t.true(Math.abs(sums.total - golden.totss) < 1e-9);
  t.true(Math.abs(sums.between - golden.betweenss) < 1e-9);
  t.true(Math.abs(sums.within - golden.tot_withinss) < 1e-9);
});
