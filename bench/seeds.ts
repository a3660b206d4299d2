/**
 * Play a scenario with many seeds, and list those in which an assertion does not pass.
 *
 *     npm run seeds -- [SCENARIO] [COUNT] [FIRST]
 */
import { SimLab } from "../sim/lab.ts";
import { parts } from "../src/cli/parts.ts";
import { readScenarioFile } from "../src/cli/scenarios.ts";
import type { Watch } from "../src/run/lab.ts";
import { runLoop } from "../src/run/loop.ts";
import { parseScenario } from "../src/scenario/load.ts";
import { overall } from "../src/verdict/assertion.ts";
import { assertRun } from "../src/verdict/assertions.ts";

const [name = "paper", count = "200", first = "1"] = process.argv.slice(2);
const nobody: Watch = { frame: () => {}, event: () => {}, effect: () => {} };

const { path, text } = await readScenarioFile(name);
const scenario = parseScenario(text, path);
const behaviours = Object.keys(scenario.behaviours).length;
let green = 0;
for (let seed = Number(first); seed < Number(first) + Number(count); seed++) {
  const record = await runLoop({
    scenario,
    seed,
    lab: new SimLab(seed),
    parts,
    watch: () => nobody,
    onStage: () => {},
  });
  const { effects } = record.last.cast;
  const assertions = assertRun(record.rounds, { behaviours, effects }, scenario.assertions);
  if (overall(assertions) === "pass") green++;
  for (const { name: what, verdict, evidence } of assertions) {
    if (verdict !== "pass") console.log(`seed ${seed}: ${what}: ${verdict}: ${evidence}`);
  }
}
console.log(`${name}: ${green} of ${count} seeds green, from seed ${first} on`);
process.exitCode = green === Number(count) ? 0 : 1;
