import { type FileHandle, open } from "node:fs/promises";
import { InputError } from "../base/errors.ts";
import { fileError } from "./files.ts";
import type { Io } from "./io.ts";

/** Read at a time: large pieces are quickest, up to what the processor's caches hold. */
const PIECE_BYTES = 1 << 19;

/**
 * The bytes of a file, piece by piece; each is valid until the next is asked for, since all are read into the same
 * memory. Throws InputError where the file is absent, a folder or unreadable.
 */
export async function* filePieces(
  file: string,
  io: Pick<Io, "progress">,
): AsyncGenerator<Uint8Array, void, undefined> {
  await using source = await openFile(file);
  const { size } = await source.stat();
  const piece = new Uint8Array(PIECE_BYTES);
  let read = 0;
  for (;;) {
    const length = await readInto(piece, source, file);
    if (length === 0) return;
    yield piece.subarray(0, length);
    read += length;
    if (size > 0) io.progress(`${file}: ${Math.floor((read / size) * 100)} %`);
  }
}

async function readInto(piece: Uint8Array, source: FileHandle, file: string): Promise<number> {
  try {
    return (await source.read(piece, 0, piece.length, null)).bytesRead;
  } catch (error) {
    throw fileError(file, error);
  }
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
