import { readFileSync } from "node:fs";
import test from "ava";
import { Random } from "../base/random.ts";
import { fit as fitModel } from "../cluster/fit.ts";
import type { Observation } from "../feature/observation.ts";
import { planSession } from "../zeus/session-plan.ts";
import { parseScenario } from "./load.ts";
import type { Behaviour } from "./scenario.ts";

/** Enough to notice that a distribution was changed for the worse, few enough to be quick. */
const SEEDS = 120;

const file = new URL("../../scenarios/paper/scenario.yaml", import.meta.url);
const scenario = parseScenario(readFileSync(file, "utf8"), "paper");

/** x and y of one session, as the C&C plans it: what a capture without loss shows. */
function observe(behaviour: Behaviour, random: Random): Observation {
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
  const total = plan.reduce((sum, { length }) => sum + length, 0);
  const values = { response_bytes_mean: total / plan.length, php_requests: plan.length };
  return { client: "bot", server: "cnc", startNs: 0n, endNs: 0n, values };
}

function qualityOf(seed: number) {
  const observations: Observation[] = [];
  const labels: string[] = [];
  for (const [name, behaviour] of Object.entries(scenario.behaviours)) {
    for (let i = 0; i < behaviour.training_bots * behaviour.sessions_per_bot; i++) {
      observations.push(observe(behaviour, Random.from(`separation/${seed}/${name}/${i}`)));
      labels.push(name);
    }
  }
  const k = Object.keys(scenario.behaviours).length;
  return fitModel({ observations, labels, k, seed, restarts: scenario.model.restarts }).quality;
}

test("the behaviours of the paper's scenario come apart in almost every seed, and not trivially", (t) => {
  const qualities = Array.from({ length: SEEDS }, (_, seed) => qualityOf(seed));
  const { ari_min, silhouette_min } = scenario.assertions;
  const bad = qualities.filter(
    ({ ari, silhouette }) => (ari ?? 0) < ari_min || (silhouette ?? 0) < silhouette_min,
  );
  t.true(bad.length <= SEEDS / 100, `${bad.length} of ${SEEDS} seeds`);
  t.true(qualities.some(({ ari }) => (ari ?? 0) < 1));
});

test("no single column tells the behaviours apart", (t) => {
  for (const column of ["response_bytes_mean", "php_requests"]) {
    const ranges = Object.entries(scenario.behaviours).map(([name, behaviour]) => {
      const values = Array.from({ length: 300 }, (_, i) => {
        const { values } = observe(behaviour, Random.from(`overlap/${name}/${i}`));
        return values[column] ?? 0;
      });
      return { least: Math.min(...values), most: Math.max(...values) };
    });
    ranges.sort((a, b) => a.least - b.least);
    t.true(ranges.slice(1).some((range, i) => range.least <= ranges[i]!.most));
  }
});
