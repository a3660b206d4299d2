import test from "ava";
import fc from "fast-check";
import { Budget } from "./budget.ts";
import { FlowCounts } from "./counts.ts";
import { HistoryMemory } from "./history.ts";
import { Stream } from "./stream.ts";

const ORIGIN = { acknowledgement: 0, hasAcknowledgement: false, timeNs: 0n };

function newStream(start: number, budget = new Budget(Infinity)) {
  const counts = new FlowCounts();
  const stream = new Stream(counts, budget, new HistoryMemory().create());
  stream.anchor(start | 0);
  return { counts, stream, budget };
}

/** Hold a segment, then take out all that is due. */
function offer(stream: Stream, sequence: number, bytes: Uint8Array, out: number[]): void {
  stream.hold(sequence | 0, bytes, 0, bytes.length, 0, false, ORIGIN);
  for (let due = stream.due(); due !== undefined; due = stream.due()) {
    stream.remove(due);
    stream.next = (stream.next + due.length) | 0;
    out.push(...(due.bytes ?? []));
  }
}

/** Pieces of a stream, overlapping and repeated as they please, that together hold all of it. */
const arrivals = fc.uint8Array({ minLength: 1, maxLength: 120 }).chain((content) =>
  fc
    .array(fc.tuple(fc.nat({ max: content.length - 1 }), fc.integer({ min: 1, max: 40 })), {
      maxLength: 30,
    })
    .chain((extra) => {
      const whole: [number, number][] = [];
      for (let at = 0; at < content.length; at += 7) whole.push([at, 7]);
      const pieces = [...whole, ...extra];
      return fc
        .shuffledSubarray(pieces, { minLength: pieces.length })
        .map((order) => ({ content, order }));
    }),
);

test("any order, overlap and repetition of segments gives the same bytes, across the wrap of sequence numbers too", (t) => {
  fc.assert(
    fc.property(arrivals, fc.integer({ min: -150, max: 10 }), ({ content, order }, start) => {
      const { stream, budget } = newStream(start);
      const out: number[] = [];
      for (const [at, length] of order) {
        offer(stream, start + at, content.subarray(at, at + length), out);
      }
      t.deepEqual(Uint8Array.from(out), content);
      t.is(stream.held.length, 0);
      t.is(budget.used, 0);
    }),
  );
});

test("of bytes that are held twice the first to arrive wins, and a difference is counted", (t) => {
  const { stream, counts } = newStream(100);
  const out: number[] = [];
  offer(stream, 102, Uint8Array.of(3, 4), out);
  offer(stream, 101, Uint8Array.of(2, 9, 4, 5), out);
  offer(stream, 100, Uint8Array.of(1), out);
  t.deepEqual(out, [1, 2, 3, 4, 5]);
  t.is(counts.conflictingOverlaps, 1);
});

test("a FIN is due only after all that stands before it", (t) => {
  const { stream } = newStream(0);
  stream.hold(3, new Uint8Array(0), 0, 0, 0, true, ORIGIN);
  t.is(stream.due(), undefined);
  stream.hold(0, Uint8Array.of(1, 2, 3), 0, 3, 0, false, ORIGIN);
  const first = stream.due()!;
  t.deepEqual([...first.bytes!], [1, 2, 3]);
  stream.remove(first);
  stream.next = 3;
  t.true(stream.due()!.isFin);
});

test("what is held is limited by the budget, and given back", (t) => {
  const { stream, budget } = newStream(0, new Budget(2_000));
  let at = 10;
  while (stream.hold(at, new Uint8Array(100), 0, 100, 0, false, ORIGIN)) at += 200;
  t.true(budget.used <= 2_000);
  stream.dropHeld();
  t.is(budget.used, 0);
});
