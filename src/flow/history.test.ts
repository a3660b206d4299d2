import test from "ava";
import fc from "fast-check";
import { HistoryMemory } from "./history.ts";

test("a repetition of the same bytes is never taken for a different one, in whatever length", (t) => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 400 }), fc.nat(), (bytes, cut) => {
      const history = new HistoryMemory().create();
      history.note(7, bytes, 0, bytes.length);
      t.false(history.differs(7, bytes, 0, 1 + (cut % bytes.length)));
    }),
  );
});

test("an answer that is injected before the true one is noticed", (t) => {
  const history = new HistoryMemory().create();
  const forged = Buffer.from("HTTP/1.1 302 Found\r\nLocation: http://elsewhere.example/\r\n\r\n");
  const genuine = Buffer.from("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  history.note(1, forged, 0, forged.length);
  t.true(history.differs(1, genuine, 0, genuine.length));
});

/** Sequence numbers near the wrap, as far as tests can reach. */
const anySequence = fc.integer({ min: -0x8000_0000, max: 0x7fff_ffff });

test("the same bytes are never taken for different ones, wherever the segments are cut", (t) => {
  const bytes = fc.uint8Array({ minLength: 1, maxLength: 400 });
  const cut = fc.nat({ max: 400 });
  fc.assert(
    fc.property(bytes, anySequence, cut, cut, cut, (stream, sequence, a, b, c) => {
      const history = new HistoryMemory().create();
      const [x, y] = [a % stream.length, b % stream.length].sort((left, right) => left - right);
      for (const [from, to] of [
        [0, x],
        [x, y],
        [y, stream.length],
      ] as const) {
        if (to! > from!) history.note((sequence + from!) | 0, stream, from!, to!);
      }
      const at = c % stream.length;
      t.false(history.differs((sequence + at) | 0, stream, at, stream.length));
    }),
  );
});

test("bytes that differ where two segments overlap in part are noticed, wherever the second begins", (t) => {
  const lengths = fc.integer({ min: 1, max: 1_460 });
  fc.assert(
    fc.property(lengths, fc.nat(), lengths, anySequence, (length, shift, more, sequence) => {
      const history = new HistoryMemory().create();
      const first = new Uint8Array(length).fill(0x61);
      history.note(sequence, first, 0, length);
      const at = shift % length;
      const second = new Uint8Array(length - at + more).fill(0x62);
      t.true(history.differs((sequence + at) | 0, second, 0, second.length));
      t.true(history.differs((sequence - more) | 0, second, 0, more + 1));
      t.false(history.differs((sequence + length) | 0, second, 0, second.length));
    }),
  );
});
