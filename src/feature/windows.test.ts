import test from "ava";
import fc from "fast-check";
import { NS_PER_S } from "../base/clock.ts";
import { UsageError } from "../base/errors.ts";
import { Random } from "../base/random.ts";
import type { Observation } from "./observation.ts";
import { ns, exampleTransaction as transaction } from "./transaction-fixture.ts";
import { observe, Windows, type WindowsOptions } from "./windows.ts";

function live(options: Omit<WindowsOptions, "onObservation"> = {}) {
  const closed: Observation[] = [];
  const windows = new Windows({ gapS: 60, ...options, onObservation: (o) => closed.push(o) });
  return { windows, closed };
}

const spans = (observations: readonly Observation[]) =>
  observations.map((o) => [Number(o.startNs / NS_PER_S), Number(o.endNs / NS_PER_S)]);

test("a silence longer than the gap ends a window, one of exactly the gap does not", (t) => {
  t.deepEqual(spans(observe([transaction(0), transaction(60), transaction(121)], { gapS: 60 })), [
    [0, 60],
    [121, 121],
  ]);
  t.deepEqual(spans(observe([transaction(0), transaction(60)], { gapS: 59.999 })).length, 2);
});

test("a long answer is activity: the gap begins at its last byte", (t) => {
  t.deepEqual(spans(observe([transaction(0, 100), transaction(150)])), [[0, 150]]);
});

test("a request that is never answered is activity until its own last byte", (t) => {
  const unanswered = transaction(0, 0, { requestEndNs: ns(7), responseEndNs: null, status: null });
  t.deepEqual(spans(observe([unanswered])), [[0, 7]]);
});

test("each client and each server has its own windows, whatever the client's port", (t) => {
  const observations = observe([
    transaction(0),
    transaction(1, 0, { client: { address: "10.0.0.5", port: 40001 } }),
    transaction(2, 0, { client: { address: "10.0.0.6", port: 40000 } }),
    transaction(3, 0, { server: { address: "203.0.113.9", port: 8080 } }),
    transaction(4, 0, { server: { address: "2001:db8::1", port: 80 } }),
  ]);
  t.deepEqual(
    observations.map((o) => [o.client, o.server, o.values.requests]),
    [
      ["10.0.0.5", "203.0.113.9:80", 2],
      ["10.0.0.6", "203.0.113.9:80", 1],
      ["10.0.0.5", "203.0.113.9:8080", 1],
      ["10.0.0.5", "[2001:db8::1]:80", 1],
    ],
  );
});

test("who the server is can be told: by a name of one's own, several addresses are one conversation", (t) => {
  const elsewhere = { server: { address: "203.0.113.10", port: 80 } };
  const transactions = [transaction(0), transaction(1, 0, { ...elsewhere, host: "other.example" })];
  t.is(observe(transactions).length, 2);
  t.deepEqual(
    observe(transactions, { serverName: () => "all" }).map((o) => o.server),
    ["all"],
  );
});

test("a window without any *.php request is an observation as well", (t) => {
  const [observation] = observe([transaction(0, 1, { uri: "/news.html" })]);
  t.is(observation?.values.php_requests, 0);
  t.is(observation?.values.response_bytes_mean, 0);
  t.is(observation?.values.requests, 1);
});

test("live, a window closes as soon as more than the gap has passed, and not before", (t) => {
  const { windows, closed } = live();
  windows.add(transaction(0, 5));
  windows.advance(ns(65));
  t.is(closed.length, 0);
  windows.advance(ns(65) + 1n);
  t.deepEqual(spans(closed), [[0, 5]]);
  windows.finish();
  t.is(closed.length, 1);
});

test("live, activity puts the end of a window off", (t) => {
  const { windows, closed } = live();
  windows.add(transaction(0));
  windows.add(transaction(50));
  windows.advance(ns(100));
  t.is(closed.length, 0);
  windows.advance(ns(111));
  t.deepEqual(spans(closed), [[0, 50]]);
});

test("a transaction that comes out of order joins the windows on both sides of it", (t) => {
  const { windows, closed } = live();
  windows.add(transaction(0));
  windows.add(transaction(100));
  windows.add(transaction(55));
  windows.finish();
  t.deepEqual(spans(closed), [[0, 100]]);
  t.is(closed[0]?.values.requests, 3);
});

