import test from "ava";
import fc from "fast-check";
import { InputError } from "../base/errors.ts";
import { fitScale, restore, standardise } from "./scale.ts";

test("a column is standardised to mean 0 and sample deviation 1", (t) => {
  const scale = fitScale([[1], [2], [3], [4]]);
  t.deepEqual(scale, { center: [2.5], scale: [Math.sqrt(5 / 3)] });
  t.deepEqual(standardise(scale, [2.5]), [0]);
});

test("a column that does not vary is divided by 1, also where its mean is rounded", (t) => {
  const scale = fitScale([
    [0.1, 1],
    [0.1, 2],
    [0.1, 3],
  ]);
  t.is(scale.scale[0], 1);
  t.is(fitScale([[5, 7]]).scale[0], 1);
});

test("no rows and values that are no finite number are refused", (t) => {
  t.throws(() => fitScale([]), { instanceOf: InputError });
  t.throws(() => fitScale([[Number.NaN]]), { instanceOf: InputError });
});

const table = fc.array(
  fc.array(fc.integer({ min: -1e6, max: 1e6 }), { minLength: 2, maxLength: 2 }),
  {
    minLength: 2,
    maxLength: 30,
  },
);

test("another unit or zero point of a column changes no standardised value", (t) => {
  fc.assert(
    fc.property(table, fc.integer({ min: 1, max: 1000 }), fc.integer(), (rows, factor, shift) => {
      const other = rows.map(([x, y]) => [x! * factor + (shift % 1000), y!]);
      const scaled = rows.map((row) => standardise(fitScale(rows), row));
      const scaledOther = other.map((row) => standardise(fitScale(other), row));
      const varies = rows.some((row) => row[0] !== rows[0]![0]);
      return scaled.every((row, i) => !varies || Math.abs(row[0]! - scaledOther[i]![0]!) < 1e-6);
    }),
  );
  t.pass();
});

test("what is standardised can be restored", (t) => {
  fc.assert(
    fc.property(table, (rows) => {
      const scale = fitScale(rows);
      return rows.every((row) =>
        restore(scale, standardise(scale, row)).every((v, j) => Math.abs(v - row[j]!) < 1e-6),
      );
    }),
  );
  t.pass();
});
