import { closeSync, ftruncateSync, openSync, readSync } from "node:fs";
import { CaptureBatch } from "../../src/pcap/capture-batch.ts";
import { type CaptureDecoder, CapturePosition } from "../../src/pcap/capture-decoder.ts";
import { chooseDecoder, MAGIC_BYTES } from "../../src/pcap/choose-decoder.ts";

/** Bytes read from the file at once. */
const PIECE_BYTES = 1 << 18;

/** Where every capture is read to, one after the other. */
const PIECE = new Uint8Array(PIECE_BYTES);

/** Bytes that may lie in the file before it is emptied. The daemon goes on writing where it was; the hole takes no space. */
const FILE_BYTES_MAX = 1 << 26;

/** What a port of the private switch has sent: the capture that its `tx_pcap` writes, read as it grows. */
export class PortCapture {
  readonly #fd: number;
  readonly #position: CapturePosition;
  readonly #batch = new CaptureBatch();
  #decoder: CaptureDecoder | null = null;
  /** Bytes of a packet that is not whole yet. */
  #rest: Uint8Array = new Uint8Array(0);
  #at = 0;
  #emptiedAt = 0;

  /** The file must be there. */
  constructor(path: string) {
    this.#fd = openSync(path, "r+");
    this.#position = new CapturePosition(path, () => {});
  }

  /** The frames that have been sent since the last call. */
  drain(): Uint8Array[] {
    const frames: Uint8Array[] = [];
    for (;;) {
      const read = readSync(this.#fd, PIECE, 0, PIECE_BYTES, this.#at);
      if (read === 0) break;
      this.#at += read;
      // Frames are views on the piece: it must be theirs alone.
      const bytes = new Uint8Array(this.#rest.length + read);
      bytes.set(this.#rest);
      bytes.set(PIECE.subarray(0, read), this.#rest.length);
      this.#rest = this.#decode(bytes, frames);
      if (read < PIECE_BYTES) break;
    }
    if (this.#at - this.#emptiedAt > FILE_BYTES_MAX) {
      ftruncateSync(this.#fd, 0);
      this.#emptiedAt = this.#at;
    }
    return frames;
  }

  close(): void {
    closeSync(this.#fd);
  }

  #decode(bytes: Uint8Array, frames: Uint8Array[]): Uint8Array {
    if (bytes.length < MAGIC_BYTES) return bytes;
    this.#decoder ??= chooseDecoder(bytes, this.#position);
    let next = 0;
    do {
      this.#batch.begin(bytes);
      next = this.#decoder.consume(bytes, next, bytes.length, this.#batch);
      for (const { bytes: frame } of this.#batch) frames.push(frame);
    } while (this.#batch.isFull);
    return bytes.subarray(next);
  }
}
