import type { Answers, Connection } from "./connection.ts";
import { hashTuple, isReplyTo, sameTuple, type Tuple } from "./tuple.ts";

/** Buckets looked at for dead connections with each insertion, so that the table follows the live ones. */
const SWEPT_PER_INSERT = 4;

/** Milliseconds between two looks at all connections of a large table. */
const SWEEP_MS = 1_000;
const LARGE = 10_000;

/** No connection is over sooner after a packet, so that a look at all of them holds so long. */
const LIFE_MS_MIN = 10_000;

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
  #nextSweepMs = Number.NEGATIVE_INFINITY;
  /** Killed at `#killedMs`; they are swept as soon as time goes on. */
  #killed: Connection[] = [];
  #killedMs = 0;
  /** Whether the last `find` hit the reply tuple. */
  foundReply = false;
  /** Whether the last `find` hit nothing but what a killed connection has left. */
  foundKilled = false;

  /** Number of connections, dead ones that nobody has swept yet included. */
  get size(): number {
    return this.#size;
  }

  find(tuple: Tuple, nowMs: number): Connection | null {
    if (this.#killed.length > 0) this.#sweepKilled(nowMs);
    this.foundKilled = false;
    const hash = hashTuple(tuple);
    let one = this.#buckets[hash & (this.#buckets.length - 1)] ?? null;
    for (; one !== null; one = one.next) {
      if (sameTuple(one, tuple)) {
        if (one.expiresMs <= nowMs) {
          if (one.killed && leavesAll(one)) this.foundKilled = true;
          continue;
        }
        this.foundKilled = false;
        this.foundReply = false;
        return one;
      }
      if (one.answers === null && isReplyTo(one, tuple)) {
        if (one.expiresMs <= nowMs) {
          if (one.killed && leavesAll(one)) this.foundKilled = true;
          continue;
        }
        this.foundKilled = false;
        this.foundReply = true;
        return one;
      }
    }
    this.foundReply = this.#translated > 0;
    const found = this.foundReply ? this.#findAnswered(tuple, hash, nowMs) : null;
    if (found === null) this.foundReply = false;
    else this.foundKilled = false;
    return found;
  }

  /** The translated connection whose answers have this tuple. */
  #findAnswered(tuple: Tuple, hash: number, nowMs: number): Connection | null {
    let node = this.#answers[hash & (this.#answers.length - 1)] ?? null;
    for (; node !== null; node = node.next) {
      if (!sameTuple(node.tuple, tuple)) continue;
      const { connection } = node;
      if (connection.expiresMs > nowMs) return connection;
      if (connection.killed) this.foundKilled = true;
    }
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
    if (connection.answers === null) return;
    unlink(this.#answers, hashTuple(connection.answers.tuple), connection.answers);
    this.#translated--;
  }

  /**
   * Ends a connection, as Open vSwitch does where a packet shows that it is over: it is found no more, but it counts,
   * and the tuple of its answers is taken, until time goes on.
   */
  kill(connection: Connection, nowMs: number): void {
    connection.expiresMs = nowMs;
    connection.killed = true;
    this.#killed.push(connection);
    this.#killedMs = nowMs;
  }

  /** Removes what is left of killed connections, of all zones or of one. */
  forgetKilled(zone: number | null): void {
    for (const connection of this.#killed)
      if (zone === null || connection.zone === zone) this.remove(connection);
    this.#killed = this.#killed.filter(({ removed }) => !removed);
  }

  /** Removes all connections that are over; of a large table at most once in `SWEEP_MS`, since it looks at all. */
  sweep(nowMs: number): void {
    this.#sweepKilled(nowMs);
    if (nowMs < this.#nextSweepMs) return;
    let next = nowMs + LIFE_MS_MIN;
    for (let at = 0; at < this.#buckets.length; at++)
      next = Math.min(next, this.#sweepBucket(at, nowMs));
    this.#nextSweepMs = Math.max(next, nowMs + (this.#size > LARGE ? SWEEP_MS : 0));
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
    this.#sweepKilled(nowMs);
    for (let i = 0; i < SWEPT_PER_INSERT; i++) {
      this.#sweep = (this.#sweep + 1) & (this.#buckets.length - 1);
      this.#sweepBucket(this.#sweep, nowMs);
    }
  }

  /** When the next of the bucket is over. */
  #sweepBucket(at: number, nowMs: number): number {
    let next = Number.POSITIVE_INFINITY;
    for (let one = this.#buckets[at] ?? null; one !== null; one = one.next) {
      if (one.expiresMs > nowMs) next = Math.min(next, one.expiresMs);
      else if (!one.killed) this.remove(one);
    }
    return next;
  }

  #sweepKilled(nowMs: number): void {
    if (nowMs === this.#killedMs) return;
    for (const connection of this.#killed) this.remove(connection);
    this.#killed = [];
  }

  #grow(): void {
    this.#buckets = doubled(this.#buckets, hashTuple);
  }

  #growAnswers(): void {
    this.#answers = doubled(this.#answers, (node) => hashTuple(node.tuple));
  }
}

/**
 * Whether what is left of a killed connection stands in the way of both directions: a translation that changes nothing.
 * One that changes something stands in the way of answers.
 */
function leavesAll({ nat, answers }: Connection): boolean {
  return nat !== null && answers === null;
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
