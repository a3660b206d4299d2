import test from "ava";
import * as fc from "fast-check";
import { TimeUnit } from "./time-unit.ts";

test("every resolution gives the nanoseconds that exact arithmetic gives", (t) => {
  const word = fc.integer({ min: 0, max: 0xffffffff });
  const resolution = fc.oneof(
    fc.integer({ min: 0, max: 19 }),
    fc.integer({ min: 0, max: 63 }).map((power) => 0x80 | power),
  );
  fc.assert(
    fc.property(word, word, resolution, (high, low, code) => {
      const unit = new TimeUnit(code);
      unit.set(high, low);
      const base = (code & 0x80) === 0 ? 10n : 2n;
      const perSecond = base ** BigInt(code & 0x7f);
      const ticks = (BigInt(high) << 32n) | BigInt(low);
      const seconds = ticks / perSecond;
      // A double holds no more: nobody has captured in such a time.
      if (seconds > BigInt(Number.MAX_SAFE_INTEGER)) return;
      t.is(BigInt(unit.seconds), seconds);
      t.is(BigInt(unit.nanoseconds), ((ticks % perSecond) * 1_000_000_000n) / perSecond);
    }),
    { numRuns: 1_000 },
  );
});

test("the default is microseconds, and the offset is added", (t) => {
  const unit = new TimeUnit(undefined, -5);
  unit.set(0, 7_000_003);
  t.is(unit.seconds, 2);
  t.is(unit.nanoseconds, 3_000);
});
