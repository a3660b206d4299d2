import { HOST_LIMITS } from "../../src/base/limits.ts";
import { OutOfOrder } from "./out-of-order.ts";
import { NOTHING } from "./segment.ts";
import { TCP } from "./tcp-parameters.ts";

/**
 * The receiving half of a connection. Offsets count octets of the peer's sequence space from its SYN (0) on and do not
 * wrap around; `offsetOf` maps what is on the wire to the nearest of them.
 */
export class TcpReceiver {
  #initial = 0;
  #next = 0;
  /** The highest offset that was ever offered: a window never shrinks (RFC 9293, 3.8.6). */
  #edge = 0;
  #finAt = -1;
  readonly #outOfOrder = new OutOfOrder(HOST_LIMITS.outOfOrderPiecesMax);
  #ready: Uint8Array[] = [];
  #readyBytes = 0;
  #overflowed = 0;

  /** The peer's SYN had this sequence number. */
  begin(initial: number): void {
    this.#initial = initial;
    this.#next = 1;
    this.#edge = 1 + HOST_LIMITS.receiveBytesMax;
  }

  /** The next octet that is missing. */
  get next(): number {
    return this.#next;
  }

  get wireNext(): number {
    return (this.#initial + this.#next) >>> 0;
  }

  get readyBytes(): number {
    return this.#readyBytes;
  }

  /** The peer has closed its side and all that it sent before is here. */
  get finished(): boolean {
    return this.#finAt >= 0 && this.#next > this.#finAt;
  }

  /** Pieces that found no room out of order; the peer sends them again. */
  get overflowed(): number {
    return this.#overflowed;
  }

  /** Data waits for what is missing before it. */
  get gap(): boolean {
    return !this.#outOfOrder.empty;
  }

  offsetOf(sequence: number): number {
    return this.#next + ((sequence - this.#initial - this.#next) | 0);
  }

  /**
   * Whether any octet of a segment is in the window (RFC 9293, 3.10.7.4). Without data it may stand at the window's
   * end, as in Linux: a peer that has filled the window sends its acknowledgements from there.
   */
  acceptable(offset: number, length: number): boolean {
    if (length === 0) return offset >= this.#next && offset <= this.#edge;
    return offset < this.#edge && offset + length > this.#next;
  }

  /** What is left of the window that was offered last. */
  get offered(): number {
    return this.#edge - this.#next;
  }

  /** The window to offer now. It grows only by a worthwhile step (silly window syndrome, RFC 9293, 3.8.6.2.2). */
  offer(): number {
    const possible = this.#next + HOST_LIMITS.receiveBytesMax - this.#readyBytes;
    if (possible - this.#edge >= TCP.mss) this.#edge = possible;
    return this.#edge - this.#next;
  }

  /** Whether the reader has made so much room that the peer should hear of it. */
  get windowNews(): boolean {
    const growth = this.#next + HOST_LIMITS.receiveBytesMax - this.#readyBytes - this.#edge;
    if (growth >= HOST_LIMITS.receiveBytesMax / 2) return true;
    return growth >= TCP.mss && this.offered < TCP.mss;
  }

  /** Take in an acceptable segment. True where the stream went on. */
  accept(offset: number, payload: Uint8Array, fin: boolean): boolean {
    const end = offset + payload.length;
    if (fin && end < this.#edge && this.#finAt < 0) this.#finAt = end;
    const before = this.#next;
    if (payload.length > 0) {
      const from = Math.max(0, this.#next - offset);
      const to = Math.min(payload.length, this.#edge - offset);
      if (from < to) {
        const piece = from === 0 && to === payload.length ? payload : payload.subarray(from, to);
        if (offset + from <= this.#next) this.#append(piece);
        else if (!this.#outOfOrder.insert(offset, piece)) this.#overflowed++;
      }
      while (!this.#outOfOrder.empty) {
        const piece = this.#outOfOrder.take(this.#next);
        if (piece === null) break;
        this.#append(piece);
      }
    }
    if (this.#next === this.#finAt) this.#next++;
    return this.#next > before;
  }

  /** Everything that is there in order; null where nothing is. */
  read(): Uint8Array | null {
    const pieces = this.#ready;
    const first = pieces[0];
    if (first === undefined) return null;
    this.#ready = [];
    const length = this.#readyBytes;
    this.#readyBytes = 0;
    if (pieces.length === 1) return first;
    const out = new Uint8Array(length);
    let at = 0;
    for (const piece of pieces) {
      out.set(piece, at);
      at += piece.length;
    }
    return out;
  }

  /** The stream ends here whatever came: what waits for a gap will never be read. */
  discard(): void {
    this.#ready = [];
    this.#readyBytes = 0;
    this.#outOfOrder.take(Number.POSITIVE_INFINITY);
  }

  #append(piece: Uint8Array): void {
    // Nothing counts behind the end of the stream.
    const room = this.#finAt < 0 ? piece.length : Math.min(piece.length, this.#finAt - this.#next);
    const bytes = room < piece.length ? piece.subarray(0, Math.max(0, room)) : piece;
    if (bytes === NOTHING || bytes.length === 0) return;
    this.#ready.push(bytes);
    this.#readyBytes += bytes.length;
    this.#next += bytes.length;
  }
}
