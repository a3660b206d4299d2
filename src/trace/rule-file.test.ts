import test from "ava";
import { InputError } from "../base/errors.ts";
import { readRuleFile } from "./rule-file.ts";

test("each rule knows its line, comments and blank lines counted", (t) => {
  const { rules, sources } = readRuleFile(
    "# first\n\npriority=5,actions=drop # why\n in_port=1,actions=normal\n",
    "r.txt",
  );
  t.deepEqual(
    rules.map((rule) => sources.get(rule)),
    [
      { line: 3, text: "priority=5,actions=drop" },
      { line: 4, text: "in_port=1,actions=normal" },
    ],
  );
});

test("a mistake is told with line and column", (t) => {
  const error = t.throws(
    () => readRuleFile("actions=drop\n  tcp,tp_dts=80,actions=drop\n", "r.txt"),
    { instanceOf: InputError },
  );
  t.is(error?.line, 'r.txt:2:7: found "tp_dts", expected a match field (nearest: tp_dst)');
});

test("ports get the numbers that they are given, and names the lowest that are free", (t) => {
  const text =
    "in_port=bot,actions=output:2,resubmit(5,1),clone(output:cnc),controller,local,write_actions(output:9)";
  t.deepEqual(
    [...readRuleFile(text, "r").ports],
    [
      [1, "bot"],
      [2, null],
      [3, "cnc"],
      [5, null],
      [9, null],
    ],
  );
  t.deepEqual(
    [...readRuleFile(text, "r", new Map([["cnc", 1]])).ports],
    [
      [1, "cnc"],
      [2, null],
      [3, "bot"],
      [5, null],
      [9, null],
    ],
  );
});
