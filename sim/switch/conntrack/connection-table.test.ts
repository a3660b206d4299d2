import test from "ava";
import fc from "fast-check";
import type { Connection } from "./connection.ts";
import { ConnectionTable } from "./connection-table.ts";
import { reply, type Tuple } from "./tuple.ts";

const NEVER = 1e15;

function tuple(number: number, zone = 1): Tuple {
  const sourcePort = 1_024 + number;
  const wide = number % 5 === 0 ? [1, 2, 3, 4, 5, number] : null;
  const protocol = wide === null ? 6 : 0x106;
  return { zone, protocol, source: number, destination: -1, sourcePort, destinationPort: 80, wide };
}

function begin(table: ConnectionTable, number: number, nowMs = 0): Connection {
  const connection = table.insert(tuple(number), null, null, nowMs);
  connection.expiresMs = NEVER;
  connection.mark = number;
  return connection;
}

test("each connection is found by packets of both directions, however many come and go", (t) => {
  const steps = fc.array(fc.tuple(fc.nat(300), fc.boolean()), { maxLength: 900 });
  fc.assert(
    fc.property(steps, (list) => {
      const table = new ConnectionTable();
      const there = new Map<number, Connection>();
      for (const [number, goes] of list) {
        const known = there.get(number);
        if (known === undefined) there.set(number, begin(table, number));
        else if (goes) {
          table.remove(known);
          there.delete(number);
        }
      }
      t.is(table.size, there.size);
      t.is(table.live(0).length, there.size);
      for (let number = 0; number <= 300; number++) {
        const wanted = there.has(number) ? number : undefined;
        t.is(table.find(tuple(number), 0)?.mark, wanted);
        t.is(table.find(reply(tuple(number)), 0)?.mark, wanted);
        t.is(table.foundReply, wanted !== undefined);
        t.is(table.find(tuple(number, 2), 0), null);
      }
    }),
    { numRuns: 30 },
  );
});

test("a packet that holds on to a connection sees its changes after the table has grown", (t) => {
  const table = new ConnectionTable();
  const held = begin(table, 5);
  for (let number = 6; number < 5_000; number++) begin(table, number);
  const now = table.find(tuple(5), 0);
  t.true(now?.isSame(held));
  now!.mark = 7;
  now!.label = Int32Array.of(0, 0, 0, 1);
  t.deepEqual([held.mark, held.label?.[3], held.wide?.[5]], [7, 1, 5]);
  table.remove(held);
  t.is(table.find(tuple(5), 0), null);
});

test("a packet that holds on to a connection can read it after it is gone and others came", (t) => {
  const table = new ConnectionTable();
  const held = begin(table, 5);
  table.remove(held);
  for (let number = 5; number < 5_000; number++) begin(table, number).mark = -1;
  t.true(held.removed);
  t.deepEqual([held.mark, held.sourcePort, held.wide?.[5]], [5, 1_029, 5]);
  t.false(table.find(tuple(5), 0)?.isSame(held));
  table.remove(held);
  t.is(table.size, 4_995);
});

test("of a translated connection and one the other way the later one counts, also after growth", (t) => {
  const table = new ConnectionTable();
  const answers = { ...reply(tuple(1)), source: 99 };
  table.insert(tuple(1), "dst", answers, 0).expiresMs = NEVER;
  t.is(table.find(answers, 0)?.nat, "dst");
  table.insert(reply(tuple(1)), null, null, 0).expiresMs = NEVER;
  const found = () => [table.find(tuple(1), 0)?.nat, table.foundReply];
  t.deepEqual(found(), [null, true]);
  for (let number = 2; number < 1_000; number++) begin(table, number);
  t.deepEqual(found(), [null, true]);
  t.is(table.find(answers, 0)?.nat, "dst");
});
