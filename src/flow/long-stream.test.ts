import test from "ava";
import { dissect } from "../wire/dissect.ts";
import { Dissection } from "../wire/dissection.ts";
import { Budget } from "./budget.ts";
import { FlowCounts } from "./counts.ts";
import { INTEREST, Moment } from "./handler.ts";
import { RAW_IP, segment } from "./segments.fixture.ts";
import { FlowTracker } from "./tracker.ts";

const SEGMENT_BYTES = 65_000;
const TWO_WRAPS = 2 * 2 ** 32;
const FIRST = 0xffff_0000;

/** One client's stream, each byte telling where in the stream it is (modulo 251), read back and checked. */
function newReader() {
  const counts = new FlowCounts();
  const budget = new Budget(64 * 1024 * 1024);
  const seen = { bytes: 0, gaps: 0, wrong: 0, closes: 0 };
  const tracker = new FlowTracker({
    counts,
    budget,
    moment: new Moment(),
    wakes: () => false,
    createHandler: () => ({
      open: () => undefined,
      data: (_direction, bytes, start, end) => {
        // The first and the last byte tell whether the piece is the right one.
        if (bytes[start] !== seen.bytes % 251) seen.wrong++;
        seen.bytes += end - start;
        if (bytes[end - 1] !== (seen.bytes - 1) % 251) seen.wrong++;
      },
      gap: (_direction, count) => {
        seen.bytes += count;
        seen.gaps += count;
      },
      end: () => undefined,
      close: () => {
        seen.closes++;
      },
      interest: INTEREST.all,
    }),
  });
  return { counts, budget, seen, tracker };
}

test("a stream of more than 8 GB is delivered byte for byte, out of order and lost segments included", (t) => {
  const { counts, budget, seen, tracker } = newReader();
  const d = new Dissection();
  const payload = new Uint8Array(SEGMENT_BYTES);
  const { bytes } = segment({ from: "client", flags: "A", sequence: 0, payload });
  const view = new DataView(bytes.buffer);
  // Every content that a segment can have stands somewhere in here.
  const pattern = Uint8Array.from({ length: SEGMENT_BYTES + 251 }, (_, i) => i % 251);
  const send = (at: number) => {
    view.setUint32(24, (FIRST + 1 + at) % 2 ** 32);
    bytes.set(pattern.subarray(at % 251, (at % 251) + SEGMENT_BYTES), 40);
    dissect(d, RAW_IP, bytes, 0, bytes.length, bytes.length);
    tracker.segment(d, bytes);
  };
  const syn = segment({ from: "client", flags: "S", sequence: FIRST });
  dissect(d, RAW_IP, syn.bytes, 0, syn.bytes.length, syn.bytes.length);
  tracker.segment(d, syn.bytes);

  const segments = Math.ceil(TWO_WRAPS / SEGMENT_BYTES) + 10;
  const lost = new Set([5, 66_080, 132_150]);
  for (let i = 0; i < segments; i += 2) {
    // In pairs, the second first.
    for (const j of [i + 1, i]) if (!lost.has(j)) send(j * SEGMENT_BYTES);
  }
  tracker.finish();

  t.true(seen.bytes > TWO_WRAPS);
  t.is(seen.gaps, lost.size * SEGMENT_BYTES);
  t.is(seen.wrong, 0);
  t.is(seen.closes, 1);
  t.is(counts.connections, 1);
  t.is(counts.gaps, lost.size);
  t.is(counts.retransmissions + counts.conflictingOverlaps + counts.outOfWindow, 0);
  t.is(budget.used, 0);
  t.true(budget.peak <= 9 * 1024 * 1024);
});
