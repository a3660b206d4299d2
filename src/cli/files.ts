import { createReadStream } from "node:fs";
import { rename, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { InputError } from "../base/errors.ts";
import { FILE_LIMITS } from "../base/limits.ts";

/** A folder of the project itself: `scenarios`, `models`. */
export function shipped(...parts: string[]): string {
  return join(fileURLToPath(new URL("../../", import.meta.url)), ...parts);
}

/** A path as a reader finds it again: seen from here where that is shorter. */
export function shownPath(path: string): string {
  const seenFromHere = relative(process.cwd(), path);
  return seenFromHere === "" || seenFromHere.startsWith("..") ? path : seenFromHere;
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file",
  ENOTDIR: "there is no such file",
  EISDIR: "is a folder, not a file",
  EACCES: "may not be read",
  EPERM: "may not be read",
  ELOOP: "is a link that leads back to itself",
  ENAMETOOLONG: "is too long a name",
};

/** What the system says of a file, in words; everything else is passed on as it is. */
export function fileError(path: string, error: unknown): unknown {
  const reason = REASONS[(error as NodeJS.ErrnoException).code ?? ""];
  return reason === undefined ? error : new InputError(reason, { where: path, cause: error });
}

/** Read a file that the user named. Throws InputError where it cannot be read, or is no text that anybody wrote. */
export async function readText(path: string): Promise<string> {
  const { textBytesMax } = FILE_LIMITS;
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  try {
    // In pieces: some files never end.
    for await (const piece of createReadStream(path) as AsyncIterable<Uint8Array>) {
      bytes += piece.length;
      if (bytes > textBytesMax)
        throw new InputError(
          `has more than ${textBytesMax / 2 ** 20} MiB, which no such file has`,
          {
            where: path,
          },
        );
      pieces.push(piece);
    }
  } catch (error) {
    throw fileError(path, error);
  }
  return Buffer.concat(pieces).toString();
}

/** Write a file as a whole or not at all. Throws InputError where it cannot be written. */
export async function writeWhole(path: string, text: string): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path)}.${process.pid}.tmp`);
  try {
    await writeFile(temporary, text, { flag: "wx" });
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    throw new InputError(`cannot be written (${code})`, { where: path, cause: error });
  }
}
