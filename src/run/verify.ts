import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { InputError } from "../base/errors.ts";
import { MANIFEST_NAME, type Manifest, manifestSchema } from "./manifest.ts";

export interface Verification {
  readonly ok: boolean;
  /** Files that are as they were written. */
  readonly intact: readonly string[];
  readonly missing: readonly string[];
  readonly changed: readonly string[];
  /** Files that the run did not write. */
  readonly extra: readonly string[];
}

/** Hash a run folder's files again and hold them against its manifest. */
export async function verifyRun(folder: string): Promise<Verification> {
  const manifest = await readManifest(folder);
  const written = new Map(manifest.outputs.map((file) => [file.name, file.sha256]));
  const found = await filesIn(folder);
  const intact: string[] = [];
  const changed: string[] = [];
  const extra: string[] = [];
  for (const [name, isFile] of found) {
    if (name === MANIFEST_NAME) continue;
    const hash = written.get(name);
    if (hash === undefined) extra.push(name);
    else if (isFile && (await hashFile(join(folder, name))).sha256 === hash) intact.push(name);
    else changed.push(name);
  }
  const missing = [...written.keys()].filter((name) => !found.has(name)).sort();
  const ok = missing.length === 0 && changed.length === 0 && extra.length === 0;
  return { ok, intact, missing, changed, extra };
}

/** Read and check `manifest.json`. Throws InputError when it is absent or not a manifest of this version. */
export async function readManifest(folder: string): Promise<Manifest> {
  const path = join(folder, MANIFEST_NAME);
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "ENOENT" && code !== "ENOTDIR" && code !== "EISDIR" && code !== "EACCES")
      throw error;
    throw new InputError(`is not a run folder: there is no readable ${MANIFEST_NAME} in it`, {
      where: folder,
      mend: "give a folder that `isoreplay run` wrote, for instance runs/latest",
      cause: error,
    });
  }
  return parseManifest(text, path);
}

/** Read a manifest from its text; `where` only names it. Throws InputError. */
export function parseManifest(text: string, where: string): Manifest {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new InputError("is not JSON", { where, cause: error });
  }
  const parsed = manifestSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new InputError(
    `is not a manifest that this version reads: ${issue?.path.join(".")}: ${issue?.message}`,
    { where },
  );
}

/** Length and SHA-256 of a file, read as a stream. */
export async function hashFile(path: string): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash("sha256");
  let bytes = 0;
  await pipeline(createReadStream(path), async (chunks: AsyncIterable<Buffer>) => {
    for await (const chunk of chunks) {
      hash.update(chunk);
      bytes += chunk.length;
    }
  });
  return { bytes, sha256: hash.digest("hex") };
}

/** Everything in the folder but folders: its name with `/`, and whether it is a plain file. Links are not followed. */
async function filesIn(folder: string, prefix = ""): Promise<Map<string, boolean>> {
  const found = new Map<string, boolean>();
  const entries = await readdir(join(folder, prefix), { withFileTypes: true });
  entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const entry of entries) {
    const name = prefix === "" ? entry.name : `${prefix}/${entry.name}`;
    if (entry.isDirectory())
      for (const [inner, isFile] of await filesIn(folder, name)) found.set(inner, isFile);
    else found.set(name, entry.isFile());
  }
  return found;
}
