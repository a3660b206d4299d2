import test from "ava";
import fc from "fast-check";
import { Random } from "../../src/base/random.ts";
import { OutOfOrder } from "./out-of-order.ts";
import { SendBuffer } from "./send-buffer.ts";

test("the send buffer gives back any part of what was written, until it is released", (t) => {
  const sizes = fc.array(fc.integer({ min: 0, max: 6000 }), { minLength: 1, maxLength: 40 });
  const draws = fc.array(fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.nat(3000)));
  fc.assert(
    fc.property(sizes, draws, (pieces, looks) => {
      const total = pieces.reduce((a, b) => a + b);
      const all = Random.from(total).bytes(total);
      const buffer = new SendBuffer(1);
      let at = 0;
      for (const size of pieces) {
        buffer.append(all.subarray(at, at + size));
        at += size;
      }
      t.is(buffer.end, 1 + total);
      let start = 0;
      for (const [fraction, wanted] of looks) {
        const from = start + Math.floor(fraction * (total - start));
        const length = Math.min(wanted, total - from);
        const slice = buffer.slice(1 + from, length);
        t.is(Buffer.compare(slice, all.subarray(from, from + length)), 0);
        if (fraction < 0.2) {
          start = from;
          buffer.release(1 + from);
        }
        t.is(buffer.length, total - start);
      }
    }),
  );
});

test("the send buffer keeps its own copy of what was written", (t) => {
  const buffer = new SendBuffer(0);
  const bytes = new Uint8Array(10_000).fill(1);
  buffer.append(bytes);
  bytes.fill(2);
  t.is(buffer.slice(9_000, 1)[0], 1);
});

test("pieces out of order come out in order, without overlap, the first bytes winning", (t) => {
  const piece = fc.record({ start: fc.nat(100), length: fc.integer({ min: 1, max: 30 }) });
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
      const queue = new OutOfOrder(1000);
      const model = new Map<number, number>();
      pieces.forEach(({ start, length }, i) => {
        t.true(queue.insert(start, new Uint8Array(length).fill(i)));
        for (let at = start; at < start + length; at++) if (!model.has(at)) model.set(at, i);
      });
      for (let at = 0; at < 140; at++) {
        const bytes = queue.take(at);
        if (bytes === null) {
          t.false(model.has(at));
          continue;
        }
        for (const byte of bytes) t.is(byte, model.get(at++) ?? -1);
        at--;
      }
      t.true(queue.empty);
    }),
  );
});

test("there is a limit to the pieces that are kept out of order", (t) => {
  const queue = new OutOfOrder(3);
  for (const start of [10, 20, 30]) t.true(queue.insert(start, Uint8Array.of(1)));
  t.false(queue.insert(40, Uint8Array.of(1)));
  t.true(queue.insert(20, Uint8Array.of(1)));
});
