import type { Budget } from "../flow/budget.ts";

/** Most of what is collected is a head that a segment ended in; many wait at the same time, and hardly one grows. */
const FIRST_BYTES = 256;
const KEPT_BYTES_MAX = 4_096;
const NOTHING = new Uint8Array(0);

/** Bytes that arrive in pieces, joined. It grows by doubling, up to `bytesMax` and as far as the shared budget lasts. */
export class ByteCollector {
  readonly #budget: Budget;
  readonly #bytesMax: number;
  #buffer: Uint8Array = NOTHING;
  #length = 0;

  constructor(budget: Budget, bytesMax: number) {
    this.#budget = budget;
    this.#bytesMax = bytesMax;
  }

  get length(): number {
    return this.#length;
  }

  /** What was collected, as a view: valid until the next call. */
  get buffer(): Uint8Array {
    return this.#buffer;
  }

  /** Append bytes[start, end). False when a limit kept them out; what was there before stays. */
  append(bytes: Uint8Array, start: number, end: number): boolean {
    const needed = this.#length + (end - start);
    if (needed > this.#bytesMax) return false;
    if (needed > this.#buffer.length && !this.#grow(needed)) return false;
    this.#buffer.set(bytes.subarray(start, end), this.#length);
    this.#length = needed;
    return true;
  }

  /** A copy of what was collected, of exactly its length. */
  copy(): Uint8Array {
    return this.#buffer.slice(0, this.#length);
  }

  /** Forget the content, keep a small buffer for the next use. */
  clear(): void {
    this.#length = 0;
    if (this.#buffer.length > KEPT_BYTES_MAX) this.release();
  }

  /** Forget the content and give the memory back. */
  release(): void {
    this.#budget.give(this.#buffer.length);
    this.#buffer = NOTHING;
    this.#length = 0;
  }

  #grow(needed: number): boolean {
    let capacity = Math.max(FIRST_BYTES, this.#buffer.length * 2);
    while (capacity < needed) capacity *= 2;
    if (!this.#budget.take(capacity - this.#buffer.length)) return false;
    const buffer = new Uint8Array(capacity);
    buffer.set(this.#buffer.subarray(0, this.#length));
    this.#buffer = buffer;
    return true;
  }
}
