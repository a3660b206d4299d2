import { readFileSync } from "node:fs";
import test from "ava";
import { kmeans } from "ml-kmeans";
import { Random } from "../base/random.ts";
import { planSession } from "../zeus/session-plan.ts";
import { parseScenario } from "./load.ts";
import type { Behaviour } from "./scenario.ts";

/** Seeds: enough to notice that a distribution was changed for the worse, few enough to be quick. */
const SEEDS = 60;
const STARTS = 10;

const file = new URL("../../scenarios/paper/scenario.yaml", import.meta.url);
const scenario = parseScenario(readFileSync(file, "utf8"), "paper");

/** x and y of one session, as the C&C plans it: what a capture without loss shows. */
function observe(behaviour: Behaviour, random: Random): [number, number] {
  const plan = planSession(
    {
      ...(behaviour.command === "user_homepage_set"
        ? { command: behaviour.command, homepage: behaviour.homepage }
        : { command: behaviour.command }),
      answerBytes: behaviour.answer_bytes,
      answerSpread: behaviour.answer_spread,
      requests: behaviour.requests,
    },
    random,
  );
  return [plan.reduce((sum, { length }) => sum + length, 0) / plan.length, plan.length];
}

function standardised(values: readonly number[]): number[] {
  const mean = values.reduce((a, b) => a + b) / values.length;
  const squares = values.reduce((sum, v) => sum + (v - mean) ** 2, 0);
  const sd = Math.sqrt(squares / (values.length - 1));
  return values.map((v) => (v - mean) / sd);
}

const pairs = (n: number) => (n * (n - 1)) / 2;

/** Hubert and Arabie 1985. */
function adjustedRand(a: readonly number[], b: readonly number[]): number {
  const counts = (keys: readonly (string | number)[]) =>
    [...Map.groupBy(keys, (key) => key).values()].reduce((sum, g) => sum + pairs(g.length), 0);
  const both = counts(a.map((x, i) => `${x} ${b[i]}`));
  const expected = (counts(a) * counts(b)) / pairs(a.length);
  return (both - expected) / ((counts(a) + counts(b)) / 2 - expected);
}

function ariOf(seed: number): number {
  const points: [number, number][] = [];
  const truth: number[] = [];
  for (const [label, [name, behaviour]] of Object.entries(scenario.behaviours).entries()) {
    for (let i = 0; i < behaviour.training_bots * behaviour.sessions_per_bot; i++) {
      points.push(observe(behaviour, Random.from(`separation/${seed}/${name}/${i}`)));
      truth.push(label);
    }
  }
  const xs = standardised(points.map(([x]) => x));
  const ys = standardised(points.map(([, y]) => y));
  const data = xs.map((x, i) => [x, ys[i] ?? 0]);
  let best = { inertia: Number.POSITIVE_INFINITY, clusters: [] as number[] };
  for (let start = 1; start <= STARTS; start++) {
    const { clusters, centroids } = kmeans(data, Object.keys(scenario.behaviours).length, {
      seed: seed * STARTS + start,
      initialization: "kmeans++",
    });
    const inertia = data.reduce((sum, [x = 0, y = 0], i) => {
      const [cx = 0, cy = 0] = centroids[clusters[i] ?? 0] ?? [];
      return sum + (x - cx) ** 2 + (y - cy) ** 2;
    }, 0);
    if (inertia < best.inertia) best = { inertia, clusters };
  }
  return adjustedRand(truth, best.clusters);
}

test("the behaviours of the paper's scenario come apart in almost every seed, and not trivially", (t) => {
  const all = Array.from({ length: SEEDS }, (_, seed) => ariOf(seed)).sort((a, b) => a - b);
  t.true((all[0] ?? 0) >= scenario.assertions.ari_min - 0.05, `least: ${all[0]}`);
  t.true((all[Math.floor(SEEDS * 0.05)] ?? 0) >= scenario.assertions.ari_min);
  t.true(all.some((ari) => ari < 1));
});

test("no single column tells the behaviours apart", (t) => {
  const ranges = Object.entries(scenario.behaviours).map(([name, behaviour]) => {
    const seen = Array.from({ length: 300 }, (_, i) =>
      observe(behaviour, Random.from(`overlap/${name}/${i}`)),
    );
    return [0, 1].map((column) => {
      const values = seen.map((point) => point[column] ?? 0);
      return { least: Math.min(...values), most: Math.max(...values) };
    });
  });
  for (const column of [0, 1]) {
    const sorted = ranges.map((r) => r[column]!).sort((a, b) => a.least - b.least);
    t.true(sorted.slice(1).some((range, i) => range.least <= sorted[i]!.most));
  }
});
