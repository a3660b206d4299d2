import test from "ava";
import { judge } from "./mutation/judge.ts";
import { ISOLATION, PRIVATE } from "./mutation/rule-sets.ts";
import { score, unexplained } from "./mutation/score.ts";

test("every mutant of the rule sets that lets something out is noticed, and each survivor is explained", async (t) => {
  t.timeout(600_000);
  const judged = [
    await judge(ISOLATION, { proveEach: 100 }),
    await judge(PRIVATE, { proveEach: 0 }),
  ];
  for (const { original } of judged) t.like(original, { kind: "equivalent", leak: null });
  t.log(judged.flatMap(score).join("\n"));
  t.deepEqual(unexplained(judged), { survivors: [], stale: [] });
});
