import test from "ava";
import fc from "fast-check";
import { NS_PER_MS } from "../base/clock.ts";
import { FEATURE_LIMITS } from "../base/limits.ts";
import { Random } from "../base/random.ts";
import type { Transaction } from "../http/transaction.ts";
import { observeCapture } from "./conversations.ts";
import { withoutNatDuplicates } from "./nat-duplicates.ts";
import { exampleTransaction } from "./transaction-fixture.ts";

const MS = Number(NS_PER_MS);

interface Sight {
  readonly client?: string;
  readonly port?: number;
  readonly server?: string;
  /** How much later requests, and how much earlier answers are seen, in milliseconds. */
  readonly requestMs?: number;
  readonly answerMs?: number;
}

/** The same transaction as another place shows it. */
function seen(one: Transaction, sight: Sight): Transaction {
  const { requestMs = 0.02, answerMs = 0.02 } = sight;
  const later = BigInt(Math.round(requestMs * MS));
  const earlier = BigInt(Math.round(answerMs * MS));
  return {
    ...one,
    client: {
      address: sight.client ?? one.client.address,
      port: sight.port ?? one.client.port,
    },
    server: { ...one.server, address: sight.server ?? one.server.address },
    requestStartNs: one.requestStartNs + later,
    requestEndNs: one.requestEndNs + later,
    responseEndNs: one.responseEndNs === null ? null : one.responseEndNs - earlier,
  };
}

/** A bot that polls once a minute over one connection for each request. */
function poll(count: number, client = "10.0.0.5", firstPort = 40000): Transaction[] {
  return Array.from({ length: count }, (_, i) =>
    exampleTransaction(60 * i, 0.1, { client: { address: client, port: firstPort + i } }),
  );
}

const outer: Sight = { client: "198.51.100.1" };

/** Clients and servers of the conversations that are left, and how many transactions were left out. */
function left(transactions: readonly Transaction[]) {
  const { observations, counts } = observeCapture(transactions);
  return {
    pairs: observations.map((o) => `${o.client} ${o.server} ${o.values.requests}`).sort(),
    duplicates: counts.natDuplicates ?? 0,
  };
}

test("a conversation seen before and after source NAT is the inner client's, once", (t) => {
  const inner = poll(33);
  t.deepEqual(left([...inner, ...inner.map((one) => seen(one, outer))]), {
    pairs: ["10.0.0.5 203.0.113.9:80 33"],
    duplicates: 33,
  });
});

test("one request is enough where the translator leaves the client's port", (t) => {
  const inner = poll(1);
  t.is(left([...inner, ...inner.map((one) => seen(one, outer))]).duplicates, 1);
});

test("where it changes the port, five answered requests are needed", (t) => {
  const twice = (count: number, more: Partial<Transaction> = {}) => {
    const inner = poll(count).map((one) => ({ ...one, ...more }));
    return [...inner, ...inner.map((one, i) => seen(one, { ...outer, port: 1024 + 7 * i }))];
  };
  t.is(left(twice(5)).duplicates, 5);
  t.is(left(twice(4)).duplicates, 0);
  t.is(left(twice(9, { responseEndNs: null, status: null })).duplicates, 0);
});

test("destination NAT: the server is the one that the client asked", (t) => {
  const inner = poll(3);
  t.deepEqual(left([...inner, ...inner.map((one) => seen(one, { server: "10.9.9.9" }))]), {
    pairs: ["10.0.0.5 203.0.113.9:80 3"],
    duplicates: 3,
  });
});

test("destination NAT may spread one conversation over several servers", (t) => {
  const inner = poll(6);
  const spread = inner.map((one, i) => seen(one, { server: `10.9.9.${i % 3}` }));
  t.deepEqual(left([...inner, ...spread]).pairs, ["10.0.0.5 203.0.113.9:80 6"]);
});

test("several inner clients behind one outer address are several conversations", (t) => {
  const first = poll(4);
  // In step to the millisecond, and with the same requests.
  const second = poll(4, "10.0.0.6", 50000).map((one) => seen(one, { requestMs: 1, answerMs: -1 }));
  const both = [...first, ...second];
  t.deepEqual(left([...both, ...both.map((one) => seen(one, outer))]), {
    pairs: ["10.0.0.5 203.0.113.9:80 4", "10.0.0.6 203.0.113.9:80 4"],
    duplicates: 8,
  });
});

test("translations in a row leave the innermost client", (t) => {
  const inner = poll(5);
  const middle = inner.map((one) => seen(one, { client: "100.64.0.1" }));
  const last = middle.map((one) => seen(one, outer));
  t.deepEqual(left([...last, ...middle, ...inner]), {
    pairs: ["10.0.0.5 203.0.113.9:80 5"],
    duplicates: 10,
  });
});

test("a clock too coarse for the difference: the request that was complete first is the inner one", (t) => {
  const inner = poll(2).map((one, i) => ({ ...one, order: 2 * i }));
  const image = inner.map((one) => ({
    ...seen(one, { client: "1.0.0.1", requestMs: 0, answerMs: 0 }),
    order: one.order + 1,
  }));
  t.deepEqual(left([...image, ...inner]).pairs, ["10.0.0.5 203.0.113.9:80 2"]);
});

/** What is not the same conversation twice, however alike. */
const stays = test.macro({
  exec: (t, _: string, inner: readonly Transaction[], other: readonly Transaction[]) => {
    const all = [...inner, ...other];
    t.deepEqual(withoutNatDuplicates(all).duplicates, 0);
    t.is(observeCapture(all).observations.length, 2);
  },
  title: (_, what) => `two clients stay two: ${what}`,
});
const ten = poll(10);
const as = (sight: Sight) => ten.map((one) => seen(one, { ...outer, ...sight }));

