import test from "ava";
import { InputError } from "../base/errors.ts";
import { Random } from "../base/random.ts";
import { fit as train } from "./fit.ts";
import { judge } from "./judge.ts";
import { formatModel } from "./model.ts";
import { behaviours, drawBatch, type Kind } from "./observations-fixture.ts";
import { batchHash, trainingHash } from "./training-set.ts";
import { update } from "./update.ts";

const fresh: Kind = { label: "screenshot", bytes: [2400, 200], requests: [25, 2] };
const first = drawBatch(Random.from("first"), behaviours, 10);
const second = drawBatch(Random.from("second"), behaviours, 10);
const { model } = train({ ...first, k: 3, seed: 1 });
const trainingSet = { batches: [first] };

test("an update is fitted on the old observations and the new ones", (t) => {
  const updated = update(model, trainingSet, second);
  t.is(updated.model.training.observations, 60);
  t.is(updated.model.clusters.length, 3);
  t.is(updated.assignment.length, 60);
  const together = train({
    observations: [...first.observations, ...second.observations],
    labels: [...first.labels, ...second.labels],
    k: 3,
    seed: 1,
  });
  t.deepEqual(updated.model.clusters, together.model.clusters);
});

test("an unknown behaviour that was learned is known afterwards", (t) => {
  const learned = drawBatch(Random.from("learned"), [fresh], 8);
  const [asked] = drawBatch(Random.from("asked"), [fresh], 1).observations;
  t.is(judge(model, asked!).verdict, "unknown");
  const updated = update(model, trainingSet, learned);
  t.is(updated.model.clusters.length, 4);
  const judgement = judge(updated.model, asked!);
  t.is(judgement.verdict, "known");
  t.is(judgement.label, "screenshot");
});

test("a model says by a chain of hashes what it learned when", (t) => {
  const once = update(model, trainingSet, second);
  t.is(model.training.previous, null);
  t.is(once.model.training.previous, model.training.hash);
  t.is(once.model.training.hash, batchHash(model.training.hash, second, model.columns));
  t.is(once.model.training.hash, trainingHash(once.trainingSet, model.columns));
  const otherWayRound = update(
    train({ ...second, k: 3, seed: 1 }).model,
    { batches: [second] },
    first,
  );
  t.not(otherWayRound.model.training.hash, once.model.training.hash);
  const twice = update(once.model, once.trainingSet, second);
  t.is(twice.model.training.previous, once.model.training.hash);
});

test("the hash follows the labels and values of the rows, not their order", (t) => {
  const hash = (batch: typeof first) => trainingHash({ batches: [batch] }, model.columns);
  const turned = {
    observations: first.observations.toReversed(),
    labels: first.labels.toReversed(),
  };
  t.is(hash(turned), hash(first));
  t.not(hash({ ...first, labels: first.labels.with(0, "other") }), hash(first));
  t.not(hash(second), hash(first));
});

test("a training set that is not the model's is refused", (t) => {
  t.throws(() => update(model, { batches: [second] }, first), {
    instanceOf: InputError,
    message: "the training set is not the one that the model was trained on",
  });
});

test("an update with nothing new keeps the clusters", (t) => {
  const { model: same } = update(model, trainingSet, { observations: [] });
  t.deepEqual(same.clusters, model.clusters);
  t.is(formatModel(same).length, formatModel(model).length + 64 - 2);
});

test("the options of an update can be others than those of the model", (t) => {
  const updated = update(model, trainingSet, second, { k: "silhouette", seed: 7 });
  t.is(updated.model.training.k, "silhouette");
  t.is(updated.model.training.seed, 7);
  t.is(update(updated.model, updated.trainingSet, first).model.training.k, "silhouette");
});
