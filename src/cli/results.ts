import { join } from "node:path";
import { InputError } from "../base/errors.ts";
import { type Results, resultsSchema } from "../run/results.ts";
import { readManifest } from "../run/verify.ts";
import { readText } from "./files.ts";

/** The results of a run folder, and the text that they stand in. Throws InputError where it is no run folder. */
export async function readResults(run: string): Promise<{ results: Results; text: string }> {
  // First: a folder that is no run folder is told apart from one that lost a file.
  await readManifest(run);
  const path = join(run, "results.json");
  const text = await readText(path);
  return { results: parseResults(text, path), text };
}

/** Read results from their text; `where` only names them. Throws InputError. */
export function parseResults(text: string, where: string): Results {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new InputError("is not JSON", { where, cause: error });
  }
  const parsed = resultsSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new InputError(
    `is not a result that this version reads: ${issue?.path.join(".")}: ${issue?.message}`,
    { where },
  );
}
