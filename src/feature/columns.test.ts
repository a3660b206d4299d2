import test from "ava";
import { columns, defaultColumns, isColumnName } from "./columns.ts";
import { formatObservation } from "./record.ts";
import { exampleTransaction, ns } from "./transaction-fixture.ts";
import { observe } from "./windows.ts";

/** A Zeus-like session: the configuration, two reports, and an answer that never came. */
const session = [
  exampleTransaction(100, 0, { uri: "/config.bin", responseBytes: 5000 }),
  exampleTransaction(101, 0, { responseBytes: 300 }),
  exampleTransaction(103, 0, { method: "POST", requestBytes: 40, responseBytes: 500 }),
  exampleTransaction(104, 0, {
    method: "POST",
    requestBytes: 60,
    responseEndNs: null,
    status: null,
    responseBytes: 0,
    complete: false,
  }),
];
const [observation] = observe(session);

const values = test.macro({
  exec: (t, name: string, expected: number) => {
    const value = observation?.values[name] ?? Number.NaN;
    t.true(Math.abs(value - expected) < 1e-12, `${value}`);
  },
  title: (_, name, expected) => `${name} of a small session is ${expected}`,
});

test(values, "response_bytes_mean", 400);
test(values, "php_requests", 3);
test(values, "response_bytes_total", 800);
test(values, "response_bytes_cv", Math.sqrt(20_000) / 400);
test(values, "requests", 4);
test(values, "request_bytes_total", 100);
test(values, "received_bytes_total", 5800);
test(values, "post_share", 0.5);
test(values, "failed_share", 0.25);
test(values, "incomplete_requests", 1);
test(values, "distinct_uris", 2);
test(values, "interval_s_mean", 4 / 3);
test(values, "interval_cv", Math.sqrt(1 / 3) / (4 / 3));
test(values, "duration_s", 4);

test("every column has a value, also where there is nothing to compute it on", (t) => {
  const [bare] = observe([
    exampleTransaction(0, 0, { uri: "*", status: null, responseEndNs: null }),
  ]);
  t.deepEqual(
    Object.keys(bare?.values ?? {}),
    columns.map((c) => c.name),
  );
  t.true(Object.values(bare?.values ?? {}).every(Number.isFinite));
});

test("the names of columns are snake_case, each once, and the paper's two come first", (t) => {
  const names = columns.map((c): string => c.name);
  t.true(names.every((name) => /^[a-z]+(_[a-z]+)*$/.test(name)));
  t.is(new Set(names).size, names.length);
  t.deepEqual(names.slice(0, 2), [...defaultColumns]);
  t.true(isColumnName("php_requests"));
  t.false(isColumnName("toString"));
});

test("a record is one line of JSON with times since the origin", (t) => {
  const line = formatObservation(observation!, ns(99.5));
  t.is(
    line.slice(0, line.indexOf(',"response_bytes_total"')),
    '{"client":"10.0.0.5","server":"203.0.113.9:80","start":0.5,"end":4.5,"response_bytes_mean":400,"php_requests":3',
  );
  t.deepEqual(Object.keys(JSON.parse(line)), [
    "client",
    "server",
    "start",
    "end",
    ...columns.map((c) => c.name),
  ]);
});
