import test from "ava";
import fc from "fast-check";
import { Random } from "../base/random.ts";
import type { Transaction } from "../http/transaction.ts";
import { observeCapture } from "./conversations.ts";
import { exampleTransaction } from "./transaction-fixture.ts";

const at = (address: string, port = 80) => ({ server: { address, port } });

/** [server, requests] of each conversation. */
function conversations(transactions: readonly Transaction[]) {
  return observeCapture(transactions).observations.map((o) => [o.server, o.values.requests]);
}

test("a server that moves between addresses of one host name is one conversation with that name", (t) => {
  const { observations, counts } = observeCapture([
    exampleTransaction(0, 0, at("203.0.113.9")),
    exampleTransaction(60, 0, { ...at("203.0.113.10"), host: "C2.Example." }),
    exampleTransaction(120, 0, { ...at("2001:db8::1"), host: "c2.example:80", uri: "/gate.php?x" }),
  ]);
  t.deepEqual(
    observations.map((o) => [o.client, o.server, o.values.php_requests]),
    [["10.0.0.5", "c2.example", 3]],
  );
  t.deepEqual(counts, { movedServers: 1 });
});

test("on another port than 80 the name comes with its port", (t) => {
  const both = [
    exampleTransaction(0, 0, at("203.0.113.9", 8080)),
    exampleTransaction(1, 0, at("203.0.113.10", 8080)),
  ];
  t.deepEqual(conversations(both), [["c2.example:8080", 2]]);
});

test("a server with one address keeps the address, whatever Host the client writes", (t) => {
  const { observations, counts } = observeCapture([
    exampleTransaction(0),
    exampleTransaction(1, 0, { host: "other.example" }),
    exampleTransaction(2, 0, { host: "" }),
  ]);
  t.deepEqual(
    observations.map((o) => [o.server, o.values.requests]),
    [["203.0.113.9:80", 3]],
  );
  t.deepEqual(counts, {});
});

const apart = test.macro({
  exec: (t, _: string, one: Partial<Transaction>, other: Partial<Transaction>) => {
    const both = [exampleTransaction(0, 0, one), exampleTransaction(1, 0, other)];
    t.is(observeCapture(both).observations.length, 2);
  },
  title: (_, what) => `two addresses stay two conversations: ${what}`,
});
const here = at("203.0.113.9");
const there = at("203.0.113.10");

test(apart, "other names", here, { ...there, host: "other.example" });
test(apart, "no path in common", { ...here, uri: "/index.html" }, there);
test(apart, "only the path /", { ...here, uri: "/" }, { ...there, uri: "/?x" });
test(apart, "other ports", here, at("203.0.113.10", 8080));
test(apart, "no Host", { ...here, host: "" }, { ...there, host: "" });
test(
  apart,
  "an address as Host",
  { ...here, host: "203.0.113.9" },
  { ...there, host: "203.0.113.9" },
);
test(apart, "other clients", here, { ...there, client: { address: "10.0.0.6", port: 40000 } });

test("addresses are tied over others: each shares a path with one of them", (t) => {
  const chain = [
    exampleTransaction(0, 0, { ...at("203.0.113.1"), uri: "/a" }),
    exampleTransaction(1, 0, { ...at("203.0.113.3"), uri: "/b" }),
    exampleTransaction(2, 0, { ...at("203.0.113.2"), uri: "/a" }),
    exampleTransaction(3, 0, { ...at("203.0.113.2"), uri: "/b" }),
  ];
  t.deepEqual(conversations(chain), [["c2.example", 4]]);
});

test("two servers under one name that share no path stay two: the one asked most bears the name", (t) => {
  const transactions = [
    exampleTransaction(0, 0, { ...at("203.0.113.1"), uri: "/a" }),
    exampleTransaction(1, 0, { ...at("203.0.113.2"), uri: "/a" }),
    exampleTransaction(2, 0, { ...at("203.0.113.3"), uri: "/b" }),
    exampleTransaction(3, 0, { ...at("203.0.113.4"), uri: "/b" }),
    exampleTransaction(4, 0, { ...at("203.0.113.4"), uri: "/b" }),
  ];
  t.deepEqual(conversations(transactions), [
    ["203.0.113.1:80", 2],
    ["c2.example", 3],
  ]);
});

