import test from "ava";
import { formatRule } from "./format.ts";
import { overlaps } from "./overlap.ts";
import { parseRules } from "./parse.ts";

const pairs = test.macro(
  (t, rules: readonly string[], expected: readonly (readonly [number, number])[]) => {
    const parsed = parseRules(rules.join("\n"));
    const index = new Map(parsed.map((r, i) => [r, i]));
    const found = overlaps(parsed).map(({ first, second }) => [
      index.get(first) ?? -1,
      index.get(second) ?? -1,
    ]);
    t.deepEqual(
      found,
      expected.map((pair) => [...pair]),
    );
  },
);

test(
  "rules of one priority that can match the same packet are ambiguous",
  pairs,
  ["priority=5,ip,nw_src=10.0.0.0/8,actions=output:1", "priority=5,tcp,tp_dst=80,actions=output:2"],
  [[0, 1]],
);

test(
  "rules that cannot match the same packet are not ambiguous",
  pairs,
  [
    "priority=5,tcp,tp_dst=80,actions=output:1",
    "priority=5,udp,tp_dst=80,actions=output:2",
    "priority=5,arp,actions=output:3",
    "priority=5,tcp,tp_dst=81,actions=output:4",
  ],
  [],
);

test(
  "another priority or table settles it",
  pairs,
  [
    "priority=5,ip,actions=output:1",
    "priority=6,tcp,actions=output:2",
    "table=1,priority=5,tcp,actions=output:2",
  ],
  [],
);

test(
  "rules that do the same are not ambiguous",
  pairs,
  ["priority=1000,in_port=3,actions=drop", "priority=1000,dl_dst=52:54:00:00:00:03,actions=drop"],
  [],
);

test(
  "ports by number tell rules apart",
  pairs,
  ["in_port=1,actions=output:2", "in_port=2,actions=output:1", "actions=output:3"],
  [
    [0, 2],
    [1, 2],
  ],
);

test(
  "partly masked values meet where their common bits agree",
  pairs,
  [
    "reg0=0x10/0xf0,actions=output:1",
    "reg0=0x12/0xff,actions=output:2",
    "reg0=0x20/0xf0,actions=output:3",
  ],
  [[0, 1]],
);

test("many exact rules of one priority are compared quickly", (t) => {
  const lines = Array.from({ length: 20_000 }, (_, i) => `reg0=${i},actions=output:${(i % 9) + 1}`);
  const rules = parseRules([...lines, "reg0=7,reg1=1,actions=drop"].join("\n"));
  t.deepEqual(
    overlaps(rules).map(({ first, second }) => [formatRule(first), formatRule(second)]),
    [["table=0,reg0=0x7,actions=output:8", "table=0,reg0=0x7,reg1=0x1,actions=drop"]],
  );
});
