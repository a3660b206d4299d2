import test from "ava";
import { InputError } from "../base/errors.ts";
import { checkScenario, parseScenario } from "./load.ts";

test("a key as long as a file is refused with a suggestion, and at once", (t) => {
  const { errors } = checkScenario(`? rouns${"x".repeat(90_000)}\n: 3\n`, "s.yaml");
  t.true(errors.some(({ message }) => message.includes("unknown key")));
});

test("a key that is a mapping is refused without a word of the YAML library", (t) => {
  const heard: unknown[] = [];
  const hear = (warning: unknown) => heard.push(warning);
  const emit = process.emitWarning;
  process.emitWarning = hear;
  t.teardown(() => {
    process.emitWarning = emit;
  });
  t.throws(() => parseScenario("? { a: 1 }\n: 2\n", "s.yaml"), { instanceOf: InputError });
  t.deepEqual(heard, []);
});

test("brackets that use up any stack are refused", (t) => {
  for (const bracket of ["[", "{", "{a: ", "- ", "a: "]) {
    const text = `name: ${bracket.repeat(30_000 / bracket.length)}`;
    t.throws(() => parseScenario(text, "s.yaml"), { instanceOf: InputError });
  }
});

test("a line of a thousand mappings within each other is refused, where the YAML library runs out of stack", (t) => {
  const text = `name: { me${"suspects: 0".repeat(8_000)}\n`;
  t.throws(() => parseScenario(text, "s.yaml"), {
    instanceOf: InputError,
    message: /nested too deeply/,
  });
});

/** Texts of 60 KB with an error in every few bytes: what they are, and how many errors. */
const FULL_OF_ERRORS: readonly (readonly [string, string, number])[] = [
  ["unknown keys", numbered(5_500, (i) => `key${i}: 1\n`), 5_500],
  [
    "unknown keys of behaviours",
    `name: x\nbehaviours:\n${numbered(3_000, (i) => `  b${i}: {x: 1}\n`)}`,
    3_000,
  ],
  ["the same key", "a: 1\n".repeat(12_000), 11_999],
  ["braces in each other's way", `{${"{}".repeat(30_000)}`, 59_997],
  ["quotes", '"'.repeat(60_000), 29_999],
];

function numbered(count: number, line: (i: number) => string): string {
  return Array.from({ length: count }, (_, i) => line(i)).join("");
}

for (const [what, text, least] of FULL_OF_ERRORS) {
  test(`a text full of errors is refused at once, with the first hundred of them: ${what}`, (t) => {
    const startMs = performance.now();
    const { errors, more } = checkScenario(text, "s.yaml");
    const tookMs = performance.now() - startMs;
    t.is(errors.length, 100);
    t.true(errors.length + more >= least, `${errors.length + more}`);
    // On an idle machine it takes 0.1 to 0.3 s; without the limits it took up to 20 s.
    t.true(tookMs < 3_000, `${tookMs} ms`);
    const places = errors.map(({ where = "" }) => where.split(":").slice(1).map(Number));
    t.deepEqual(
      places,
      places.toSorted(([a = 0, b = 0], [c = 0, d = 0]) => a - c || b - d),
    );
    t.throws(() => parseScenario(text, "s.yaml"), { message: /, and \d{4,} more errors$/ });
  });
}

test("errors are said to be more than are told", (t) => {
  const text = `name: x\n${numbered(150, (i) => `key${i}: 1\n`)}`;
  const checked = checkScenario(text, "s.yaml");
  t.is(checked.more, 50);
  t.is(checked.errors[0]?.where, "s.yaml:2:1");
  t.is(checked.errors[99]?.where, "s.yaml:101:1");
});
