/** The input ended where more had to come. */
export class EndedEarly extends Error {}

/** Bytes that come in pieces, taken piece by piece or counted out. Holds one piece. */
export class PieceInput {
  readonly #source: AsyncIterator<Uint8Array>;
  #left: Uint8Array | null = null;
  #taken = 0;

  constructor(source: AsyncIterator<Uint8Array>) {
    this.#source = source;
  }

  /** Bytes taken so far. */
  get taken(): number {
    return this.#taken;
  }

  /** The next piece, of any size but empty; null at the end. */
  async next(): Promise<Uint8Array | null> {
    for (;;) {
      const piece = this.#left ?? (await this.#pull());
      this.#left = null;
      if (piece === null) return null;
      this.#taken += piece.length;
      if (piece.length > 0) return piece;
    }
  }

  /** Put back the rest of the piece that was taken last. */
  putBack(rest: Uint8Array): void {
    this.#taken -= rest.length;
    if (rest.length > 0) this.#left = this.#left === null ? rest : concat(rest, this.#left);
  }

  /** The next `length` bytes; fewer only at the end. */
  async upTo(length: number): Promise<Uint8Array> {
    let bytes = new Uint8Array(0);
    while (bytes.length < length) {
      const piece = await this.next();
      if (piece === null) break;
      const wanted = length - bytes.length;
      if (piece.length > wanted) this.putBack(piece.subarray(wanted));
      bytes = concat(bytes, piece.subarray(0, wanted));
    }
    return bytes;
  }

  /** The next `length` bytes. Throws EndedEarly where there are not as many. */
  async exactly(length: number): Promise<Uint8Array> {
    const bytes = await this.upTo(length);
    if (bytes.length < length) throw new EndedEarly();
    return bytes;
  }

  /** Pass over everything up to and with the next zero byte. Throws EndedEarly where there is none. */
  async passZero(): Promise<void> {
    for (;;) {
      const piece = await this.next();
      if (piece === null) throw new EndedEarly();
      const zero = piece.indexOf(0);
      if (zero < 0) continue;
      this.putBack(piece.subarray(zero + 1));
      return;
    }
  }

  /** The source is needed no more. */
  async close(): Promise<void> {
    await this.#source.return?.();
  }

  async #pull(): Promise<Uint8Array | null> {
    const { value, done } = await this.#source.next();
    return done === true ? null : value;
  }
}

function concat(a: Uint8Array, b: Uint8Array): Uint8Array<ArrayBuffer> {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}