test(stays, "in lockstep, 50 ms apart", ten, as({ requestMs: 50, answerMs: -50 }));
test(stays, "1 ms apart, and answered 1 ms later", ten, as({ requestMs: 1, answerMs: -1 }));
test(stays, "6 ms apart, answered within", ten, as({ requestMs: 6 }));
test(stays, "answered 6 ms earlier", ten, as({ answerMs: 6 }));
test(stays, "one has a request more", ten, as({}).slice(1));
test(stays, "the other has a request more", ten.slice(1), as({}));
const withLast = (more: Partial<Transaction>) => as({}).with(9, { ...as({})[9]!, ...more });
test(stays, "one answer has another length", ten, withLast({ responseBytes: 101 }));
test(stays, "one body has another length", ten, withLast({ requestBytes: 1 }));
test(stays, "one status differs", ten, withLast({ status: 404 }));
test(stays, "one target differs", ten, withLast({ uri: "/gate.php?2" }));
test(stays, "one method differs", ten, withLast({ method: "HEAD" }));
test(stays, "one Host differs", ten, withLast({ host: "c3.example" }));
test(stays, "one answer is missing", ten, withLast({ responseEndNs: null, status: null }));
test(stays, "one comes 50 ms late", ten, [
  ...as({}).slice(0, 9),
  seen(ten[9]!, { ...outer, requestMs: 50 }),
]);
test(
  stays,
  "both addresses differ",
  ten,
  as({ server: "203.0.113.77" }).map((one) => ({ ...one, host: "" })),
);
test(
  stays,
  "in lockstep 50 ms apart, with jitter",
  ten,
  ten.map((one, i) => {
    const jitterMs = Random.from(`jitter/${i}`).uniform(-10, 10);
    return seen(one, { ...outer, requestMs: 50 + jitterMs, answerMs: -50 - 2 * jitterMs });
  }),
);

test("one client that asks two servers the same in lockstep has two conversations", (t) => {
  const hosts = { host: "" };
  const here = poll(10).map((one) => ({ ...one, ...hosts }));
  const there = here.map((one) => seen(one, { server: "203.0.113.10", port: one.client.port + 1 }));
  t.is(left([...here, ...there]).pairs.length, 2);
});

test("an outer address that also asks on its own account stays, with all that it asked", (t) => {
  const inner = poll(5);
  const own = exampleTransaction(7, 0.1, { client: { address: "198.51.100.1", port: 1 } });
  t.is(left([...inner, ...inner.map((one) => seen(one, outer)), own]).duplicates, 0);
});

/** Bots in step: the time between their starts, and the time that each answer takes, are the bots' own. */
test("bots in lockstep, each answered in its own time, are never put together", (t) => {
  fc.assert(
    fc.property(fc.integer({ min: 8, max: 40 }), fc.nat(), (count, seed) => {
      const random = Random.from(seed);
      const first = poll(count);
      const second = first.map((one) =>
        seen(one, {
          client: "10.0.0.6",
          port: 50000 + one.client.port,
          requestMs: random.uniform(-5, 5),
          answerMs: random.uniform(-20, 20),
        }),
      );
      t.is(withoutNatDuplicates([...first, ...second]).duplicates, 0);
    }),
  );
});

/** Clients behind one translator, each with its own connections; [inner, what the other side shows]. */
const translated = fc
  .array(
    fc.record({
      start: fc.integer({ min: 0, max: 600_000 }),
      lasts: fc.integer({ min: 15, max: 900 }),
      client: fc.constantFrom("10.0.0.1", "10.0.0.2", "10.0.0.3"),
      server: fc.constantFrom("203.0.113.1", "203.0.113.2"),
      uri: fc.constantFrom("/a.php", "/b.php"),
      requestMs: fc.double({ min: 0, max: 5, noNaN: true }),
      answerMs: fc.double({ min: 0, max: 5, noNaN: true }),
    }),
    { maxLength: 30 },
  )
  .map((list) =>
    list.map(({ start, lasts, client, server, uri, requestMs, answerMs }, i) => {
      const inner = exampleTransaction(start / 1000, lasts / 1000, {
        client: { address: client, port: 40000 + i },
        server: { address: server, port: 80 },
        uri,
      });
      return [inner, seen(inner, { ...outer, requestMs, answerMs })] as const;
    }),
  );

test("seen on both sides gives the same observations as seen on the inner side, in any order", (t) => {
  fc.assert(
    fc.property(translated, fc.nat(), (pairs, seed) => {
      const inner = pairs.map(([one]) => one);
      const both = observeCapture(Random.from(seed).shuffle(pairs.flat()));
      t.deepEqual(both.observations, observeCapture(inner).observations);
      t.is(both.counts.natDuplicates ?? 0, pairs.length);
    }),
  );
});

test("what was recognised is recognised, and a second pass finds nothing more", (t) => {
  fc.assert(
    fc.property(translated, (pairs) => {
      const once = withoutNatDuplicates(pairs.flat()).transactions;
      t.deepEqual(withoutNatDuplicates(once), { transactions: once, duplicates: 0 });
    }),
  );
});

test("without a translation nothing is left out", (t) => {
  fc.assert(
    fc.property(translated, (pairs) => {
      t.is(withoutNatDuplicates(pairs.map(([one]) => one)).duplicates, 0);
    }),
  );
});

test("a flood of equal requests at one instant is worked through, and stays", (t) => {
  const flood = Array.from({ length: 30_000 }, (_, i) =>
    exampleTransaction(0, 0, {
      client: { address: `10.0.${i >> 8}.${i & 255}`, port: i },
      order: i,
    }),
  );
  t.true(flood.length > 100 * FEATURE_LIMITS.natCandidatesMax);
  t.is(withoutNatDuplicates(flood).transactions.length, flood.length);
});
