import { REPLAY_LIMITS } from "../base/limits.ts";

/**
 * Bytes of one direction of a connection, put in order. Places are offsets in the stream, counted from 0. The first
 * copy of a byte wins, as in most TCP stacks.
 */
export class ReceiveQueue {
  /** The offset of the next byte that is missing. */
  next = 0;
  /** Pieces ahead of `next`, by offset, without overlap. */
  #ahead: { offset: number; bytes: Uint8Array }[] = [];
  #aheadBytes = 0;

  get hasGap(): boolean {
    return this.#ahead.length > 0;
  }

  /**
   * Take bytes that begin at `offset`. Returns the pieces that can now be read in order: none while one before them is
   * missing. What does not fit into the limits is left out; the peer sends it again.
   */
  insert(offset: number, bytes: Uint8Array): readonly Uint8Array[] {
    const end = offset + bytes.length;
    if (end <= this.next) return [];
    if (offset > this.next) {
      this.#keep(offset, bytes);
      return [];
    }
    const first = bytes.subarray(this.next - offset);
    this.next = end;
    return this.#ahead.length === 0 ? [first] : [first, ...this.#drain()];
  }

  /** Forget what was ahead. */
  clear(): void {
    this.#ahead = [];
    this.#aheadBytes = 0;
  }

  #drain(): Uint8Array[] {
    const out: Uint8Array[] = [];
    while (this.#ahead.length > 0) {
      const piece = this.#ahead[0]!;
      if (piece.offset > this.next) break;
      this.#ahead.shift();
      this.#aheadBytes -= piece.bytes.length;
      const end = piece.offset + piece.bytes.length;
      if (end <= this.next) continue;
      out.push(piece.bytes.subarray(this.next - piece.offset));
      this.next = end;
    }
    return out;
  }

  /** Keep the parts of [offset, offset + length) that are not there yet. */
  #keep(offset: number, bytes: Uint8Array): void {
    let at = offset;
    const end = offset + bytes.length;
    const kept: { offset: number; bytes: Uint8Array }[] = [];
    for (const piece of this.#ahead) {
      if (at >= end || piece.offset >= end) break;
      const pieceEnd = piece.offset + piece.bytes.length;
      if (pieceEnd <= at) continue;
      if (piece.offset > at) {
        kept.push({ offset: at, bytes: bytes.subarray(at - offset, piece.offset - offset) });
      }
      at = Math.max(at, pieceEnd);
    }
    if (at < end) kept.push({ offset: at, bytes: bytes.subarray(at - offset) });
    for (const piece of kept) {
      const isFull =
        this.#ahead.length >= REPLAY_LIMITS.aheadSegmentsMax ||
        this.#aheadBytes + piece.bytes.length > REPLAY_LIMITS.aheadBytesMax;
      if (isFull) return;
      // A copy: the frame it came in belongs to the port.
      this.#ahead.push({ offset: piece.offset, bytes: piece.bytes.slice() });
      this.#aheadBytes += piece.bytes.length;
    }
    if (kept.length > 0) this.#ahead.sort((a, b) => a.offset - b.offset);
  }
}
