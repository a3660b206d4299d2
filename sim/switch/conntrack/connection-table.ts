import type { Connection } from "./connection.ts";
import { hashTuple, sameTuple, type Tuple } from "./tuple.ts";

interface Node {
  readonly hash: number;
  readonly tuple: Tuple;
  readonly connection: Connection;
  readonly isReply: boolean;
  next: Node | null;
}

/** Buckets looked at for dead connections with each insertion, so that the table follows the live ones. */
const SWEPT_PER_INSERT = 4;

/** Milliseconds between two looks at all connections. */
const SWEEP_MS = 1_000;

/**
 * Connections by tuple: each stands in the table twice, under its original tuple and under that of its answers.
 * A chained hash table of its own, because a Map would need a string for each look-up.
 */
export class ConnectionTable {
  #buckets: (Node | null)[] = new Array<Node | null>(64).fill(null);
  #size = 0;
  #sweep = 0;
  #sweptMs = Number.NEGATIVE_INFINITY;
  /** Whether the last `find` hit the reply tuple. */
  foundReply = false;

  /** Number of connections, dead ones that nobody has swept yet included. */
  get size(): number {
    return this.#size;
  }

  find(tuple: Tuple, nowMs: number): Connection | null {
    const hash = hashTuple(tuple);
    let node = this.#buckets[hash & (this.#buckets.length - 1)] ?? null;
    let reply: Connection | null = null;
    while (node !== null) {
      if (node.hash === hash && sameTuple(node.tuple, tuple) && node.connection.expiresMs > nowMs) {
        if (!node.isReply) {
          this.foundReply = false;
          return node.connection;
        }
        reply = node.connection;
      }
      node = node.next;
    }
    this.foundReply = reply !== null;
    return reply;
  }

  insert(connection: Connection, nowMs: number): void {
    this.#removeDead(nowMs);
    this.#link(connection.original, connection, false);
    this.#link(connection.reply, connection, true);
    this.#size++;
    if (this.#size * 2 > this.#buckets.length) this.#grow();
  }

  remove(connection: Connection): void {
    if (connection.removed) return;
    connection.removed = true;
    if (connection.pool !== null) connection.pool.count--;
    this.#unlink(connection.original, connection);
    this.#unlink(connection.reply, connection);
    this.#size--;
  }

  /** Removes all connections that are over; looks at most once in `SWEEP_MS`, since it looks at all. */
  sweep(nowMs: number): void {
    if (nowMs - this.#sweptMs < SWEEP_MS) return;
    this.#sweptMs = nowMs;
    for (const head of this.#buckets) {
      for (let node = head; node !== null; node = node.next) {
        if (node.connection.expiresMs <= nowMs) this.remove(node.connection);
      }
    }
  }

  /** Every connection that is not over yet. */
  live(nowMs: number): Connection[] {
    const found: Connection[] = [];
    for (const head of this.#buckets) {
      for (let node = head; node !== null; node = node.next) {
        if (!node.isReply && node.connection.expiresMs > nowMs) found.push(node.connection);
      }
    }
    return found;
  }

  #link(tuple: Tuple, connection: Connection, isReply: boolean): void {
    const hash = hashTuple(tuple);
    const at = hash & (this.#buckets.length - 1);
    this.#buckets[at] = { hash, tuple, connection, isReply, next: this.#buckets[at] ?? null };
  }

  #unlink(tuple: Tuple, connection: Connection): void {
    const at = hashTuple(tuple) & (this.#buckets.length - 1);
    let before: Node | null = null;
    for (let node = this.#buckets[at] ?? null; node !== null; node = node.next) {
      if (node.connection === connection) {
        if (before === null) this.#buckets[at] = node.next;
        else before.next = node.next;
      } else before = node;
    }
  }

  #removeDead(nowMs: number): void {
    for (let i = 0; i < SWEPT_PER_INSERT; i++) {
      this.#sweep = (this.#sweep + 1) & (this.#buckets.length - 1);
      for (let node = this.#buckets[this.#sweep] ?? null; node !== null; node = node.next) {
        if (node.connection.expiresMs <= nowMs) this.remove(node.connection);
      }
    }
  }

  #grow(): void {
    const old = this.#buckets;
    this.#buckets = new Array<Node | null>(old.length * 2).fill(null);
    const mask = this.#buckets.length - 1;
    for (const head of old) {
      let node = head;
      while (node !== null) {
        const { next } = node;
        const at = node.hash & mask;
        node.next = this.#buckets[at] ?? null;
        this.#buckets[at] = node;
        node = next;
      }
    }
  }
}
