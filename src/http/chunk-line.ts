import { HTAB, hexValue, LF, SP } from "./syntax.ts";

export const CHUNK_LINE = { more: 0, done: 1, bad: 2, tooLong: 3, huge: 4 } as const;
export type ChunkLineState = (typeof CHUNK_LINE)[keyof typeof CHUNK_LINE];

/**
 * The line before a chunk's data: `chunk-size [chunk-ext] CRLF` (RFC 9112 §7.1), read byte by byte so that it may be
 * split anywhere. Extensions are skipped. Spaces around the size are tolerated: old servers pad with them.
 */
export class ChunkLine {
  /** The size once `done`. */
  size = 0;
  /** Where `read` stopped: one past the LF when `done`. */
  stoppedAt = 0;
  readonly #lengthMax: number;
  #digits = 0;
  #length = 0;
  #isPastSize = false;

  constructor(lengthMax: number) {
    this.#lengthMax = lengthMax;
  }

  reset(): void {
    this.size = 0;
    this.#digits = 0;
    this.#length = 0;
    this.#isPastSize = false;
  }

  read(bytes: Uint8Array, start: number, end: number): ChunkLineState {
    for (let at = start; at < end; at++) {
      const byte = bytes[at]!;
      if (byte === LF) {
        this.stoppedAt = at + 1;
        if (this.#digits === 0) return CHUNK_LINE.bad;
        return this.size > Number.MAX_SAFE_INTEGER ? CHUNK_LINE.huge : CHUNK_LINE.done;
      }
      this.#length++;
      if (this.#isPastSize) continue;
      const value = hexValue(byte);
      if (value >= 0) {
        this.size = this.size * 16 + value;
        this.#digits++;
      } else if (byte === 0x3b || byte === 0x0d || byte === SP || byte === HTAB) {
        this.#isPastSize = this.#digits > 0 || !(byte === SP || byte === HTAB);
      } else {
        this.stoppedAt = at;
        return CHUNK_LINE.bad;
      }
    }
    this.stoppedAt = end;
    return this.#length > this.#lengthMax ? CHUNK_LINE.tooLong : CHUNK_LINE.more;
  }
}
