import test from "ava";
import { InputError } from "../base/errors.ts";
import { judge } from "./judge.ts";
import type { Verdict } from "./judgement.ts";
import type { Model } from "./model.ts";
import { observation } from "./observations-fixture.ts";

/** Raw values are standardised ones here: a behaviour at (0, 10), one at (10, 10), a benign centre at (0, 20). */
const model: Model = {
  format: "isoreplay-model",
  version: 1,
  columns: ["response_bytes_mean", "php_requests"],
  scale: { center: [0, 0], scale: [1, 1] },
  clusters: [
    { label: "theft", centre: [0, 10], size: 9, radius: 6, withinss: 1 },
    { label: "shutdown", centre: [10, 10], size: 9, radius: 2, withinss: 1 },
  ],
  benign: [{ label: "benign-1", centre: [0, 20], size: 9, radius: 6 }],
  training: {
    observations: 18,
    benign: 9,
    hash: "0".repeat(64),
    previous: null,
    seed: 1,
    restarts: 10,
    k: 2,
    radius: { coverage: 0.99, min: 0.1 },
  },
};

const judged = test.macro({
  exec: (t, bytes: number, requests: number, verdict: Verdict, label: string) => {
    const judgement = judge(model, observation(bytes, requests));
    t.is(judgement.verdict, verdict);
    t.is(judgement.label, label);
  },
  title: (_, bytes: number, requests: number, verdict: Verdict, label: string) =>
    `(${bytes}, ${requests}) is ${verdict}: ${label}`,
});

test(judged, 0, 10, "known", "theft");
test(judged, 0, 4, "known", "theft");
test(judged, 0, 3.999, "unknown", "theft");
test(judged, 10, 12, "known", "shutdown");
test(judged, 10, 12.001, "unknown", "shutdown");
test(judged, 0, 16, "benign", "benign-1");
test(judged, 0, 26, "benign", "benign-1");
test(judged, 500, 3, "unknown", "shutdown");
// Equally near a behaviour and a benign centre, in units of their radii: the behaviour.
test(judged, 0, 15, "known", "theft");
test(judged, 0, 15.001, "benign", "benign-1");
test(judged, 0, 0, "benign", "benign");

test("equally near two behaviours, the first of the model is the answer", (t) => {
  const [first, second] = model.clusters;
  const twins = { ...model, clusters: [first!, { ...second!, centre: [0, 10], radius: 6 }] };
  t.is(judge(twins, observation(1, 10)).label, "theft");
  const turned = { ...twins, clusters: twins.clusters.toReversed() };
  t.is(judge(turned, observation(1, 10)).label, "shutdown");
});

test("a centre that is farther but wider wins: distances count in units of the radius", (t) => {
  t.is(judge(model, observation(5.9, 10)).label, "theft");
});

test("the distances are to every centre, the nearest first", (t) => {
  t.deepEqual(judge(model, observation(10, 10)).distances, [
    { label: "shutdown", distance: 0, radius: 2 },
    { label: "theft", distance: 10, radius: 6 },
    { label: "benign-1", distance: Math.sqrt(200), radius: 6 },
  ]);
});

test("the reason is a sentence with the numbers that decided", (t) => {
  const reason = (bytes: number, requests: number) =>
    judge(model, observation(bytes, requests)).reason;
  t.is(
    reason(1, 10),
    "It is 1 away from theft, within the radius of 6; the nearest benign centre, benign-1, is 10 away with a radius of 6.",
  );
  t.is(
    reason(0, 19.5),
    "It is 0.5 away from benign-1, within the radius of 6; the nearest behaviour, theft, is 9.5 away with a radius of 6.",
  );
  t.is(
    reason(30, 10),
    "It is outside the radius of every centre: shutdown is 20 away with a radius of 2, theft is 30 away with a radius of 6.",
  );
  t.is(reason(0, 0), "It sent no *.php request, in which alone a behaviour could be seen.");
  t.is(
    judge({ ...model, benign: [] }, observation(1, 10)).reason,
    "It is 1 away from theft, within the radius of 6.",
  );
});

test("an observation without the model's columns is refused", (t) => {
  const bare = { ...observation(1, 1), values: { php_requests: 1 } };
  t.throws(() => judge(model, bare), {
    instanceOf: InputError,
    message: "an observation of 10.0.0.5 has no column response_bytes_mean",
  });
  t.throws(() => judge(model, observation(Number.NaN, 1)), { instanceOf: InputError });
});
