import test from "ava";
import { exitStatus, overall } from "./assertion.ts";

const of = (...verdicts: ("pass" | "fail" | "inconclusive")[]) =>
  overall(verdicts.map((verdict) => ({ verdict })));

test("one failed assertion fails the run, whatever the others say", (t) => {
  t.is(of("pass", "inconclusive", "fail"), "fail");
});

test("missing evidence is inconclusive, never a pass", (t) => {
  t.is(of("pass", "inconclusive"), "inconclusive");
  t.is(of(), "inconclusive");
  t.is(of("pass", "pass"), "pass");
});

test("the exit status tells the three outcomes apart", (t) => {
  t.deepEqual([exitStatus("pass"), exitStatus("fail"), exitStatus("inconclusive")], [0, 1, 2]);
});
