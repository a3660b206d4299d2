import { HTTP_LIMITS } from "../base/limits.ts";

const FIRST_CAPACITY = 1_024;

/**
 * Puts what was made of transactions back into the order in which their requests were completed
 * (`Transaction.order`), which is the order of the records. A response that never comes holds up all after it, so the
 * number held is bounded: beyond it the older half goes out, and what comes later than its place is counted.
 */
export class InOrder<Item extends NonNullable<unknown>> {
  readonly #emit: (item: Item) => void;
  readonly #heldMax: number;
  /** What waits, number `order` at `order & #mask`. Those missing in between are requests that are still open. */
  #ring: (Item | undefined)[] = new Array<undefined>(FIRST_CAPACITY).fill(undefined);
  #mask = FIRST_CAPACITY - 1;
  #count = 0;
  #next = 0;
  #late = 0;

  constructor(emit: (item: Item) => void, heldMax: number = HTTP_LIMITS.recordsHeldMax) {
    this.#emit = emit;
    this.#heldMax = heldMax;
  }

  /** Items that went out after one of a higher order. */
  get late(): number {
    return this.#late;
  }

  push(order: number, item: Item): void {
    if (order === this.#next) {
      this.#next++;
      this.#emit(item);
      if (this.#count > 0) this.#release();
      return;
    }
    if (order < this.#next) {
      this.#late++;
      this.#emit(item);
      return;
    }
    if (order - this.#next > this.#mask) this.#grow(order - this.#next);
    this.#ring[order & this.#mask] = item;
    this.#count++;
    if (this.#count > this.#heldMax) this.#shed(this.#heldMax >> 1);
  }

  /** No more will come. */
  finish(): void {
    this.#shed(0);
  }

  #release(): void {
    while (this.#emitNext());
  }

  #shed(keep: number): void {
    while (this.#count > keep) if (!this.#emitNext()) this.#next++;
    this.#release();
  }

  /** Emit the item whose turn it is. False when it is not there. */
  #emitNext(): boolean {
    const at = this.#next & this.#mask;
    const item = this.#ring[at];
    if (item === undefined) return false;
    this.#ring[at] = undefined;
    this.#next++;
    this.#count--;
    this.#emit(item);
    return true;
  }

  #grow(span: number): void {
    const old = this.#ring;
    const capacity = 2 ** Math.ceil(Math.log2(span + 1));
    const ring = new Array<Item | undefined>(capacity).fill(undefined);
    for (let i = 0; i < old.length; i++) {
      const order = this.#next + i;
      ring[order & (capacity - 1)] = old[order & this.#mask];
    }
    this.#ring = ring;
    this.#mask = capacity - 1;
  }
}
