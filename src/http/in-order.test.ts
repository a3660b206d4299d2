import test from "ava";
import fc from "fast-check";
import { InOrder } from "./in-order.ts";

test("records come out in the order of their requests, whatever order the responses come in", (t) => {
  const orders = fc.integer({ min: 0, max: 60 }).chain((length) => {
    const list = Array.from({ length }, (_, order) => order);
    return fc.shuffledSubarray(list, { minLength: length });
  });
  fc.assert(
    fc.property(orders, (list) => {
      const out: number[] = [];
      const inOrder = new InOrder<number>((item) => out.push(item));
      for (const order of list) inOrder.push(order, order);
      inOrder.finish();
      t.deepEqual(
        out,
        [...list].sort((a, b) => a - b),
      );
    }),
  );
});

test("a response that never comes holds up a bounded number of records", (t) => {
  const out: number[] = [];
  const inOrder = new InOrder<number>((item) => out.push(item), 10);
  for (let order = 1; order <= 100; order++) inOrder.push(order, order);
  t.true(out.length >= 90);
  inOrder.push(0, 0);
  t.is(inOrder.late, 1);
  inOrder.finish();
  t.is(out.length, 101);
});
