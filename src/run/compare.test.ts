import test from "ava";
import { compareRuns, type Exchange, type Talk } from "./compare.ts";
import type { Outcome, Results } from "./results.ts";

function results(...verdicts: readonly Outcome[]): Results {
  return {
    assertions: verdicts.map((verdict, i) => ({
      name: `a${i}`,
      verdict,
      evidence: "",
      figures: {},
    })),
  } as unknown as Results;
}

const get = (uri: string, responseBytes = 10): Exchange => ({
  method: "GET",
  uri,
  status: 200,
  requestBytes: 0,
  responseBytes,
});

const talk = (client: string, ...exchanges: readonly Exchange[]): Talk => ({
  round: 1,
  tap: "uplink",
  client,
  server: "203.0.113.1:80",
  exchanges,
});

test("runs that found and said the same agree", (t) => {
  const talks = [talk("10.0.0.1", get("/a"), get("/b"))];
  const found = compareRuns([results("pass"), results("pass")], [talks, talks]);
  t.true(found.agree);
  t.is(found.same, 1);
});

test("another verdict is a disagreement, and so is an assertion that only one run has", (t) => {
  const found = compareRuns([results("pass", "pass"), results("fail")], [[], []]);
  t.false(found.agree);
  t.deepEqual(
    found.assertions.map(({ verdicts }) => verdicts),
    [
      ["pass", "fail"],
      ["pass", null],
    ],
  );
});

test("the first exchange that differs is told, and not those after it", (t) => {
  const found = compareRuns(
    [results(), results()],
    [
      [talk("10.0.0.1", get("/a"), get("/b", 10), get("/c"))],
      [talk("10.0.0.1", get("/a"), get("/b", 11), get("/d"))],
    ],
  );
  t.false(found.agree);
  t.is(found.differences.length, 1);
  t.is(found.differences[0]?.exchange, 2);
  t.deepEqual(found.differences[0]?.found, [get("/b", 10), get("/b", 11)]);
});

test("a conversation that one run cut sooner is the same as far as both go", (t) => {
  const found = compareRuns(
    [results(), results()],
    [[talk("10.0.0.1", get("/a"))], [talk("10.0.0.1", get("/a"), get("/b"))]],
  );
  t.true(found.agree);
  t.deepEqual([found.same, found.longer], [0, 1]);
});

test("a conversation that only one run has is counted", (t) => {
  const found = compareRuns([results(), results()], [[talk("10.0.0.1")], [talk("10.0.0.2")]]);
  t.is(found.alone, 2);
});
