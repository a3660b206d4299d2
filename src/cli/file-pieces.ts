import { createReadStream } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { InputError } from "../base/errors.ts";
import { fileError } from "./files.ts";
import type { Io } from "./io.ts";

/** Read at a time: large pieces are quickest. */
const PIECE_BYTES = 1 << 18;

/** The bytes of a file, piece by piece. Throws InputError where it is absent, a folder or unreadable. */
export async function* filePieces(
  file: string,
  io: Pick<Io, "progress">,
): AsyncGenerator<Uint8Array, void, undefined> {
  await using source = await openFile(file);
  const { size } = await source.stat();
  const stream = createReadStream(file, {
    fd: source,
    autoClose: false,
    highWaterMark: PIECE_BYTES,
  });
  let read = 0;
  try {
    for await (const piece of stream as AsyncIterable<Uint8Array>) {
      yield piece;
      read += piece.length;
      if (size > 0) io.progress(`${file}: ${Math.floor((read / size) * 100)} %`);
    }
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
