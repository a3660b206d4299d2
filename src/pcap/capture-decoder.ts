import { InputError } from "../base/errors.ts";
import type { CaptureBatch } from "./capture-batch.ts";
import type { CaptureEvent, CaptureEventKind } from "./capture-event.ts";

/** One capture format. It is fed pieces of the file; the reader sees to it that an item is whole in one piece. */
export interface CaptureDecoder {
  /** Whether the file's header has been read. */
  readonly started: boolean;
  /** Bytes to come of an item that is not wanted. */
  readonly skipping: number;
  /**
   * Reads whole items (headers, packets, blocks) from `bytes[at, end)` into `out`, which was begun with them, until one is not whole or `out` is
   * full; gives the place where it stopped. Throws InputError when the rest of the file cannot be read.
   */
  consume(bytes: Uint8Array, at: number, end: number, out: CaptureBatch): number;
  /** Bytes of the item at `at` as far as `bytes[at, end)` tell: at least `end - at + 1`. */
  need(bytes: Uint8Array, at: number, end: number): number;
}

/** Where a decoder is in the file: for events and errors. */
export class CapturePosition {
  readonly #file: string;
  readonly #onEvent: (event: CaptureEvent) => void;
  /** Offset in the file of the first byte of the piece that is read now. */
  pieceOffset = 0;
  /** Packets delivered so far. */
  packets = 0;

  constructor(file: string, onEvent: (event: CaptureEvent) => void) {
    this.#file = file;
    this.#onEvent = onEvent;
  }

  /** The place of the item at `at` in the piece. Packets are numbered from 1. */
  where(at: number): string {
    return `${this.#file}: packet ${this.packets + 1} at offset ${this.pieceOffset + at}`;
  }

  event(kind: CaptureEventKind, at: number, detail: string): void {
    this.#onEvent({ kind, where: this.where(at), detail });
  }

  error(at: number, message: string, mend?: string): InputError {
    return new InputError(message, {
      where: this.where(at),
      ...(mend === undefined ? {} : { mend }),
    });
  }

  /** An error of the file as a whole. */
  fileError(message: string, mend?: string): InputError {
    return new InputError(message, {
      where: this.#file,
      ...(mend === undefined ? {} : { mend }),
    });
  }
}
