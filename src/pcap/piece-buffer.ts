/** Takes the pieces of a file that is being written, in order. It may keep them. */
export type Sink = (piece: Uint8Array) => void;

const PIECE_BYTES = 65_536;

/** Gathers small records into larger pieces, so that a sink is not called for every packet. */
export class PieceBuffer {
  readonly #sink: Sink;
  #piece = new Uint8Array(PIECE_BYTES);
  #used = 0;

  constructor(sink: Sink) {
    this.#sink = sink;
  }

  /** Hands `length` zeroed bytes to `fill`, as `bytes[at, at + length)`. */
  add(length: number, fill: (bytes: Uint8Array, at: number) => void): void {
    if (this.#used + length > PIECE_BYTES) this.flush();
    if (length > PIECE_BYTES) {
      const own = new Uint8Array(length);
      fill(own, 0);
      this.#sink(own);
      return;
    }
    const at = this.#used;
    this.#used += length;
    fill(this.#piece, at);
  }

  flush(): void {
    if (this.#used === 0) return;
    this.#sink(this.#piece.subarray(0, this.#used));
    this.#piece = new Uint8Array(PIECE_BYTES);
    this.#used = 0;
  }
}
