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
