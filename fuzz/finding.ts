import { createHash } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import type { Fault } from "./fault.ts";

/** An input that shows a fault, and where it came from. */
export interface Finding {
  readonly target: string;
  readonly number: number;
  readonly fault: Fault;
  readonly input: Uint8Array;
  /** How long the input was before it was shrunk. */
  readonly originalBytes: number;
}

/** Findings lie outside the checkout; the name of the file tells the target. */
export const FINDINGS_FOLDER = join(tmpdir(), "isoreplay-fuzz");

/** Writes the input to a file of its own and gives the path. */
export async function saveFinding({ target, input }: Finding): Promise<string> {
  await mkdir(FINDINGS_FOLDER, { recursive: true });
  const hash = createHash("sha256").update(input).digest("hex").slice(0, 12);
  const path = join(FINDINGS_FOLDER, `${target}.${hash}.input`);
  await writeFile(path, input);
  return path;
}

export interface SavedInput {
  readonly target: string;
  readonly input: Uint8Array;
}

/** Reads what `saveFinding` wrote. */
export async function readFinding(path: string): Promise<SavedInput> {
  const [target = ""] = basename(path).split(".");
  return { target, input: new Uint8Array(await readFile(path)) };
}
