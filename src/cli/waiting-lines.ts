/** Memory that is taken at a time; a longer line gets its own. */
const CHUNK_BYTES = 1 << 16;

interface Chunk {
  bytes: Buffer;
  used: number;
  /** Lines in it that still wait. */
  waiting: number;
}

/**
 * Lines that wait for their turn, encoded, in few large pieces of memory: as objects of the heap they would live long
 * enough to keep the garbage collector busy.
 */
export class WaitingLines {
  readonly #chunks: Chunk[] = [];
  readonly #free: number[] = [];
  #current = -1;

  /** Keep a copy of bytes[0, length); returns what `take` wants for it. */
  keep(bytes: Buffer, length: number): number {
    const room = HEADER_BYTES + length;
    let chunk = this.#chunks[this.#current];
    if (chunk === undefined || chunk.used + room > chunk.bytes.length) chunk = this.#open(room);
    const at = chunk.used;
    chunk.bytes.writeUInt32LE(length, at);
    bytes.copy(chunk.bytes, at + HEADER_BYTES, 0, length);
    chunk.used += room;
    chunk.waiting++;
    return this.#current * CHUNK_BYTES + at;
  }

  /** A line that was kept, once; valid until the next is kept. */
  take(kept: number): Uint8Array {
    const index = Math.floor(kept / CHUNK_BYTES);
    const at = kept % CHUNK_BYTES;
    const chunk = this.#chunks[index]!;
    const start = at + HEADER_BYTES;
    const line = chunk.bytes.subarray(start, start + chunk.bytes.readUInt32LE(at));
    if (--chunk.waiting === 0) this.#close(chunk, index);
    return line;
  }

  #open(room: number): Chunk {
    const index = this.#free.pop() ?? this.#chunks.length;
    const chunk = this.#chunks[index] ?? { bytes: NOTHING, used: 0, waiting: 0 };
    if (chunk.bytes.length < room) chunk.bytes = Buffer.alloc(Math.max(room, CHUNK_BYTES));
    this.#chunks[index] = chunk;
    this.#current = index;
    return chunk;
  }

  /** Nothing in it waits any more: it is used again. */
  #close(chunk: Chunk, index: number): void {
    chunk.used = 0;
    if (chunk.bytes.length > CHUNK_BYTES) chunk.bytes = NOTHING;
    if (index === this.#current) this.#current = -1;
    this.#free.push(index);
  }
}

/** The length of a line stands before it. */
const HEADER_BYTES = 4;
const NOTHING = Buffer.alloc(0);
