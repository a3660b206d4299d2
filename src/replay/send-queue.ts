/**
 * The bytes that this side sends, kept until they are acknowledged. Places are offsets in the stream, counted from 0.
 * What is pushed is referred to, not copied.
 */
export class SendQueue {
  /** The offset of the oldest byte that is still kept. */
  start = 0;
  /** One past the last byte that was pushed. */
  end = 0;
  #pieces: { offset: number; bytes: Uint8Array }[] = [];

  /** Pieces that are not acknowledged as a whole. */
  get pieces(): number {
    return this.#pieces.length;
  }

  push(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#pieces.push({ offset: this.end, bytes });
    this.end += bytes.length;
  }

  /** At most `length` bytes from `offset` on, which must be kept still. A view where they lie in one piece. */
  read(offset: number, length: number): Uint8Array {
    const end = Math.min(offset + length, this.end);
    let joined: Uint8Array | null = null;
    let at = offset;
    for (const piece of this.#pieces) {
      if (at >= end) break;
      const pieceEnd = piece.offset + piece.bytes.length;
      if (pieceEnd <= at) continue;
      const part = piece.bytes.subarray(at - piece.offset, Math.min(end, pieceEnd) - piece.offset);
      if (part.length === end - offset) return part;
      joined ??= new Uint8Array(end - offset);
      joined.set(part, at - offset);
      at += part.length;
    }
    return joined ?? new Uint8Array(0);
  }

  /** Everything before `offset` is acknowledged. */
  release(offset: number): void {
    this.start = Math.max(this.start, Math.min(offset, this.end));
    let gone = 0;
    for (const piece of this.#pieces) {
      if (piece.offset + piece.bytes.length > this.start) break;
      gone++;
    }
    if (gone > 0) this.#pieces.splice(0, gone);
  }

  /** Forget everything. */
  clear(): void {
    this.#pieces = [];
    this.start = this.end;
  }
}
