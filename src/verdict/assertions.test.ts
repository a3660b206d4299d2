import test from "ava";
import { roundFixture } from "../report/results.fixture.ts";
import type { RoundResult, SuspectResult } from "../run/results.ts";
import { scenarioSchema } from "../scenario/scenario.ts";
import { assertRun, type Truth } from "./assertions.ts";

const THRESHOLDS = scenarioSchema.parse({ name: "thresholds" }).assertions;
const TRUTH: Truth = {
  behaviours: 3,
  effects: new Map([
    ["cookie-theft", "cookies-posted"],
    ["homepage-set", "homepage-set"],
    ["os-shutdown", "power-off"],
  ]),
};

/** Two rounds in which everything went well. */
function goodRounds(): RoundResult[] {
  return [1, 2].map((n) => {
    const round = roundFixture(n);
    return { ...round, suspects: round.suspects.map(good) };
  });
}

function good(suspect: SuspectResult): SuspectResult {
  const effects = suspect.effectsBefore.map((e) => ({ ...e, network: "isolation" }));
  const replay = suspect.replay && {
    ...suspect.replay,
    identical: suspect.replay.seen,
    misses: 0,
    requestsRepeated: suspect.replay.requestsRecorded,
    bytes: { ...suspect.replay.bytes, substituted: 0 },
  };
  return { ...suspect, verdict: "known", replay, effectsInIsolation: effects };
}

function verdicts(rounds: readonly RoundResult[], truth = TRUTH): Record<string, string> {
  const list = assertRun(rounds, truth, THRESHOLDS);
  return Object.fromEntries(list.map((a) => [a.name, a.verdict]));
}

/** The same rounds with something changed in each. */
function changed(change: (round: RoundResult) => Partial<RoundResult>): RoundResult[] {
  return goodRounds().map((round) => ({ ...round, ...change(round) }));
}

function suspects(change: (suspect: SuspectResult) => Partial<SuspectResult>): RoundResult[] {
  return changed((round) => ({ suspects: round.suspects.map((s) => ({ ...s, ...change(s) })) }));
}

test("a run in which everything went well passes every assertion", (t) => {
  t.deepEqual(new Set(Object.values(verdicts(goodRounds()))), new Set(["pass"]));
});

const turns = test.macro({
  exec(t, name: string, verdict: string, rounds: () => RoundResult[], truth: Truth = TRUTH) {
    t.is(verdicts(rounds(), truth)[name], verdict);
  },
  title: (given) => given ?? "",
});

const metrics = (change: Partial<RoundResult["model"]["metrics"]>) => () =>
  changed(({ model }) => ({ model: { ...model, metrics: { ...model.metrics, ...change } } }));
test(
  "clusters that overlap fail the separation",
  turns,
  "cluster separation",
  "fail",
  metrics({ silhouette: 0.2 }),
);
test(
  "clusters that are not the behaviours fail the separation",
  turns,
  "cluster separation",
  "fail",
  metrics({ ari: 0.3 }),
);
test(
  "two clusters for three behaviours fail the separation",
  turns,
  "cluster separation",
  "fail",
  () => changed(({ model }) => ({ model: { ...model, clusters: model.clusters.slice(1) } })),
);
test(
  "too few observations leave the separation open",
  turns,
  "cluster separation",
  "inconclusive",
  metrics({ silhouette: null }),
);
test(
  "without truth the separation is open",
  turns,
  "cluster separation",
  "inconclusive",
  goodRounds,
  { ...TRUTH, behaviours: null },
);

const judged =
  (behaviour: string, judgement: { verdict: "known" | "benign"; label: string }) => () =>
    changed(({ observations }) => ({
      observations: observations.map((o) => (o.behaviour === behaviour ? { ...o, judgement } : o)),
    }));
