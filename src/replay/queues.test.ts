import test from "ava";
import fc from "fast-check";
import { REPLAY_LIMITS } from "../base/limits.ts";
import { ReceiveQueue } from "./receive-queue.ts";
import { SendQueue } from "./send-queue.ts";

const stream = (length: number) => Uint8Array.from({ length }, (_, i) => (i * 7) & 0xff);

test("pieces in any order, cut anywhere and repeated, come out as the stream", (t) => {
  const piece = fc.record({ at: fc.nat(300), length: fc.integer({ min: 1, max: 80 }) });
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 60 }), fc.nat(), (pieces, rotation) => {
      const whole = stream(400);
      const queue = new ReceiveQueue();
      const read: number[] = [];
      const insert = (at: number, length: number) => {
        for (const bytes of queue.insert(at, whole.subarray(at, at + length))) read.push(...bytes);
        t.is(queue.next, read.length);
      };
      for (const { at, length } of pieces) insert(at, length);
      // Then everything, beginning in the middle.
      const tiles = Array.from({ length: 10 }, (_, i) => ((i + rotation) % 10) * 40);
      for (const at of tiles) insert(at, 40);
      t.deepEqual(Uint8Array.from(read), whole);
      t.false(queue.hasGap);
    }),
  );
});

test("what lies ahead is kept up to a limit, and what does not fit comes again", (t) => {
  const queue = new ReceiveQueue();
  const piece = new Uint8Array(100);
  for (let i = 0; i < 2 * REPLAY_LIMITS.aheadSegmentsMax; i++) queue.insert(1 + i * 200, piece);
  queue.insert(0, new Uint8Array(1));
  t.is(queue.next, 101);
  for (let i = 0; i < REPLAY_LIMITS.aheadSegmentsMax; i++) queue.insert(101 + i * 200, piece);
  t.true(queue.next >= 200 * REPLAY_LIMITS.aheadSegmentsMax);
});

test("bytes to send can be read from any place until they are released", (t) => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 50 }), { minLength: 1 }),
      fc.array(fc.tuple(fc.nat(400), fc.nat(100))),
      (lengths, reads) => {
        const whole = stream(lengths.reduce((sum, length) => sum + length, 0));
        const queue = new SendQueue();
        let at = 0;
        for (const length of lengths) {
          queue.push(whole.subarray(at, at + length));
          at += length;
        }
        t.is(queue.end, whole.length);
        for (const [offset, length] of reads) {
          const from = Math.max(queue.start, Math.min(offset, whole.length));
          t.deepEqual(Uint8Array.from(queue.read(from, length)), whole.slice(from, from + length));
          if (length % 3 === 0) queue.release(from);
        }
        queue.release(whole.length);
        t.is(queue.pieces, 0);
      },
    ),
  );
});
