import test from "ava";
import fc from "fast-check";
import { matchKey, pathOf, TapeMatcher } from "./match.ts";
import type { TapeEntry } from "./tape.ts";

const server = { address: "203.0.113.10", port: 80 };

function entry(method: string, uri: string, at = server): TapeEntry {
  return {
    server: at,
    method,
    uri,
    key: matchKey(at, method, uri),
    status: 200,
    bodyBytes: 0,
    response: new Uint8Array(1),
    spans: [{ label: "recorded", bytes: 1 }],
    interimBytes: 0,
    closes: false,
  };
}

const path = test.macro({
  exec(t, uri: string, expected: string) {
    t.is(pathOf(uri), expected);
  },
  title: (_, uri, expected) => `the path of ${uri} is ${expected}`,
});

test(path, "/gate.php", "/gate.php");
test(path, "/gate.php?id=1#x", "/gate.php");
test(path, "http://cnc.example:8080/gate.php?id=1", "/gate.php");
test(path, "http://cnc.example", "/");
test(path, "http://cnc.example?id=1", "/");
test(path, "/redirect?to=http://other.example/", "/redirect");
test(path, "*", "*");

test("the k-th request of a path gets the k-th answer, whatever its query", (t) => {
  const entries = [entry("GET", "/gate.php?n=1"), entry("GET", "/gate.php?n=2")];
  const matcher = new TapeMatcher(entries);
  t.is(matcher.take(server, "GET", "/gate.php?n=77"), entries[0] ?? null);
  t.is(matcher.take(server, "GET", "/gate.php?n=78"), entries[1] ?? null);
  t.is(matcher.take(server, "GET", "/gate.php?n=79"), null);
});

test("an answer to exactly the same URI comes first", (t) => {
  const entries = [entry("GET", "/a?n=1"), entry("GET", "/a?n=2"), entry("GET", "/a?n=3")];
  const matcher = new TapeMatcher(entries);
  t.is(matcher.take(server, "GET", "/a?n=2"), entries[1] ?? null);
  t.is(matcher.take(server, "GET", "/a?n=2"), entries[0] ?? null);
  t.is(matcher.take(server, "GET", "/a?n=2"), entries[2] ?? null);
  t.is(matcher.remaining, 0);
});

test("another method, path, address or port does not match", (t) => {
  const matcher = new TapeMatcher([entry("GET", "/gate.php")]);
  t.is(matcher.take(server, "POST", "/gate.php"), null);
  t.is(matcher.take(server, "GET", "/Gate.php"), null);
  t.is(matcher.take({ ...server, port: 8080 }, "GET", "/gate.php"), null);
  t.is(matcher.take({ ...server, address: "203.0.113.11" }, "GET", "/gate.php"), null);
  t.not(matcher.take(server, "GET", "/gate.php"), null);
});

test("every answer is given at most once, and a request that has answers left gets one", (t) => {
  const uri = fc.constantFrom("/a", "/a?1", "/a?2", "/b", "/b?1");
  fc.assert(
    fc.property(fc.array(uri), fc.array(uri), (recorded, asked) => {
      const matcher = new TapeMatcher(recorded.map((one) => entry("GET", one)));
      const left = new Map<string, number>();
      for (const one of recorded) left.set(pathOf(one), (left.get(pathOf(one)) ?? 0) + 1);
      const given = new Set<TapeEntry>();
      for (const one of asked) {
        const found = matcher.take(server, "GET", one);
        const leftHere = left.get(pathOf(one)) ?? 0;
        t.is(found === null, leftHere === 0);
        if (found === null) continue;
        t.false(given.has(found));
        given.add(found);
        left.set(pathOf(one), leftHere - 1);
      }
    }),
  );
});
