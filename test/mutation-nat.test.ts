import test from "ava";
import { parseRules } from "../src/rule/parse.ts";
import { judge, judging } from "./mutation/judge.ts";
import { NAT } from "./mutation/nat-set.ts";
import { ISOLATION, PRIVATE, type RuleSet, type Watch } from "./mutation/rule-sets.ts";
import { score, unexplained } from "./mutation/score.ts";

test("every mutant of the rules with a responder that lets something out is noticed, and each survivor is explained", async (t) => {
  t.timeout(600_000);
  const judged = await judge(NAT, { proveEach: 100 });
  t.like(judged.original, { kind: "equivalent", leak: null });
  t.log(score(judged).join("\n"));
  t.deepEqual(unexplained([judged]), { survivors: [], stale: [] });
});

const FLOOD = parseRules("table=0,priority=0,actions=flood\n");
const verdict = async (set: RuleSet) => (await judging(set, { proveEach: 0 })).one;

for (const set of [ISOLATION, PRIVATE, NAT])
  test(`where nothing holds it back, something is seen to get out, and the probes notice (${set.name})`, async (t) => {
    const { kind, leak, isCaught } = (await verdict(set))(FLOOD);
    t.is(kind, "safety");
    t.truthy(leak);
    t.deepEqual([isCaught.probes, isCaught.static], [true, set.egress !== null]);
  });

test("an eye that is blind would show: it sees nothing get out where nothing is held back", async (t) => {
  const one = await verdict({ ...NAT, watch: () => () => null });
  t.like(one(FLOOD), { kind: "safety", leak: null, isCaught: { probes: false } });
});

test("an eye that is too strict would show: it sees something get out under the unchanged rules", async (t) => {
  // A SYN+ACK through any port.
  const strict: Watch = (_from, _came, left) =>
    left.find(({ bytes }) => bytes[47] === 0x12) ?? null;
  const one = await verdict({ ...NAT, watch: () => strict });
  t.truthy(one(NAT.rules).leak);
});
