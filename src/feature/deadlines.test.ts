import test from "ava";
import fc from "fast-check";
import { Deadlines } from "./deadlines.ts";

test("deadlines come earliest first, equal ones in the order in which they were set", (t) => {
  fc.assert(
    fc.property(fc.array(fc.bigInt({ min: 0n, max: 9n })), (times) => {
      const deadlines = new Deadlines<number>();
      for (const [i, atNs] of times.entries()) deadlines.push(i, atNs);
      const order: number[] = [];
      for (let next = deadlines.next; next !== undefined; next = deadlines.next) {
        order.push(next.item);
        deadlines.pop();
      }
      const expected = times
        .map((atNs, i) => ({ atNs, i }))
        .sort((a, b) => Number(a.atNs - b.atNs))
        .map(({ i }) => i);
      t.deepEqual(order, expected);
    }),
  );
});
