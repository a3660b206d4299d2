/** Mutation score of the rule sets. `--prove`: the exact proof of every mutant that nothing else objects to, too. */
import { judge } from "../test/mutation/judge.ts";
import { NAT } from "../test/mutation/nat-set.ts";
import { ISOLATION, PRIVATE } from "../test/mutation/rule-sets.ts";
import { score, unexplained } from "../test/mutation/score.ts";

const before = process.cpuUsage();
const proveEach = process.argv.includes("--prove") ? 1 : 100;
const judged = [
  await judge(ISOLATION, { proveEach }),
  await judge(PRIVATE, { proveEach: 0 }),
  await judge(NAT, { proveEach }),
];
for (const line of judged.flatMap(score)) console.log(line);
const { survivors, stale } = unexplained(judged);
for (const name of survivors) console.log(`survives, not explained: ${name}`);
for (const name of stale) console.log(`explained, but does not survive: ${name}`);
const { user, system } = process.cpuUsage(before);
console.log(`${((user + system) / 1e6).toFixed(1)} s of CPU`);
if (survivors.length + stale.length > 0) process.exitCode = 1;
