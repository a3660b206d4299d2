import { readdir, readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import test from "ava";
import type { GoldenCase } from "../datasets/golden-case.ts";
import { GOLDEN_CASES } from "../datasets/golden-cases.ts";
import { captureOf, manifest } from "../datasets/make.ts";
import { Extractor } from "../src/http/extractor.ts";
import { InOrder } from "../src/http/in-order.ts";
import { formatRecord } from "../src/http/record.ts";
import { readCapture } from "../src/pcap/reader.ts";
import { isoreplay } from "./cli.fixture.ts";

/**
 * The golden cases: captures that `node datasets/make.ts` writes, each with the right answer beside it, which was
 * thought out from the RFCs and not copied from the extractor.
 */
const DATASETS = new URL("../datasets/", import.meta.url);

/** Folders of datasets/ that hold something else. */
const OTHER_DATASETS = ["r-kmeans"];

/** Cases that the extractor gets wrong, and how. One that comes right fails here, so that it leaves the list. */
const KNOWN_WRONG: Readonly<Record<string, string>> = {};

function fileOf(golden: GoldenCase, name: string = golden.file): URL {
  return new URL(`${golden.name}/${name}`, DATASETS);
}

/** What `extract` prints of a capture. */
async function extract(golden: GoldenCase): Promise<string> {
  const { file } = golden;
  const bytes = await readFile(fileOf(golden));
  let text = "";
  const ordered = new InOrder<string>((line) => {
    text += `${line}\n`;
  });
  const extractor = new Extractor({
    onTransaction: (transaction) => {
      const line = formatRecord(transaction, file, extractor.firstNs ?? 0n);
      ordered.push(transaction.order ?? 0, line);
    },
  });
  const source = (async function* () {
    yield bytes;
  })();
  for await (const batch of readCapture(source, { file, onEvent: () => undefined })) {
    for (const record of batch) extractor.frame(record.linkType, record);
  }
  extractor.finish();
  ordered.finish();
  return text;
}

const expected = (golden: GoldenCase) => readFile(fileOf(golden, "expected.ndjson"), "utf8");

for (const golden of GOLDEN_CASES) {
  test(`${golden.name}: the script gives the same bytes again`, async (t) => {
    t.deepEqual(captureOf(golden), new Uint8Array(await readFile(fileOf(golden))));
  });

  const wrong = KNOWN_WRONG[golden.name];
  const title = `${golden.name}: extract says what is right`;
  const run = wrong === undefined ? test : test.failing;
  run(wrong === undefined ? title : `${title} (not yet: ${wrong})`, async (t) => {
    t.is(await extract(golden), await expected(golden));
  });
}

test("the command says the same of all golden captures", async (t) => {
  const cases = GOLDEN_CASES.filter(({ name }) => KNOWN_WRONG[name] === undefined);
  const said = await isoreplay("extract", ...cases.map((golden) => fileURLToPath(fileOf(golden))));
  const right = await Promise.all(cases.map(expected));
  t.is(`${said.stdout}\n`, right.join(""));
});

test("the list of golden captures is up to date", async (t) => {
  t.is(await readFile(new URL("MANIFEST.tsv", DATASETS), "utf8"), manifest(GOLDEN_CASES));
});

test("each golden case has its capture, its right answer and its explanation, and nothing else", async (t) => {
  for (const golden of GOLDEN_CASES) {
    const files = await readdir(new URL(`${golden.name}/`, DATASETS));
    t.deepEqual(files.sort(), ["README.md", golden.file, "expected.ndjson"].sort(), golden.name);
  }
  const entries = await readdir(DATASETS, { withFileTypes: true });
  const folders = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  const known = [...GOLDEN_CASES.map(({ name }) => name), ...OTHER_DATASETS];
  t.deepEqual(folders.sort(), known.sort());
});
