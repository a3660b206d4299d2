import { mkdir, writeFile } from "node:fs/promises";
import { Random } from "../src/base/random.ts";
import { sha256 } from "../src/base/sha256.ts";
import type { GoldenCase } from "./golden-case.ts";
import { GOLDEN_CASES } from "./golden-cases.ts";

/*
 * Writes the captures of all golden cases and their list. The right answers and the explanations beside them are
 * written by hand: a program that wrote them would only repeat what the extractor says.
 */

const SEED = "golden captures";
const COMMAND = "node datasets/make.ts";

/** A case's capture; the same bytes each time. */
export function captureOf({ name, make }: GoldenCase): Uint8Array {
  return make(Random.from(SEED).fork(name));
}

/** MANIFEST.tsv. */
export function manifest(cases: readonly GoldenCase[]): string {
  const rows = cases.map((golden) => {
    const bytes = captureOf(golden);
    return [golden.name, golden.file, sha256(bytes), bytes.length, COMMAND].join("\t");
  });
  return `${["case\tfile\tsha256\tbytes\tmade by", ...rows].join("\n")}\n`;
}

async function writeAll(): Promise<void> {
  for (const golden of GOLDEN_CASES) {
    const folder = new URL(`${golden.name}/`, import.meta.url);
    await mkdir(folder, { recursive: true });
    await writeFile(new URL(golden.file, folder), captureOf(golden));
  }
  await writeFile(new URL("MANIFEST.tsv", import.meta.url), manifest(GOLDEN_CASES));
}

if (import.meta.main) await writeAll();
