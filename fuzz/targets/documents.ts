import type { Random } from "../../src/base/random.ts";
import { parseCase } from "../../src/case/parse-case.ts";
import { parseLabels } from "../../src/cli/models.ts";
import { parseResults } from "../../src/cli/results.ts";
import { formatModel, parseModel } from "../../src/cluster/model.ts";
import { Tape } from "../../src/replay/tape.ts";
import { renderHtml } from "../../src/report/html.ts";
import { renderText } from "../../src/report/text.ts";
import { formatManifest } from "../../src/run/manifest.ts";
import { formatResults } from "../../src/run/results.ts";
import { parseManifest } from "../../src/run/verify.ts";
import { checkScenario, parseScenario } from "../../src/scenario/load.ts";
import { mutateText } from "../mutate/text.ts";
import { JSON_WORDS, YAML_WORDS } from "../seeds/document-words.ts";
import {
  CASES,
  LABELS,
  MANIFESTS,
  MODELS,
  PROVENANCE,
  RESULTS,
  SCENARIOS,
  TAPES,
} from "../seeds/documents.ts";
import { Contradiction, expectSame, type Target } from "../target.ts";

function document(
  name: string,
  share: number,
  texts: readonly string[],
  words: readonly string[],
  run: (text: string) => void | Promise<void>,
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

export const model = document("model", 16, MODELS, JSON_WORDS, (text) => {
  const written = formatModel(parseModel(text));
  expectSame("a model written and read", formatModel(parseModel(written)), written);
});

export const tape = document("tape", 16, TAPES, JSON_WORDS, (text) => {
  const written = Tape.parse(text);
  expectSame("a tape written and read", Tape.parse(written.format()).format(), written.format());
});

export const manifest = document("manifest", 8, MANIFESTS, JSON_WORDS, (text) => {
  const written = formatManifest(parseManifest(text, "manifest.json"));
  expectSame(
    "a manifest written and read",
    formatManifest(parseManifest(written, "manifest.json")),
    written,
  );
});

/** What is accepted can be shown. */
export const results = document("results", 6, RESULTS, JSON_WORDS, (text) => {
  const read = parseResults(text, "results.json");
  const written = formatResults(read);
  expectSame(
    "results written and read",
    formatResults(parseResults(written, "results.json")),
    written,
  );
  renderText(read, { colour: false, width: 80, path: "runs/x" });
  const page = renderHtml(read, { command: ["isoreplay", "run"], provenance: PROVENANCE });
  // The mutations write such tags into the texts.
  if (/<(?:script|img|iframe)\b/i.test(page)) throw new Contradiction("markup gets into the page");
});

export const switchCase = document("case", 4, CASES, JSON_WORDS, (text) => {
  const read = parseCase(text, "case.json");
  const again = parseCase(JSON.stringify(read), "case.json");
  expectSame("a case written and read", JSON.stringify(again), JSON.stringify(read));
});

export const labels = document(
  "labels",
  4,
  LABELS,
  [...YAML_WORDS, ...JSON_WORDS],
  async (text) => {
    for (const [key, label] of await parseLabels(text, "labels.yaml"))
      if (typeof key !== "string" || label === "")
        throw new Contradiction("a label without a name");
  },
);
