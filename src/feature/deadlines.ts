interface Entry<T> {
  readonly item: T;
  readonly atNs: bigint;
  /** Which came first; decides between equal deadlines, so that the order never depends on chance. */
  readonly turn: number;
}

/** What waits for a time, earliest first (a binary heap). */
export class Deadlines<T> {
  readonly #heap: Entry<T>[] = [];
  #turns = 0;

  get next(): { readonly item: T; readonly atNs: bigint } | undefined {
    return this.#heap[0];
  }

  push(item: T, atNs: bigint): void {
    const heap = this.#heap;
    const entry = { item, atNs, turn: this.#turns++ };
    let at = heap.length;
    while (at > 0) {
      const above = (at - 1) >> 1;
      if (!before(entry, heap[above]!)) break;
      heap[at] = heap[above]!;
      at = above;
    }
    heap[at] = entry;
  }

  /** Takes the earliest away. */
  pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let at = 0;
    for (;;) {
      let below = 2 * at + 1;
      if (below >= heap.length) break;
      if (below + 1 < heap.length && before(heap[below + 1]!, heap[below]!)) below += 1;
      if (!before(heap[below]!, last)) break;
      heap[at] = heap[below]!;
      at = below;
    }
    heap[at] = last;
  }
}

function before<T>(a: Entry<T>, b: Entry<T>): boolean {
  return a.atNs < b.atNs || (a.atNs === b.atNs && a.turn < b.turn);
}
