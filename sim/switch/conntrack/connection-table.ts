import type { Answers, Connection } from "./connection.ts";
import { hashTuple, isReplyTo, sameTuple, type Tuple } from "./tuple.ts";

/** Buckets looked at for dead connections with each insertion, so that the table follows the live ones. */
const SWEPT_PER_INSERT = 4;

/** Milliseconds between two looks at all connections. */
const SWEEP_MS = 1_000;

/**
 * Connections by tuple, in a chained hash table of its own, because a Map would need a string for each look-up. Each
 * stands under its original tuple, where packets of both directions find it; a translated one also under the tuple of
 * its answers, in a table beside the first.
 */
export class ConnectionTable {
  #buckets: (Connection | null)[] = new Array<Connection | null>(64).fill(null);
  #answers: (Answers | null)[] = new Array<Answers | null>(64).fill(null);
  #size = 0;
  #translated = 0;
  #sweep = 0;
  #sweptMs = Number.NEGATIVE_INFINITY;
  readonly #onRemove: (connection: Connection) => void;
  /** Whether the last `find` hit the reply tuple. */
  foundReply = false;

  /** `onRemove` hears of each connection that leaves the table. */
  constructor(onRemove: (connection: Connection) => void) {
    this.#onRemove = onRemove;
  }

  /** Number of connections, dead ones that nobody has swept yet included. */
  get size(): number {
    return this.#size;
  }

  find(tuple: Tuple, nowMs: number): Connection | null {
    const hash = hashTuple(tuple);
    let one = this.#buckets[hash & (this.#buckets.length - 1)] ?? null;
    for (; one !== null; one = one.next) {
      if (sameTuple(one, tuple)) {
        if (one.expiresMs <= nowMs) continue;
        this.foundReply = false;
        return one;
      }
      if (one.answers === null && isReplyTo(one, tuple) && one.expiresMs > nowMs) {
        this.foundReply = true;
        return one;
      }
    }
    if (this.#translated > 0) {
      let node = this.#answers[hash & (this.#answers.length - 1)] ?? null;
      for (; node !== null; node = node.next) {
        if (sameTuple(node.tuple, tuple) && node.connection.expiresMs > nowMs) {
          this.foundReply = true;
          return node.connection;
        }
      }
    }
    this.foundReply = false;
    return null;
  }

  insert(connection: Connection, nowMs: number): void {
    this.#removeDead(nowMs);
    if (this.#size >= this.#buckets.length) this.#grow();
    const at = hashTuple(connection) & (this.#buckets.length - 1);
    connection.next = this.#buckets[at] ?? null;
    this.#buckets[at] = connection;
    this.#size++;
    const { answers } = connection;
    if (answers === null) return;
    if (this.#translated >= this.#answers.length) this.#growAnswers();
    const answersAt = hashTuple(answers.tuple) & (this.#answers.length - 1);
    answers.next = this.#answers[answersAt] ?? null;
    this.#answers[answersAt] = answers;
    this.#translated++;
  }

  remove(connection: Connection): void {
    if (connection.removed) return;
    connection.removed = true;
    if (connection.pool !== null) connection.pool.count--;
    unlink(this.#buckets, hashTuple(connection), connection);
    this.#size--;
    this.#onRemove(connection);
    if (connection.answers === null) return;
    unlink(this.#answers, hashTuple(connection.answers.tuple), connection.answers);
    this.#translated--;
  }

  /** Removes all connections that are over; looks at most once in `SWEEP_MS`, since it looks at all. */
  sweep(nowMs: number): void {
    if (nowMs - this.#sweptMs < SWEEP_MS) return;
    this.#sweptMs = nowMs;
    for (let at = 0; at < this.#buckets.length; at++) this.#sweepBucket(at, nowMs);
  }

  /** Every connection that is not over yet. */
  live(nowMs: number): Connection[] {
    const found: Connection[] = [];
    for (const head of this.#buckets) {
      for (let one = head; one !== null; one = one.next) if (one.expiresMs > nowMs) found.push(one);
    }
    return found;
  }

  #removeDead(nowMs: number): void {
    for (let i = 0; i < SWEPT_PER_INSERT; i++) {
      this.#sweep = (this.#sweep + 1) & (this.#buckets.length - 1);
      this.#sweepBucket(this.#sweep, nowMs);
    }
  }

  #sweepBucket(at: number, nowMs: number): void {
    for (let one = this.#buckets[at] ?? null; one !== null; one = one.next)
      if (one.expiresMs <= nowMs) this.remove(one);
  }

  #grow(): void {
    this.#buckets = doubled(this.#buckets, hashTuple);
  }

  #growAnswers(): void {
    this.#answers = doubled(this.#answers, (node) => hashTuple(node.tuple));
  }
}

interface Linked<T> {
  next: T | null;
}

/** Twice as many buckets, with the same entries. */
function doubled<T extends Linked<T>>(
  old: readonly (T | null)[],
  hashOf: (entry: T) => number,
): (T | null)[] {
  const buckets = new Array<T | null>(old.length * 2).fill(null);
  for (const head of old) {
    let entry = head;
    while (entry !== null) {
      const { next } = entry;
      const at = hashOf(entry) & (buckets.length - 1);
      entry.next = buckets[at] ?? null;
      buckets[at] = entry;
      entry = next;
    }
  }
  return buckets;
}

function unlink<T extends Linked<T>>(buckets: (T | null)[], hash: number, entry: T): void {
  const at = hash & (buckets.length - 1);
  let before: T | null = null;
  for (let node = buckets[at] ?? null; node !== null; node = node.next) {
    if (node === entry) {
      if (before === null) buckets[at] = node.next;
      else before.next = node.next;
      return;
    }
    before = node;
  }
}
