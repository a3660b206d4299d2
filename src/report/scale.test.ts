import test from "ava";
import fc from "fast-check";
import { extent, Scale } from "./scale.ts";

test("ticks are round numbers inside the domain", (t) => {
  t.deepEqual(new Scale({ min: -1.24, max: 1.1 }, 0, 100).ticks(5), [-1, -0.5, 0, 0.5, 1]);
  t.deepEqual(new Scale({ min: 0, max: 0.3 }, 0, 100).ticks(3), [0, 0.1, 0.2, 0.3]);
});

test("values that differ by rounding alone still make a drawing", (t) => {
  const { min, max } = extent([0, 5e-324], 0.05);
  t.true(max - min >= 2);
  t.true(new Scale(extent([1e9, 1e9 + 1e-7]), 0, 500).ticks(8).length > 1);
});

test("whatever the values, the ticks are few, in order and inside", (t) => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: -1e9, max: 1e9, noNaN: true }), { maxLength: 20 }),
      (values) => {
        const scale = new Scale(extent(values, 0.05), 0, 500);
        const ticks = scale.ticks(8);
        t.true(ticks.length <= 9);
        for (const [i, tick] of ticks.entries()) {
          t.true(scale.at(tick) >= -0.001 && scale.at(tick) <= 500.001);
          if (i > 0) t.true(tick > (ticks[i - 1] as number));
        }
      },
    ),
  );
});
