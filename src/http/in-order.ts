import { HTTP_LIMITS } from "../base/limits.ts";

/**
 * Puts what was made of transactions back into the order in which their requests were completed
 * (`Transaction.order`), which is the order of the records. A response that never comes holds up all after it, so the
 * number held is bounded: beyond it the older half goes out, and what comes later than its place is counted.
 */
export class InOrder<Item> {
  readonly #emit: (item: Item) => void;
  readonly #heldMax: number;
  readonly #held = new Map<number, Item>();
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
      if (this.#held.size > 0) this.#release();
      return;
    }
    if (order < this.#next) {
      this.#late++;
      this.#emit(item);
      return;
    }
    this.#held.set(order, item);
    if (this.#held.size > this.#heldMax) this.#shed(this.#heldMax >> 1);
  }

  /** No more will come. */
  finish(): void {
    this.#shed(0);
  }

  #release(): void {
    for (;;) {
      const item = this.#held.get(this.#next);
      if (item === undefined) return;
      this.#held.delete(this.#next++);
      this.#emit(item);
    }
  }

  #shed(keep: number): void {
    const orders = [...this.#held.keys()].sort((a, b) => a - b);
    for (const order of orders.slice(0, orders.length - keep)) {
      const item = this.#held.get(order) as Item;
      this.#held.delete(order);
      this.#next = order + 1;
      this.#emit(item);
    }
    this.#release();
  }
}
