import { NOTHING } from "./segment.ts";

/** Small writes are gathered into chunks of this size, so that many of them cost few objects. */
const CHUNK_BYTES = 4_096;

interface Chunk {
  readonly start: number;
  length: number;
  readonly bytes: Uint8Array;
}

/** What a program has written and the peer has not acknowledged, by its offset in the stream. */
export class SendBuffer {
  readonly #chunks: Chunk[] = [];
  /** Index of the first chunk that is still needed. */
  #head = 0;
  #start: number;
  #end: number;

  constructor(start: number) {
    this.#start = start;
    this.#end = start;
  }

  /** Offset after the last byte. */
  get end(): number {
    return this.#end;
  }

  get length(): number {
    return this.#end - this.#start;
  }

  /** Copies the bytes: a program may use its array again. */
  append(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    const tail = this.#chunks.at(-1);
    if (tail !== undefined && tail.bytes.length - tail.length >= bytes.length) {
      tail.bytes.set(bytes, tail.length);
      tail.length += bytes.length;
    } else {
      const room = new Uint8Array(Math.max(bytes.length, CHUNK_BYTES));
      room.set(bytes);
      this.#chunks.push({ start: this.#end, length: bytes.length, bytes: room });
    }
    this.#end += bytes.length;
  }

  /** Forget everything before `offset`. */
  release(offset: number): void {
    this.#start = Math.min(Math.max(this.#start, offset), this.#end);
    for (;;) {
      const chunk = this.#chunks[this.#head];
      if (chunk === undefined || chunk.start + chunk.length > this.#start) break;
      this.#head++;
    }
    if (this.#head === this.#chunks.length) {
      this.#chunks.length = 0;
      this.#head = 0;
    } else if (this.#head >= 64) {
      this.#chunks.splice(0, this.#head);
      this.#head = 0;
    }
  }

  /** `length` bytes from `offset`; both must lie in the buffer. No copy where one chunk holds them. */
  slice(offset: number, length: number): Uint8Array {
    if (length === 0) return NOTHING;
    let index = this.#find(offset);
    let chunk = this.#chunks[index] as Chunk;
    let from = offset - chunk.start;
    if (from + length <= chunk.length) return chunk.bytes.subarray(from, from + length);
    const out = new Uint8Array(length);
    let filled = 0;
    for (;;) {
      const piece = chunk.bytes.subarray(from, Math.min(chunk.length, from + length - filled));
      out.set(piece, filled);
      filled += piece.length;
      if (filled === length) return out;
      index++;
      chunk = this.#chunks[index] as Chunk;
      from = 0;
    }
  }

  /** The chunk that holds `offset`. */
  #find(offset: number): number {
    let low = this.#head;
    let high = this.#chunks.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#chunks[middle] as Chunk).start <= offset) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}
