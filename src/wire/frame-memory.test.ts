import test from "ava";
import * as fc from "fast-check";
import { allocateFrame } from "./frame-memory.ts";

test("frames never share bytes and come zeroed, whatever their lengths", (t) => {
  const length = fc.oneof(fc.integer({ min: 0, max: 1_600 }), fc.integer({ min: 0, max: 70_000 }));
  fc.assert(
    fc.property(fc.array(length, { maxLength: 80 }), (lengths) => {
      const frames = lengths.map((bytes) => {
        const frame = allocateFrame(bytes);
        t.is(frame.length, bytes);
        t.true(frame.every((byte) => byte === 0));
        return frame;
      });
      for (const [i, frame] of frames.entries()) frame.fill((i % 255) + 1);
      for (const [i, frame] of frames.entries())
        t.true(frame.every((byte) => byte === (i % 255) + 1));
    }),
    { numRuns: 30 },
  );
});

test("behind an Ethernet header a packet is aligned to four bytes", (t) => {
  for (const length of [60, 61, 1_514, 20_000])
    t.is((allocateFrame(length).byteOffset + 14) % 4, 0);
});