test(
  "bots taken for benign fail the judgement",
  turns,
  "judgement",
  "fail",
  judged("cookie-theft", { verdict: "benign", label: "benign" }),
);
test(
  "bots with another's name fail the judgement",
  turns,
  "judgement",
  "fail",
  judged("cookie-theft", { verdict: "known", label: "os-shutdown" }),
);
test(
  "benign hosts taken for bots fail the judgement",
  turns,
  "judgement",
  "fail",
  judged("benign", { verdict: "known", label: "os-shutdown" }),
);
test("without truth the judgement is open", turns, "judgement", "inconclusive", () =>
  changed(({ observations }) => ({
    observations: observations.map((o) => ({ ...o, behaviour: null })),
  })),
);

const contained = (change: Partial<NonNullable<RoundResult["containment"]>>) => () =>
  changed(({ containment }) => ({ containment: containment && { ...containment, ...change } }));
test(
  "one frame at the outlet fails the containment",
  turns,
  "containment",
  "fail",
  contained({ outletFrames: 1 }),
);
test(
  "one frame that a capture lost leaves the containment open",
  turns,
  "containment",
  "inconclusive",
  contained({ missedFrames: 1 }),
);
test(
  "a leak is a failure, whatever the captures lost",
  turns,
  "containment",
  "fail",
  contained({ missedFrames: 1, outletFrames: 1 }),
);
test(
  "a way out in the rules fails the containment, though nothing was seen to take it",
  turns,
  "containment",
  "fail",
  contained({ proof: { control: 2, checked: 3, waysOut: ["port 3 gets out through port 2"] } }),
);
test(
  "rules that nobody checked leave the containment open",
  turns,
  "containment",
  "inconclusive",
  contained({ proof: { control: 2, checked: 0, waysOut: [] } }),
);
test(
  "one frame from an isolated instance to another fails the containment",
  turns,
  "containment",
  "fail",
  contained({ lateralFrames: 1 }),
);
test(
  "one arrival at the canary fails the containment",
  turns,
  "containment",
  "fail",
  contained({ canary: { before: 9, after: 1 } }),
);
test(
  "one frame through the uplink after the cut fails the containment",
  turns,
  "containment",
  "fail",
  () => suspects(() => ({ framesAfterCut: 1 })),
);
test("a slow cut fails the containment", turns, "containment", "fail", () =>
  suspects(() => ({ timeToContainMs: 5000 })),
);
test(
  "a canary that never saw a suspect leaves the containment open",
  turns,
  "containment",
  "inconclusive",
  () => suspects(() => ({ canarySaw: 0 })),
);
test(
  "a probe that the control never saw leaves the containment open",
  turns,
  "containment",
  "inconclusive",
  contained({ probes: [{ kind: "arp", sent: 3, control: 0, leaked: 0 }] }),
);
test(
  "a probe that was not sent in isolation leaves the containment open",
  turns,
  "containment",
  "inconclusive",
  contained({ probes: [{ kind: "arp", sent: 0, control: 3, leaked: 0 }] }),
);
test(
  "without any isolated suspect the containment is open",
  turns,
  "containment",
  "inconclusive",
  () => suspects(() => ({ move: null })),
);

test(
  "a suspect that stays silent in isolation fails the manifestation",
  turns,
  "manifestation",
  "fail",
  () => suspects(() => ({ effectsInIsolation: [] })),
);
test("another behaviour's effect is no manifestation", turns, "manifestation", "fail", () =>
  suspects((s) => ({
    effectsInIsolation: s.effectsInIsolation.map((e) => ({ ...e, kind: "other" })),
  })),
);
test(
  "without known behaviours the same requests again are the manifestation",
  turns,
  "manifestation",
  "pass",
  () => suspects(() => ({ behaviour: null })),
);
test(
  "without known behaviours a missing request fails the manifestation",
  turns,
  "manifestation",
  "fail",
  () =>
    suspects((s) => ({
      behaviour: null,
      replay: s.replay && { ...s.replay, requestsRepeated: 1 },
    })),
);

