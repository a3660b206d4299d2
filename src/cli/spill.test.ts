import test from "ava";
import fc from "fast-check";
import { Spill } from "./spill.ts";

test("what is put away comes back as it was, in any order, whatever fits into memory", (t) => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ maxLength: 300 })),
      fc.integer({ min: 0, max: 1_000 }),
      (pieces, heldMax) => {
        using spill = new Spill(heldMax);
        const kept = pieces.map((piece) => [piece, spill.keep(piece)] as const);
        for (const [piece, place] of kept.toReversed())
          t.deepEqual(Uint8Array.from(spill.take(place)), piece);
      },
    ),
    { numRuns: 50 },
  );
});

test("memory that was given back is used again", (t) => {
  using spill = new Spill(10);
  const first = spill.keep(new Uint8Array(10));
  t.false(spill.keep(new Uint8Array(1)) instanceof Uint8Array);
  spill.take(first);
  t.true(spill.keep(new Uint8Array(10)) instanceof Uint8Array);
});
