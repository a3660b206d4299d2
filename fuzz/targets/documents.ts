import { readFileSync } from "node:fs";
import type { Random } from "../../src/base/random.ts";
import { formatModel, parseModel } from "../../src/cluster/model.ts";
import { Tape } from "../../src/replay/tape.ts";
import { checkScenario, parseScenario } from "../../src/scenario/load.ts";
import { mutateText } from "../mutate/text.ts";
import { TALKS } from "../seeds/talks.ts";
import { recordTape } from "../seeds/tape.ts";
import { expectSame, type Target } from "../target.ts";

const SCENARIOS = ["paper", "zeus-cookie-theft", "zeus-homepage-set", "zeus-os-shutdown"].map(
  (name) => projectText(`scenarios/${name}/scenario.yaml`),
);
const MODEL = projectText("models/zeus.json");
const TAPES = TALKS.map((talk) => recordTape(talk).format());

function projectText(path: string): string {
  return readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");
}

const YAML_WORDS: readonly string[] = [
  "&a ",
  "*a",
  "*a *a",
  "<<: *a",
  "!!binary ",
  "!!js/function ",
  "!!set ",
  "? ",
  "- ",
  ": ",
  "{",
  "}",
  "[",
  "]",
  "[[",
  "{a: ",
  "|\n",
  ">-\n",
  "---\n",
  "...\n",
  "%YAML 1.1\n",
  "__proto__: ",
  "constructor: ",
  "toString: ",
  "null",
  "~",
  "true",
  "no",
  "2001-01-01",
  "0o17",
  ".nan",
  "# ",
  "\t",
  "'",
  '"',
  '"\\x00"',
  "name: ",
  "rounds: ",
  "behaviours:",
  "benign:",
  "sites:",
  "visitors:",
  "{ mean: 1, sd: 0 }",
  "{ mean: 1, sd: -1, min: 5, max: 2 }",
  "203.0.113.20",
  "999.1.1.1",
  "command: x",
  "suspects: 0",
  "assertions:",
];
const JSON_WORDS: readonly string[] = [
  "{",
  "}",
  "[",
  "]",
  '"',
  ":",
  ",",
  "null",
  "true",
  "1e999",
  "-1e-999",
  '"__proto__":{}',
  '"constructor":1',
  '""',
  "[]",
  "{}",
  "[[[[",
  '{"a":',
  "\\u0000",
  "\\ud800",
  '"entries":',
  '"format":',
  '"version":',
  '"spans":',
  '"columns":',
  '"radius":',
  '"centre":',
  "AAAA",
  "====",
];

function document(
  name: string,
  share: number,
  texts: readonly string[],
  words: readonly string[],
  run: (text: string) => void,
): Target {
  return {
    name,
    share,
    make: (random: Random) =>
      Buffer.from(mutateText(random, random.pick(texts), words, random.pick(texts))),
    run: (input) => run(Buffer.from(input).toString()),
  };
}

export const scenario = document("scenario", 1, SCENARIOS, YAML_WORDS, (text) => {
  const { errors } = checkScenario(text, "s.yaml");
  for (const error of errors) {
    if (!/^s\.yaml(:[1-9]\d*:[1-9]\d*)?: /.test(error.line)) throw new RangeError(error.line);
  }
  parseScenario(text, "s.yaml");
});

export const model = document("model", 16, [MODEL], JSON_WORDS, (text) => {
  const written = formatModel(parseModel(text));
  expectSame("a model written and read", formatModel(parseModel(written)), written);
});

export const tape = document("tape", 16, TAPES, JSON_WORDS, (text) => {
  const written = Tape.parse(text);
  expectSame("a tape written and read", Tape.parse(written.format()).format(), written.format());
});