test("one that comes after its window has closed is counted and begins another", (t) => {
  const { windows, closed } = live();
  windows.add(transaction(0));
  windows.advance(ns(61));
  windows.add(transaction(30));
  windows.add(transaction(200));
  windows.finish();
  t.deepEqual(spans(closed), [
    [0, 0],
    [30, 30],
    [200, 200],
  ]);
  t.is(windows.counts.late, 1);
});

test("a closed window comes with its transactions, in the order of their starts", (t) => {
  const starts: number[] = [];
  const windows = new Windows({
    onObservation: (_, transactions) =>
      starts.push(...transactions.map((x) => Number(x.requestStartNs / NS_PER_S))),
  });
  for (const start of [3, 1, 2]) windows.add(transaction(start));
  windows.finish();
  t.deepEqual(starts, [1, 2, 3]);
});

test("a window that is full is closed and counted", (t) => {
  const { windows, closed } = live({ limits: { openWindowsMax: 9, windowTransactionsMax: 3 } });
  for (let i = 0; i < 7; i++) windows.add(transaction(i));
  windows.finish();
  t.deepEqual(
    closed.map((o) => o.values.requests),
    [3, 3, 1],
  );
  t.is(windows.counts.full, 2);
});

test("when too many windows are open, the one that ended first is closed and counted", (t) => {
  const { windows, closed } = live({ limits: { openWindowsMax: 2, windowTransactionsMax: 99 } });
  const from = (n: number) => ({ client: { address: `10.0.0.${n}`, port: 1 } });
  windows.add(transaction(0, 0, from(1)));
  windows.add(transaction(1, 0, from(2)));
  windows.add(transaction(2, 0, from(1)));
  windows.add(transaction(3, 0, from(3)));
  t.deepEqual(
    closed.map((o) => o.client),
    ["10.0.0.2"],
  );
  t.is(windows.counts.crowdedOut, 1);
});

test("a gap that is no positive number of seconds is refused", (t) => {
  for (const gapS of [0, -1, Number.NaN, Infinity])
    t.throws(() => observe([], { gapS }), {
      instanceOf: UsageError,
      message: `the gap must be a positive number of seconds, not ${gapS}`,
    });
});

/** Transactions of two clients, as [start, duration, client] in seconds. */
const conversations = fc
  .array(fc.tuple(fc.nat(600), fc.nat(30), fc.constantFrom("10.0.0.1", "10.0.0.2")), {
    maxLength: 40,
  })
  .map((list) =>
    list.map(([start, lasts, address]) =>
      transaction(start, lasts, { client: { address, port: 40000 } }),
    ),
  );

test("the order in which transactions are given does not matter", (t) => {
  fc.assert(
    fc.property(conversations, fc.nat(), (transactions, seed) => {
      const shuffled = Random.from(seed).shuffle(transactions);
      const { windows, closed } = live();
      for (const one of shuffled) windows.add(one);
      windows.finish();
      const expected = observe(transactions, { gapS: 60 });
      t.deepEqual(observe(shuffled, { gapS: 60 }), expected);
      t.deepEqual(sorted(closed), expected);
    }),
  );
});

test("live, with the clock running, the windows are those of the batch", (t) => {
  fc.assert(
    fc.property(conversations, (transactions) => {
      const byEnd = transactions.toSorted((a, b) => Number(a.responseEndNs! - b.responseEndNs!));
      const { windows, closed } = live();
      for (const one of byEnd) {
        // An answer lasts 30 s at most here, so a clock that is 30 s behind makes nothing late.
        windows.advance(one.responseEndNs! - ns(30));
        windows.add(one);
      }
      windows.finish();
      t.is(windows.counts.late, 0);
      t.deepEqual(sorted(closed), observe(transactions, { gapS: 60 }));
    }),
  );
});

function sorted(observations: readonly Observation[]): Observation[] {
  return observations.toSorted(
    (a, b) => Number(a.startNs - b.startNs) || (a.client < b.client ? -1 : 1),
  );
}