test("an answer that nobody accounts for fails the replay", turns, "replay", "fail", () =>
  suspects((s) => ({ replay: s.replay && { ...s.replay, identical: s.replay.identical - 1 } })),
);
test("without any answer the replay is open", turns, "replay", "inconclusive", () =>
  suspects(() => ({ replay: null })),
);

const fed = (change: Partial<NonNullable<RoundResult["feedback"]>>) => () =>
  changed(({ feedback }) => ({ feedback: feedback && { ...feedback, ...change } }));
test(
  "a model that got worse fails the feedback",
  turns,
  "feedback",
  "fail",
  fed({ correctUpdated: 20 }),
);
test(
  "a model that learned nothing leaves the feedback open",
  turns,
  "feedback",
  "inconclusive",
  fed({ learned: 0 }),
);
/** Somebody was so late in each round; a pause may grow by 2.17 s. */
const lateBy = (latestMs: number, rounds: readonly RoundResult[]): RoundResult[] =>
  rounds.map((round) => {
    const who = [{ name: "vm-2", kind: "host" as const, latestMs, times: 1 }];
    return { ...round, lateness: { allowedMs: 2167, who } };
  });
const WRONG = new Map<string, () => RoundResult[]>([
  ["cluster separation", metrics({ ari: 0.3 })],
  ["judgement", judged("cookie-theft", { verdict: "benign", label: "benign" })],
  ["manifestation", () => suspects(() => ({ effectsInIsolation: [] }))],
  ["feedback", fed({ correctUpdated: 20 })],
]);
for (const [name, rounds] of WRONG) {
  test(`what is wrong fails the ${name} where nobody was too late`, (t) => {
    t.is(verdicts(lateBy(2166, rounds()))[name], "fail");
  });
  test(`what is wrong leaves the ${name} open where a host was too late, and the host is named`, (t) => {
    const assertion = assertRun(lateBy(3100, rounds()), TRUTH, THRESHOLDS).find(
      (one) => one.name === name,
    );
    t.is(assertion?.verdict, "inconclusive");
    t.regex(
      assertion?.evidence ?? "",
      /^vm-2 was 3\.10 s late, more than the 2\.17 s .*lower --speed/,
    );
    t.is(assertion?.figures.latest_ms, 3100);
  });
}
test("what went well passes, however late a host was", (t) => {
  t.deepEqual(verdicts(lateBy(9000, goodRounds())), verdicts(goodRounds()));
});
test("being late in a later round does not excuse the clusters of the first", (t) => {
  const [first, ...later] = metrics({ ari: 0.3 })();
  const rounds = [...(first === undefined ? [] : [first]), ...lateBy(9000, later)];
  t.is(verdicts(rounds)["cluster separation"], "fail");
});
const LEAKS = new Map<string, () => RoundResult[]>([
  ["a frame at the outlet", contained({ outletFrames: 1 })],
  ["a way out in the rules", contained({ proof: { control: 2, checked: 3, waysOut: ["a way"] } })],
  ["an arrival at the canary", contained({ canary: { before: 9, after: 1 } })],
  ["a frame after the cut", () => suspects(() => ({ framesAfterCut: 1 }))],
  ["a slow cut", () => suspects(() => ({ timeToContainMs: 5000 }))],
]);
for (const [leak, rounds] of LEAKS) {
  test(`${leak} fails the containment, however late a host was`, (t) => {
    t.is(verdicts(lateBy(9000, rounds())).containment, "fail");
  });
}
test("an answer that nobody recorded fails the replay, however late a host was", (t) => {
  const rounds = suspects((s) => ({
    replay: s.replay && { ...s.replay, identical: s.replay.identical - 1 },
  }));
  t.is(verdicts(lateBy(9000, rounds)).replay, "fail");
});

test("a single round leaves the feedback open", turns, "feedback", "inconclusive", () =>
  goodRounds().slice(0, 1),
);
