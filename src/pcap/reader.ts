import { NO_BYTES } from "../wire/bytes.ts";
import { CaptureBatch } from "./capture-batch.ts";
import { type CaptureDecoder, CapturePosition } from "./capture-decoder.ts";
import type { CaptureEvent } from "./capture-event.ts";
import { chooseDecoder, MAGIC_BYTES } from "./choose-decoder.ts";

export interface CaptureOptions {
  /** The file's name, for events and errors. */
  readonly file: string;
  /** Called for everything that is wrong in the file and does not end the reading. */
  readonly onEvent: (event: CaptureEvent) => void;
}

/**
 * Reads a capture, classic pcap or pcapng, in pieces of any size. Holds one piece and one packet, whatever the size of
 * the file. Pieces of 256 KiB and more are quickest. A source may write into a piece
 * again when the next one is asked for; the records of its batches are then good as long as the batch only.
 * Rejects with InputError for what is no capture or is damaged so that the next packet cannot be found; the packets
 * before the damage are delivered first. A batch is never empty, and valid until the next one is asked for. A file that ends within a packet gives the event `cut-short`.
 */
export async function* readCapture(
  source: AsyncIterable<Uint8Array>,
  options: CaptureOptions,
): AsyncGenerator<CaptureBatch, void, undefined> {
  const splitter = new Splitter(options);
  for await (const piece of source) yield* splitter.push(plain(piece));
  splitter.end();
}

/** The same bytes as a Uint8Array proper: what meets Buffers and arrays alike is compiled less well. */
function plain(piece: Uint8Array): Uint8Array {
  return new Uint8Array(piece.buffer, piece.byteOffset, piece.length);
}

/** Puts items together that lie across the borders of pieces. */
class Splitter {
  readonly #position: CapturePosition;
  readonly #batch = new CaptureBatch();
  #decoder: CaptureDecoder | null = null;
  /** Bytes of the file before the next piece. */
  #offset = 0;
  /** The beginning of an item whose end has not come yet: `#carry[0, #carried)`. */
  #carry: Uint8Array = NO_BYTES;
  #carried = 0;

  constructor(options: CaptureOptions) {
    this.#position = new CapturePosition(options.file, options.onEvent);
  }

  *push(piece: Uint8Array): Generator<CaptureBatch, void, undefined> {
    const pieceOffset = this.#offset;
    this.#offset += piece.length;
    let at = 0;
    if (this.#decoder === null) {
      at = this.#fill(piece, at, MAGIC_BYTES);
      if (this.#carried < MAGIC_BYTES) return;
      this.#decoder = chooseDecoder(this.#carry, this.#position);
    }
    const decoder = this.#decoder;
    while (this.#carried > 0) {
      const needed = decoder.need(this.#carry, 0, this.#carried);
      this.#position.pieceOffset = pieceOffset + at - this.#carried;
      at = this.#fill(piece, at, needed);
      if (this.#carried < needed) return;
      const carry = this.#carry;
      const consumed = yield* this.#drain(decoder, carry, 0, this.#carried);
      // Nothing consumed: a header came, which now tells how long the item is.
      if (consumed > 0) this.#keep(carry, consumed, this.#carried);
    }
    this.#position.pieceOffset = pieceOffset;
    this.#keep(piece, yield* this.#drain(decoder, piece, at, piece.length), piece.length);
  }

  /** Called when the source has ended. */
  end(): void {
    const position = this.#position;
    if (this.#offset === 0) {
      throw position.fileError("the file is empty", "record again, or give another file");
    }
    const decoder = this.#decoder;
    if (decoder === null || !decoder.started) {
      throw position.fileError(`the file ends within its header, after ${this.#offset} bytes`);
    }
    const missing =
      this.#carried > 0
        ? decoder.need(this.#carry, 0, this.#carried) - this.#carried
        : decoder.skipping;
    if (missing === 0) return;
    position.pieceOffset = this.#offset - this.#carried;
    position.event("cut-short", 0, `the file ends at least ${missing} bytes too early`);
  }

  /** Batch by batch the whole items of `bytes[at, end)`; gives the place where they end. */
  *#drain(
    decoder: CaptureDecoder,
    bytes: Uint8Array,
    at: number,
    end: number,
  ): Generator<CaptureBatch, number, undefined> {
    let next = at;
    const batch = this.#batch;
    for (;;) {
      batch.begin(bytes);
      let failure: unknown = null;
      try {
        next = decoder.consume(bytes, next, end, batch);
      } catch (error) {
        failure = error;
      }
      // What was read before the damage is delivered before the error.
      if (batch.length > 0) yield batch;
      if (failure !== null) throw failure;
      if (!batch.isFull) return next;
    }
  }

  /** Takes bytes from `piece[at, …)` until `needed` are carried; gives the place where it stopped. */
  #fill(piece: Uint8Array, at: number, needed: number): number {
    if (this.#carry.length < needed) {
      const larger = new Uint8Array(needed);
      larger.set(this.#carry.subarray(0, this.#carried));
      this.#carry = larger;
    }
    const taken = Math.min(needed - this.#carried, piece.length - at);
    this.#carry.set(piece.subarray(at, at + taken), this.#carried);
    this.#carried += taken;
    return at + taken;
  }

  /** Keeps a copy of what was not consumed: the piece itself belongs to the packets in it. */
  #keep(bytes: Uint8Array, at: number, end: number): void {
    this.#carry = at === end ? NO_BYTES : bytes.slice(at, end);
    this.#carried = end - at;
  }
}