test("a bot that calls its server by the name of a well-known site does not disappear in it", (t) => {
  const transactions = [
    exampleTransaction(0, 0, { ...at("198.51.100.7"), host: "www.example.com", uri: "/" }),
    exampleTransaction(1, 0, { ...at("198.51.100.8"), host: "www.example.com", uri: "/" }),
    exampleTransaction(2, 0, { ...at("203.0.113.9"), host: "www.example.com" }),
  ];
  t.deepEqual(conversations(transactions).at(-1), ["203.0.113.9:80", 1]);
});

test("a proxy's users have a conversation with each host that they name", (t) => {
  const proxy = at("10.0.0.1", 3128);
  const transactions = [
    exampleTransaction(0, 0, { ...proxy, uri: "http://c2.example/gate.php" }),
    exampleTransaction(1, 0, { ...proxy, uri: "http://news.example/", host: "news.example" }),
    exampleTransaction(2, 0, { ...at("10.0.0.2", 3128), uri: "http://C2.example/gate.php" }),
  ];
  t.deepEqual(conversations(transactions), [
    ["c2.example", 2],
    ["news.example", 1],
  ]);
});

test("who the server is can be told for a whole capture, too", (t) => {
  const both = [exampleTransaction(0, 0, here), exampleTransaction(1, 0, there)];
  const { observations, counts } = observeCapture(both, { serverName: () => "all" });
  t.deepEqual(
    observations.map((o) => o.server),
    ["all"],
  );
  t.deepEqual(counts, {});
});

/** Two clients that ask some paths of hosts on some addresses. */
const visits = fc
  .array(
    fc.record({
      start: fc.nat(2000),
      lasts: fc.nat(20),
      client: fc.constantFrom("10.0.0.1", "10.0.0.2"),
      server: fc.constantFrom("203.0.113.1", "203.0.113.2", "203.0.113.3"),
      host: fc.constantFrom("a.example", "b.example", "", "203.0.113.1"),
      uri: fc.constantFrom("/a.php", "/b.php", "/c", "/", "http://a.example/a.php"),
      responseBytes: fc.nat(500),
    }),
    { maxLength: 40 },
  )
  .map((list) =>
    list.map(({ start, lasts, client, server, ...more }, i) =>
      exampleTransaction(start, lasts, {
        ...more,
        client: { address: client, port: 40000 + i },
        server: { address: server, port: 80 },
      }),
    ),
  );

test("the order in which transactions are given does not matter", (t) => {
  fc.assert(
    fc.property(visits, fc.nat(), (transactions, seed) => {
      const shuffled = Random.from(seed).shuffle(transactions);
      t.deepEqual(observeCapture(shuffled), observeCapture(transactions));
    }),
  );
});

test("splitting conversations over connections changes nothing", (t) => {
  fc.assert(
    fc.property(visits, (transactions) => {
      const together = transactions.map((one) => ({
        ...one,
        client: { ...one.client, port: 40000 },
      }));
      t.deepEqual(observeCapture(together), observeCapture(transactions));
    }),
  );
});

test("what one client asks changes no conversation of another", (t) => {
  fc.assert(
    fc.property(visits, (transactions) => {
      const own = (client: string) => (one: { readonly client: string }) => one.client === client;
      const all = observeCapture(transactions).observations;
      for (const client of ["10.0.0.1", "10.0.0.2"]) {
        const alone = transactions.filter((one) => one.client.address === client);
        t.deepEqual(observeCapture(alone).observations, all.filter(own(client)));
      }
    }),
  );
});

test("no request is lost and none counts twice", (t) => {
  fc.assert(
    fc.property(visits, (transactions) => {
      const requests = observeCapture(transactions).observations.map((o) => o.values.requests ?? 0);
      t.is(
        requests.reduce((sum, n) => sum + n, 0),
        transactions.length,
      );
    }),
  );
});
