import test from "ava";
import fc from "fast-check";
import { Random } from "../base/random.ts";
import type { ZeusBehaviour } from "./behaviour.ts";
import { planSession } from "./session-plan.ts";

const traffic = {
  answerBytes: { mean: 540, sd: 200, min: 300, max: 850 },
  answerSpread: 0.3,
  requests: { mean: 6, sd: 3, min: 3, max: 20 },
};
const behaviours: ZeusBehaviour[] = [
  { ...traffic, command: "user_cookies_get" },
  { ...traffic, command: "user_homepage_set", homepage: "http://start.example/" },
  { ...traffic, command: "os_shutdown" },
];
const anyPlan = fc
  .record({ behaviour: fc.constantFrom(...behaviours), seed: fc.nat() })
  .map(({ behaviour, seed }) => planSession(behaviour, Random.from(seed)));

test("a session tells the bot to sleep once, at its end, and gives one order", (t) => {
  fc.assert(
    fc.property(anyPlan, (plan) => {
      t.deepEqual(
        plan.map(({ answer }) => answer.next),
        plan.map((_, i) => (i === plan.length - 1 ? "sleep" : "continue")),
      );
      t.is(plan.filter(({ answer }) => answer.order !== null).length, 1);
      t.is(plan[0]?.answer.order, null);
    }),
  );
});

test("what an order makes the bot send fits into the session, and a shutdown is its last act", (t) => {
  fc.assert(
    fc.property(anyPlan, (plan) => {
      const at = plan.findIndex(({ answer }) => answer.order !== null);
      const order = plan[at]?.answer.order;
      const left = plan.length - 1 - at;
      if (order?.command === "user_cookies_get") t.true(order.posts >= 1 && order.posts <= left);
      else if (order?.command === "os_shutdown") t.is(left, 1);
      else t.true(left >= 1);
    }),
  );
});

test("numbers and lengths stay within the bounds of the scenario", (t) => {
  fc.assert(
    fc.property(anyPlan, (plan) => {
      t.true(plan.length >= 3 && plan.length <= 20);
      t.true(
        plan.every(({ length }) => length >= 300 && length <= 850 && Number.isInteger(length)),
      );
    }),
  );
});
