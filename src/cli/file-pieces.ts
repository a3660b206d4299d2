import { readSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { setImmediate } from "node:timers/promises";
import { InputError } from "../base/errors.ts";
import { fileError } from "./files.ts";
import type { Io } from "./io.ts";

/** Read at a time: large pieces are quickest, as long as the cache of a core holds them. */
const PIECE_BYTES = 1 << 17;

/**
 * The bytes of a file, piece by piece; each is valid until the next is asked for, since all are read into the same
 * memory. Throws InputError where the file is absent, a folder or unreadable.
 */
export async function* filePieces(
  file: string,
  io: Pick<Io, "progress">,
): AsyncGenerator<Uint8Array, void, undefined> {
  await using source = await openFile(file);
  const stat = await source.stat();
  const read = stat.isFile() ? readAtOnce : readWhenThere;
  const piece = new Uint8Array(PIECE_BYTES);
  let done = 0;
  for (;;) {
    const length = await read(source, piece).catch((error) => {
      throw fileError(file, error);
    });
    if (length === 0) return;
    yield piece.subarray(0, length);
    done += length;
    if (stat.size > 0) io.progress(`${file}: ${Math.floor((done / stat.size) * 100)} %`);
  }
}

/** Without Node's threads, which cost more than the reading itself. Signals and messages get their turn before. */
async function readAtOnce(source: FileHandle, piece: Uint8Array): Promise<number> {
  await setImmediate();
  return readSync(source.fd, piece);
}

/** A named pipe may let its reader wait. */
async function readWhenThere(source: FileHandle, piece: Uint8Array): Promise<number> {
  return (await source.read(piece)).bytesRead;
}

async function openFile(file: string): Promise<FileHandle> {
  let handle: FileHandle;
  try {
    handle = await open(file, "r");
  } catch (error) {
    throw fileError(file, error);
  }
  const stat = await handle.stat();
  if (!stat.isDirectory()) return handle;
  await handle.close();
  throw new InputError("is a folder, not a capture", { where: file });
}
