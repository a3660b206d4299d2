import test from "ava";
import { InputError, UsageError } from "../base/errors.ts";
import { Random } from "../base/random.ts";
import { fit as train } from "./fit.ts";
import { judge } from "./judge.ts";
import { formatModel, type Model } from "./model.ts";
import {
  behaviours,
  drawBatch,
  drawObservation,
  observation,
  sites,
} from "./observations-fixture.ts";

const random = () => Random.from("training");

test("each behaviour becomes a cluster with its label", (t) => {
  const batch = drawBatch(random(), behaviours, 20);
  const { model, assignment, quality } = train({ ...batch, k: 3, seed: 1 });
  t.deepEqual(model.clusters.map((c) => c.label).toSorted(), [
    "cookie-theft",
    "homepage-set",
    "os-shutdown",
  ]);
  t.is(assignment.length, 60);
  t.true(quality.purity! > 0.9);
  t.true(quality.ari! > 0.8);
  t.true(quality.silhouette! > 0.5);
  t.true(quality.daviesBouldin! < 0.8);
});

test("without labels the clusters are numbered, and there is nothing to compare with", (t) => {
  const { observations } = drawBatch(random(), behaviours, 20);
  const { model, quality } = train({ observations, k: 3, seed: 1 });
  t.deepEqual(
    model.clusters.map((c) => c.label),
    ["cluster-1", "cluster-2", "cluster-3"],
  );
  t.is(quality.purity, null);
  t.is(quality.ari, null);
});

test("two clusters of one behaviour carry one label", (t) => {
  const observations = [1, 2, 3, 50, 51, 52].map((n) => observation(100 * n, n));
  const labels = ["a", "a", null, null, "a", "b"];
  const { model } = train({ observations, labels, k: 2, seed: 1 });
  t.deepEqual(
    model.clusters.map((c) => c.label),
    ["a", "a"],
  );
});

test("the number of clusters can be left to the silhouette", (t) => {
  const batch = drawBatch(random(), behaviours, 20);
  const { model } = train({ ...batch, k: "silhouette", seed: 1 });
  t.is(model.clusters.length, 3);
  t.is(model.training.k, "silhouette");
});

test("the same observations in another order give the same model, to the byte", (t) => {
  const batch = drawBatch(random(), behaviours, 20);
  const benign = drawBatch(random(), sites, 6).observations;
  const order = random().shuffle(batch.labels.map((_, i) => i));
  const straight = train({ ...batch, benign, k: 3, seed: 1 });
  const shuffled = train({
    observations: order.map((i) => batch.observations[i]!),
    labels: order.map((i) => batch.labels[i]!),
    benign: random().shuffle(benign),
    k: 3,
    seed: 1,
  });
  t.is(formatModel(shuffled.model), formatModel(straight.model));
  t.deepEqual(
    shuffled.assignment,
    order.map((i) => straight.assignment[i]!),
  );
});

test("an observation without *.php request is left out", (t) => {
  const batch = drawBatch(random(), behaviours, 5);
  const { model, assignment } = train({
    observations: [observation(0, 0), ...batch.observations],
    labels: ["cookie-theft", ...batch.labels],
    benign: [observation(0, 0)],
    k: 3,
    seed: 1,
  });
  t.is(assignment[0], null);
  t.is(model.training.observations, 15);
  t.deepEqual(model.benign, []);
  t.throws(() => train({ observations: [observation(0, 0)], k: 1, seed: 1 }), {
    instanceOf: InputError,
    message: "no observation of a bot has a *.php request: there is nothing to learn",
  });
});

test("benign observations become centres of their own, on the same scale", (t) => {
  const batch = drawBatch(random(), behaviours, 20);
  const benign = drawBatch(random(), sites, 10).observations;
  const { model } = train({ ...batch, benign, k: 3, seed: 1 });
  t.true(model.benign.length >= 1);
  t.is(
    model.benign.reduce((sum, centre) => sum + centre.size, 0),
    20,
  );
  t.is(model.benign[0]?.label, "benign-1");
  t.is(model.training.benign, 20);
});

test("options that cannot be and values that are missing are refused", (t) => {
  const { observations } = drawBatch(random(), behaviours, 5);
  const options = { observations, k: 3, seed: 1 };
  t.throws(() => train({ ...options, columns: ["nonsense"] }), { instanceOf: UsageError });
  t.throws(() => train({ ...options, columns: [] }), { instanceOf: UsageError });
  t.throws(() => train({ ...options, columns: ["requests"] }), {
    instanceOf: InputError,
    message: "an observation of 10.0.0.5 has no column requests",
  });
  t.throws(() => train({ ...options, radius: { coverage: 1 } }), { instanceOf: UsageError });
  t.throws(() => train({ ...options, radius: { min: 0 } }), { instanceOf: UsageError });
  t.throws(() => train({ ...options, labels: ["a"] }), {
    instanceOf: InputError,
    message: "1 labels for 15 observations",
  });
  t.throws(() => train({ ...options, k: 16 }), { instanceOf: InputError });
});

/** Verdicts on 100 new observations of a kind, for each of ten models. */
function verdicts(models: readonly Model[], kind: (typeof behaviours)[number]) {
  const draws = Random.from(kind.label);
  const judged = models.flatMap((model) =>
    Array.from({ length: 100 }, () => judge(model, drawObservation(draws, kind))),
  );
  const part = (verdict: string, label?: string) =>
    judged.filter((j) => j.verdict === verdict && (label ?? j.label) === j.label).length /
    judged.length;
  return part;
}

const models = Array.from({ length: 10 }, (_, i) => {
  const draws = Random.from(`model ${i}`);
  const batch = drawBatch(draws, behaviours, 20);
  const benign = drawBatch(draws, sites, 5).observations;
  return train({ ...batch, benign, k: 3, seed: i }).model;
});

for (const kind of behaviours) {
  test(`a new bot with ${kind.label} is known by that name`, (t) => {
    const part = verdicts(models, kind);
    t.true(part("known") >= 0.96, `${part("known")}`);
    t.true(part("known", kind.label) >= 0.9, `${part("known", kind.label)}`);
    t.true(part("benign") < 0.01);
  });
}

for (const kind of sites) {
  test(`a visit to the ${kind.label} is benign, or at worst unknown`, (t) => {
    const part = verdicts(models, kind);
    t.is(part("known"), 0);
    t.true(part("benign") >= 0.85, `${part("benign")}`);
  });
}

test("a behaviour that was never seen is unknown", (t) => {
  const part = verdicts(models, { label: "new", bytes: [2400, 300], requests: [25, 3] });
  t.true(part("unknown") > 0.99, `${part("unknown")}`);
});
