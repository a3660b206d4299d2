import test from "ava";
import fc from "fast-check";
import { checksumOf, sumBytes } from "../wire/checksum.ts";
import { dissect } from "../wire/dissect.ts";
import { Dissection, OUTCOME } from "../wire/dissection.ts";
import { Budget } from "./budget.ts";
import { FlowCounts } from "./counts.ts";
import { FragmentTable } from "./fragments.ts";
import { RAW_IP, segment } from "./segments.fixture.ts";

const PAYLOAD = Array.from({ length: 300 }, (_, i) => String.fromCharCode(97 + (i % 26))).join("");
const WHOLE = segment({ from: "client", flags: "PA", sequence: 1, payload: PAYLOAD }).bytes;

/** Bytes [from, to) of the payload of the IPv4 datagram as a fragment. */
function ipv4Fragment(from: number, to: number, source = WHOLE): Uint8Array {
  const payload = source.subarray(20);
  const end = Math.min(to, payload.length);
  const bytes = new Uint8Array(20 + end - from);
  bytes.set(source.subarray(0, 20));
  bytes.set(payload.subarray(from, end), 20);
  const view = new DataView(bytes.buffer);
  view.setUint16(2, bytes.length);
  view.setUint16(4, 77);
  view.setUint16(6, (end < payload.length ? 0x2000 : 0) | (from >> 3));
  return bytes;
}

function ipv6Fragment(from: number, to: number): Uint8Array {
  const payload = WHOLE.subarray(20);
  const end = Math.min(to, payload.length);
  const bytes = new Uint8Array(48 + end - from);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, 0x60000000);
  view.setUint16(4, 8 + end - from);
  view.setUint16(6, 0x2c40);
  view.setUint32(8, 0x20010db8);
  view.setUint32(24, 0x20010db9);
  view.setUint16(40, 0x0600);
  view.setUint16(42, from | (end < payload.length ? 1 : 0));
  view.setUint32(44, 99);
  bytes.set(payload.subarray(from, end), 48);
  return bytes;
}

function reassemble(fragments: readonly Uint8Array[]) {
  const counts = new FlowCounts();
  const budget = new Budget(Infinity);
  const table = new FragmentTable(counts, budget);
  const d = new Dissection();
  const payloads: string[] = [];
  for (const bytes of fragments) {
    dissect(d, RAW_IP, bytes, 0, bytes.length, bytes.length);
    const whole = table.add(d, bytes, 0n);
    if (whole === null) continue;
    if (d.outcome !== OUTCOME.tcp) continue;
    payloads.push(Buffer.from(whole.subarray(d.payloadStart, d.payloadEnd)).toString());
  }
  table.finish();
  return { payloads, counts, used: budget.used };
}

const cuts = fc
  .uniqueArray(fc.integer({ min: 1, max: 39 }), { maxLength: 8 })
  .map((list) => [0, ...list.map((cut) => cut * 8).sort((a, b) => a - b), 1_000]);

const inAnyOrder = cuts.chain((list) => {
  const ranges = list.slice(1).map((to, i): [number, number] => [list[i]!, to]);
  return fc.shuffledSubarray(ranges, { minLength: ranges.length });
});

for (const [name, make] of [
  ["IPv4", ipv4Fragment],
  ["IPv6", ipv6Fragment],
] as const) {
  test(`${name} fragments in any order give the datagram`, (t) => {
    fc.assert(
      fc.property(inAnyOrder, (ranges) => {
        // A single piece is no fragment.
        if (ranges.length < 2) return;
        const { payloads, used } = reassemble(ranges.map(([from, to]) => make(from, to)));
        t.deepEqual(payloads, [PAYLOAD]);
        t.is(used, 0);
      }),
    );
  });
}

/** A copy of the datagram with other text in it and the TCP checksum of `meant`. */
function altered(meant: Uint8Array, text?: string): Uint8Array {
  const bytes = meant.slice();
  const view = new DataView(bytes.buffer);
  view.setUint16(36, 0);
  const sum = sumBytes(bytes, 12, 20) + 6 + (bytes.length - 20) + sumBytes(bytes, 20, bytes.length);
  view.setUint16(36, checksumOf(sum));
  if (text !== undefined) bytes.fill(text.charCodeAt(0), 40);
  return bytes;
}

const overlapping = (first: Uint8Array, later: Uint8Array) =>
  reassemble([
    ipv4Fragment(0, 160, first),
    ipv4Fragment(80, 240, later),
    ipv4Fragment(240, 1_000, first),
  ]);

/** What stands at bytes 80 to 159 of the datagram, in the TCP payload. */
const shared = (payload: string | undefined) => payload?.slice(60, 140);

test("of IPv4 fragments that overlap and differ the later is taken (RFC 791), and the difference counted", (t) => {
  const other = WHOLE.slice();
  other.fill(33, 40);
  const { payloads, counts, used } = overlapping(WHOLE, other);
  t.is(shared(payloads[0]), "!".repeat(80));
  t.is(payloads[0]!.slice(0, 60), PAYLOAD.slice(0, 60));
  t.is(counts.fragmentOverlaps, 1);
  t.is(counts.conflictingFragments, 1);
  t.is(used, 0);
});

test("of IPv4 fragments that overlap and differ the one is taken that the TCP checksum is for", (t) => {
  const meant = altered(WHOLE);
  const forged = altered(WHOLE, "!");
  // Outside of the overlap the two must say the same, or the checksum would fit neither.
  const late = meant.slice();
  late.set(forged.subarray(100, 180), 100);
  const { payloads, counts } = overlapping(meant, late);
  t.is(shared(payloads[0]), shared(PAYLOAD));
  t.is(shared(overlapping(late, meant).payloads[0]), shared(PAYLOAD));
  t.is(counts.conflictingFragments, 1);
});

test("overlapping IPv6 fragments are thrown away, exact repetitions are not", (t) => {
  t.deepEqual(reassemble([ipv6Fragment(0, 160), ipv6Fragment(80, 1_000)]).payloads, []);
  t.deepEqual(
    reassemble([ipv6Fragment(0, 160), ipv6Fragment(0, 160), ipv6Fragment(160, 1_000)]).payloads,
    [PAYLOAD],
  );
});

test("what comes of an IPv6 datagram after an overlap goes the same way (RFC 5722 §4)", (t) => {
  const { payloads, counts, used } = reassemble([
    ipv6Fragment(0, 160),
    ipv6Fragment(80, 160),
    ipv6Fragment(0, 160),
    ipv6Fragment(160, 1_000),
  ]);
  t.deepEqual(payloads, []);
  t.is(counts.refusedDatagrams, 1);
  t.is(counts.incompleteDatagrams, 0);
  t.is(used, 0);
});

test("a datagram of which a part never comes is counted", (t) => {
  const { payloads, counts, used } = reassemble([ipv4Fragment(0, 160), ipv6Fragment(160, 1_000)]);
  t.deepEqual(payloads, []);
  t.is(counts.incompleteDatagrams, 2);
  t.is(used, 0);
});

test("fragments whose datagram never gets whole are bounded", (t) => {
  const fragments = Array.from({ length: 10_000 }, (_, id) => {
    const bytes = ipv4Fragment(0, 160);
    new DataView(bytes.buffer).setUint16(4, id);
    return bytes;
  });
  const { counts, used } = reassemble(fragments);
  t.true(counts.evictedFragments > 5_000);
  t.true(used < 1_000_000);
});
