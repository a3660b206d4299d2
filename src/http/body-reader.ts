import { HTTP_LIMITS } from "../base/limits.ts";
import type { Anomaly } from "./anomaly.ts";
import { CHUNK_LINE, ChunkLine } from "./chunk-line.ts";
import type { Framing } from "./framing.ts";
import { CR, LF } from "./syntax.ts";

const STATE = { length: 0, close: 1, chunkLine: 2, chunkData: 3, chunkEnd: 4, trailer: 5 } as const;

/** What a gap does to a body: it goes on after it, ends with it, or its end cannot be told any more. */
export type GapEffect = "inside" | "at-end" | "beyond";

/** Finds the end of a body and takes the transfer coding off, piece by piece (RFC 9112 §6 and §7). */
export class BodyReader {
  /** After `read`: the piece of the body that it met, bytes[pieceStart, pieceEnd); none when they are equal. */
  pieceStart = 0;
  pieceEnd = 0;
  isDone = false;
  /** Why the body cannot be read on. */
  fault: Anomaly | null = null;
  readonly #chunk = new ChunkLine(HTTP_LIMITS.chunkLineBytesMax);
  #state: number = STATE.close;
  #remaining = 0;
  #trailerBytes = 0;
  #trailerLineBytes = 0;

  /** A body with this framing; `length` in bytes, for the framing by length. */
  begin(framing: Exclude<Framing, "none">, length: number): void {
    this.isDone = false;
    this.fault = null;
    this.#remaining = length;
    if (framing === "length") this.#state = STATE.length;
    else if (framing === "close") this.#state = STATE.close;
    else this.#beginChunk();
  }

  /** Only the close of the connection ends it. */
  get runsToClose(): boolean {
    return this.#state === STATE.close;
  }

  /** Read on from bytes[at, end), up to a piece, the end of the body or a fault. Returns where it stopped. */
  read(bytes: Uint8Array, at: number, end: number): number {
    this.pieceStart = at;
    this.pieceEnd = at;
    switch (this.#state) {
      case STATE.length:
      case STATE.chunkData: {
        const take = Math.min(this.#remaining, end - at);
        this.pieceEnd = at + take;
        this.#consume(take);
        return at + take;
      }
      case STATE.close:
        this.pieceEnd = end;
        return end;
      case STATE.chunkLine:
        return this.#readChunkLine(bytes, at, end);
      case STATE.chunkEnd:
        return this.#readChunkEnd(bytes, at, end);
      default:
        return this.#readTrailer(bytes, at, end);
    }
  }

  /** `count` bytes are missing. */
  gap(count: number): GapEffect {
    switch (this.#state) {
      case STATE.close:
        return "inside";
      case STATE.length:
      case STATE.chunkData:
        if (count > this.#remaining) return "beyond";
        this.#consume(count);
        return this.isDone ? "at-end" : "inside";
      default:
        return "beyond";
    }
  }

  #consume(count: number): void {
    this.#remaining -= count;
    if (this.#remaining > 0) return;
    if (this.#state === STATE.length) this.isDone = true;
    else this.#state = STATE.chunkEnd;
  }

  #beginChunk(): void {
    this.#chunk.reset();
    this.#state = STATE.chunkLine;
  }

  #readChunkLine(bytes: Uint8Array, start: number, end: number): number {
    switch (this.#chunk.read(bytes, start, end)) {
      case CHUNK_LINE.more:
        break;
      case CHUNK_LINE.done:
        this.#remaining = this.#chunk.size;
        this.#trailerBytes = 0;
        this.#trailerLineBytes = 0;
        this.#state = this.#remaining > 0 ? STATE.chunkData : STATE.trailer;
        break;
      case CHUNK_LINE.bad:
        this.fault = "bad-chunk-size";
        break;
      case CHUNK_LINE.tooLong:
        this.fault = "chunk-line-too-long";
        break;
      case CHUNK_LINE.huge:
        this.fault = "huge-chunk-size";
        break;
    }
    return this.#chunk.stoppedAt;
  }

  #readChunkEnd(bytes: Uint8Array, start: number, end: number): number {
    let at = start;
    while (at < end && bytes[at] === CR) at++;
    if (at === end) return end;
    if (bytes[at] !== LF) {
      this.fault = "bad-chunk-end";
      return at;
    }
    this.#beginChunk();
    return at + 1;
  }

  /** Fields after the last chunk, up to an empty line; they are skipped. */
  #readTrailer(bytes: Uint8Array, start: number, end: number): number {
    for (let at = start; at < end; at++) {
      const byte = bytes[at]!;
      if (byte === LF) {
        if (this.#trailerLineBytes === 0) {
          this.isDone = true;
          return at + 1;
        }
        this.#trailerLineBytes = 0;
      } else if (byte !== CR) this.#trailerLineBytes++;
      this.#trailerBytes++;
    }
    if (this.#trailerBytes > HTTP_LIMITS.trailerBytesMax) this.fault = "trailer-too-long";
    return end;
  }
}
