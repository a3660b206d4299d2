import test from "ava";
import * as fc from "fast-check";
import { adjustChecksum, checksumOf, foldSum, internetChecksum, sumBytes } from "./checksum.ts";
import { unhex } from "./wire.fixture.ts";

/** RFC 1071 §4.1 word by word. */
function slowSum(bytes: Uint8Array): number {
  let sum = 0;
  for (let i = 0; i < bytes.length; i += 2) {
    sum += (bytes[i]! << 8) + (bytes[i + 1] ?? 0);
    if (sum > 0xffff) sum -= 0xffff;
  }
  return sum;
}

test("the example of RFC 1071", (t) => {
  t.is(foldSum(sumBytes(unhex("0001f203f4f5f6f7"))), 0xddf2);
  t.is(internetChecksum(unhex("0001f203f4f5f6f7")), 0x220d);
});

test("any part of any memory gives the sum of its words, wherever it begins", (t) => {
  const bytes = fc.oneof(
    fc.uint8Array({ minLength: 60, maxLength: 300 }),
    fc.uint8Array({ maxLength: 60 }),
    fc.integer({ min: 48, max: 200 }).map((length) => new Uint8Array(length).fill(0xff)),
    fc.integer({ min: 48, max: 200 }).map((length) => new Uint8Array(length)),
  );
  fc.assert(
    fc.property(bytes, fc.nat(7), fc.nat(9), fc.nat(9), (content, offset, from, to) => {
      const memory = new Uint8Array(content.length + 8).fill(0xaa);
      memory.set(content, offset);
      const view = memory.subarray(offset, offset + content.length);
      const start = Math.min(from, view.length);
      const end = Math.max(start, view.length - to);
      t.is(foldSum(sumBytes(view, start, end)), slowSum(view.subarray(start, end)));
    }),
    { numRuns: 2_000 },
  );
});

test("a sum near 2^53 is folded exactly", (t) => {
  const fold = (sum: bigint) => (sum === 0n ? 0 : Number(sum % 65_535n) || 65_535);
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 2n ** 53n - 1n }), (sum) => {
      t.is(foldSum(Number(sum)), fold(sum));
    }),
  );
});

test("a changed word changes the checksum as if it were computed anew", (t) => {
  const even = fc.uint8Array({ minLength: 2, maxLength: 60 }).filter((b) => b.length % 2 === 0);
  fc.assert(
    fc.property(even, fc.nat(), fc.integer({ min: 0, max: 0xffff }), (bytes, place, word) => {
      // A header is never all zero: there the two ways of writing zero differ (RFC 1624 §3).
      bytes[0] = 0x45;
      const at = bytes.length === 2 ? 0 : 2 + 2 * (place % (bytes.length / 2 - 1));
      if (at === 0) return;
      const before = sumBytes(bytes, at, at + 2);
      const changed = bytes.slice();
      changed[at] = word >>> 8;
      changed[at + 1] = word & 0xff;
      t.is(adjustChecksum(internetChecksum(bytes), before, word), internetChecksum(changed));
    }),
    { numRuns: 1_000 },
  );
});

test("the checksum of nothing", (t) => {
  t.is(internetChecksum(new Uint8Array(0)), 0xffff);
  t.is(checksumOf(0xffff), 0);
});
