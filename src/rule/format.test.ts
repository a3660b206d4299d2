import test from "ava";
import fc from "fast-check";
import { formatRule, formatRules } from "./format.ts";
import { parseRule, parseRules } from "./parse.ts";
import { anyRule } from "./rule.fixture.ts";

test("every rule reads back as it was written", (t) => {
  fc.assert(
    fc.property(anyRule, (rule) => {
      t.deepEqual(parseRule(formatRule(rule)), rule);
    }),
    { numRuns: 2000 },
  );
  t.pass();
});

test("a file of rules reads back as it was written", (t) => {
  fc.assert(
    fc.property(fc.array(anyRule, { maxLength: 10 }), (rules) => {
      t.deepEqual(parseRules(formatRules(rules)), rules);
    }),
  );
  t.pass();
});
