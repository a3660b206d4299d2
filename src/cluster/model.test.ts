import test from "ava";
import fc from "fast-check";
import { InputError } from "../base/errors.ts";
import { Random } from "../base/random.ts";
import { fit as train } from "./fit.ts";
import { formatModel, parseModel } from "./model.ts";
import { behaviours, drawBatch, sites } from "./observations-fixture.ts";

const draws = Random.from(1);
const { model } = train({
  ...drawBatch(draws, behaviours, 10),
  benign: drawBatch(draws, sites, 5).observations,
  k: 3,
  seed: "s",
});
const text = formatModel(model);

test("a model survives being written and read", (t) => {
  t.deepEqual(parseModel(text), model);
  t.is(formatModel(parseModel(text)), text);
  t.true(text.endsWith("}\n"));
});

test("the text does not depend on the order of the keys", (t) => {
  const reversed = (value: unknown): unknown =>
    Array.isArray(value)
      ? value.map(reversed)
      : typeof value === "object" && value !== null
        ? Object.fromEntries(
            Object.entries(value)
              .toReversed()
              .map(([key, inner]) => [key, reversed(inner)]),
          )
        : value;
  t.is(formatModel(parseModel(JSON.stringify(reversed(model)))), text);
});

const refused = test.macro({
  exec: (t, _what: string, bad: string, line: string) => {
    const error = t.throws(() => parseModel(bad, "m.json"), { instanceOf: InputError });
    t.is(error?.line, line);
  },
  title: (_, what: string) => `a model with ${what} is refused`,
});
const changed = (change: object) => JSON.stringify({ ...model, ...change });
const known = "response_bytes_mean, php_requests, response_bytes_total";

test(
  refused,
  "another version",
  changed({ version: 2, unheard: "of" }),
  "m.json: model version 2; this program reads version 1 (train again)",
);
test(refused, "another format", changed({ format: "x" }), "m.json: is no isoreplay model");
test(refused, "nothing but a number", "17", "m.json: is no isoreplay model");
test(refused, "nothing but null", "null", "m.json: is no isoreplay model");
test(
  refused,
  "a field too much",
  changed({ extra: 1 }),
  'm.json: is no valid model: Unrecognized key: "extra" (train again)',
);
test(
  refused,
  "a centre of the wrong size",
  changed({ benign: [{ label: "b", centre: [1], size: 1, radius: 1 }] }),
  "m.json: is no valid model: benign[0].centre: has 1 numbers for 2 columns (train again)",
);
test(
  refused,
  "a column that is there twice",
  changed({ columns: ["php_requests", "php_requests"] }),
  "m.json: is no valid model: columns[1]: php_requests is there twice (train again)",
);

test("a model with a column of another program is refused, and the columns there are are named", (t) => {
  const error = t.throws(() => parseModel(changed({ columns: ["x", "php_requests"] })), {
    instanceOf: InputError,
  });
  t.true(
    error?.message.startsWith(
      `is no valid model: columns[0]: no column is named "x"; there are: ${known}`,
    ),
  );
});

test("a text that is no JSON is refused with the parser's reason", (t) => {
  t.throws(() => parseModel("{"), { instanceOf: InputError, message: /^is no JSON: / });
});

test("a damaged model is an input error or a model, never another error", (t) => {
  fc.assert(
    fc.property(fc.nat(text.length - 1), fc.string({ maxLength: 3 }), fc.nat(9), (at, put, cut) => {
      try {
        parseModel(text.slice(0, at) + put + text.slice(at + cut));
        return true;
      } catch (error) {
        return error instanceof InputError;
      }
    }),
  );
  t.pass();
});
