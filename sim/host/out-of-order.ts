interface Piece {
  readonly start: number;
  readonly bytes: Uint8Array;
}

/**
 * Data that arrived before what comes before it: pieces in order, without overlap. Where two pieces overlap, the bytes
 * that came first stay.
 */
export class OutOfOrder {
  readonly #pieces: Piece[] = [];
  readonly #piecesMax: number;

  constructor(piecesMax: number) {
    this.#piecesMax = piecesMax;
  }

  get empty(): boolean {
    return this.#pieces.length === 0;
  }

  /** False where there is no room; the peer will send it again. */
  insert(start: number, bytes: Uint8Array): boolean {
    const end = start + bytes.length;
    let index = this.#pieces.length;
    while (index > 0 && (this.#pieces[index - 1] as Piece).start > start) index--;
    let from = start;
    const before = this.#pieces[index - 1];
    if (before !== undefined) from = Math.max(from, before.start + before.bytes.length);
    while (from < end) {
      const next = this.#pieces[index];
      const to = next === undefined ? end : Math.min(end, next.start);
      if (from < to) {
        if (this.#pieces.length >= this.#piecesMax) return false;
        const piece = { start: from, bytes: bytes.subarray(from - start, to - start) };
        this.#pieces.splice(index, 0, piece);
        index++;
      }
      if (next === undefined) break;
      from = Math.max(from, next.start + next.bytes.length);
      index++;
    }
    return true;
  }

  /** The bytes that begin at `offset`, if the piece that holds it is here; what lies before it is dropped. */
  take(offset: number): Uint8Array | null {
    for (;;) {
      const first = this.#pieces[0];
      if (first === undefined || first.start > offset) return null;
      this.#pieces.shift();
      if (first.start + first.bytes.length > offset)
        return first.bytes.subarray(offset - first.start);
    }
  }
}
