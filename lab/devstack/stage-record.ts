import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { InputError } from "../../src/base/errors.ts";

const FILE = "stages.json";

const recordSchema = z.strictObject({
  /** Passwords of this OpenStack, made when it was begun. Only its owner may read the file. */
  password: z.string(),
  done: z.array(
    z.strictObject({
      name: z.string(),
      inputs: z.string(),
      tookS: z.number(),
      snapshot: z.string().nullable(),
    }),
  ),
  /** The stage that was begun and not ended: what it changed is not known. */
  begun: z.string().nullable(),
});

/** How far the way up has come. */
export type StageRecord = z.infer<typeof recordSchema>;

/** `null` where nothing was begun. Throws InputError where the file is no record. */
export function readRecord(folder: string): StageRecord | null {
  const path = join(folder, FILE);
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
  try {
    return recordSchema.parse(JSON.parse(text));
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof z.ZodError)) throw error;
    throw new InputError("is not a record of stages", {
      where: path,
      mend: "node lab/devstack/down.ts begins anew",
      cause: error,
    });
  }
}

/** Written whole or not at all. */
export function writeRecord(folder: string, record: StageRecord): void {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, FILE);
  writeFileSync(`${path}.new`, `${JSON.stringify(record, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

export function removeRecord(folder: string): void {
  rmSync(join(folder, FILE), { force: true });
}
