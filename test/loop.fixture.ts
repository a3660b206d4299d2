import { readFileSync } from "node:fs";
import { SimLab } from "../sim/lab.ts";
import { parts as realParts } from "../src/cli/parts.ts";
import type { Lab, Watch } from "../src/run/lab.ts";
import { runLoop } from "../src/run/loop.ts";
import type { Parts } from "../src/run/parts.ts";
import type { Assertion, RoundResult } from "../src/run/results.ts";
import { parseScenario } from "../src/scenario/load.ts";
import type { Scenario } from "../src/scenario/scenario.ts";
import { assertRun } from "../src/verdict/assertions.ts";

export function shippedScenario(
  name: string,
  change: (text: string) => string = (t) => t,
): Scenario {
  const file = new URL(`../scenarios/${name}/scenario.yaml`, import.meta.url);
  return parseScenario(change(readFileSync(file, "utf8")), `${name}/scenario.yaml`);
}

export interface PlayedLoop {
  readonly assertions: readonly Assertion[];
  readonly rounds: readonly RoundResult[];
  /** Verdict by assertion. */
  readonly verdicts: Readonly<Record<string, string>>;
}

/** Play a scenario on the simulator (or another lab), with some parts of the system swapped for others. */
export async function playLoop(
  scenario: Scenario,
  seed: number,
  swapped: Partial<Parts> = {},
  watch: Partial<Watch> = {},
  lab: Lab = new SimLab(seed),
): Promise<PlayedLoop> {
  const record = await runLoop({
    scenario,
    seed,
    lab,
    parts: { ...realParts, ...swapped },
    watch: () => ({ frame: () => {}, event: () => {}, effect: () => {}, ...watch }),
    onStage: () => {},
  });
  const assertions = assertRun(
    record.rounds,
    { behaviours: Object.keys(scenario.behaviours).length, effects: record.last.cast.effects },
    scenario.assertions,
  );
  const verdicts = Object.fromEntries(assertions.map((a) => [a.name, a.verdict]));
  return { assertions, rounds: record.rounds, verdicts };
}
