import type { InflateRaw, ZstdDecompress } from "node:zlib";
import { EndedEarly, type PieceInput } from "./piece-input.ts";

/**
 * Feed one member of `input` to `stream`, and hand out what comes of it; stops behind the member. Throws EndedEarly
 * where the input ends within it, and what `damaged` makes of the decoder's complaint, both after what could be unpacked.
 */
export async function* decompress(
  input: PieceInput,
  stream: InflateRaw | ZstdDecompress,
  damaged: (complaint: string) => Error,
): AsyncGenerator<Uint8Array, void, undefined> {
  const state: { ended: boolean; error: NodeJS.ErrnoException | null } = {
    ended: false,
    error: null,
  };
  let changed = Promise.withResolvers<void>();
  const wake = () => changed.resolve();
  stream.on("readable", wake);
  stream.on("end", () => {
    state.ended = true;
    wake();
  });
  stream.on("error", (failure: NodeJS.ErrnoException) => {
    state.error = failure;
    wake();
  });
  let fed = 0;
  try {
    for (;;) {
      const piece = await input.next();
      let taken = false;
      const onTaken = () => {
        taken = true;
        wake();
      };
      if (piece === null) stream.end(onTaken);
      else stream.write(piece, onTaken);
      fed += piece?.length ?? 0;
      for (;;) {
        // Replaced before the stream is asked, so that nothing which happens from here on is missed.
        changed = Promise.withResolvers<void>();
        const unpacked = stream.read() as Uint8Array | null;
        if (unpacked !== null) yield unpacked;
        else if (state.error !== null || (piece === null ? state.ended : taken)) break;
        else await changed.promise;
      }
      if (state.error !== null) throw complaint(state.error, damaged);
      if (piece === null) return;
      // The decoder leaves what is behind the member.
      const left = fed - stream.bytesWritten;
      if (left > 0) {
        input.putBack(piece.subarray(piece.length - left));
        return;
      }
    }
  } finally {
    stream.destroy();
  }
}

function complaint(error: NodeJS.ErrnoException, damaged: (complaint: string) => Error): Error {
  const { code = "", message } = error;
  if (code === "Z_BUF_ERROR") return new EndedEarly();
  return code.startsWith("Z_") || code.startsWith("ZSTD_") ? damaged(message) : error;
}
