import { AnswersTable } from "./answers.ts";
import { Connection, type NatKind } from "./connection.ts";
import { kindOf, ROW, Rows } from "./rows.ts";
import { hashTuple, type Tuple } from "./tuple.ts";

/** Rows looked at for dead connections with each insertion, so that the table follows the live ones. */
const SWEPT_PER_INSERT = 4;

/** Milliseconds between two looks at all connections of a large table. */
const SWEEP_MS = 1_000;
const LARGE = 10_000;

/** No connection is over sooner after a packet, so that a look at all of them holds so long. */
const LIFE_MS_MIN = 10_000;

const CAPACITY_MIN = 64;

/**
 * Connections by tuple, in a hash table of its own, because a Map would need a string for each look-up. Each stands under
 * its original tuple, where packets of both directions find it; a translated one also under the tuple of its answers, in
 * a table beside the first.
 */
export class ConnectionTable {
  #rows = new Rows(CAPACITY_MIN);
  readonly #answers = new AnswersTable();
  #size = 0;
  #sweepAt = this.#rows.first(0);
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
    this.foundReply = false;
    this.foundKilled = false;
    const rows = this.#rows;
    const { words } = rows;
    const kind = kindOf(tuple);
    const isOne = this.#answers.size === 0;
    let found = 0;
    let at = rows.first(hashTuple(tuple));
    for (; words[at + ROW.kind] !== 0; at = rows.after(at)) {
      const isOriginal = rows.isTuple(at, kind, tuple);
      if (!isOriginal && !rows.isReply(at, kind, tuple)) continue;
      if (rows.expiresMs(at) <= nowMs) {
        if (this.#killed.length > 0 && leavesAll(new Connection(rows, at))) this.foundKilled = true;
        continue;
      }
      found = at;
      this.foundReply = !isOriginal;
      // Besides translated ones there may be two of a tuple: the last one to come counts.
      if (isOne) break;
    }
    if (found !== 0) {
      this.foundKilled = false;
      return new Connection(rows, found);
    }
    if (isOne) return null;
    const answered = this.#findAnswered(tuple, nowMs);
    if (answered === null) return null;
    this.foundReply = true;
    this.foundKilled = false;
    return answered;
  }

  /** The translated connection whose answers have this tuple. */
  #findAnswered(tuple: Tuple, nowMs: number): Connection | null {
    return this.#answers.find(tuple, (connection) => {
      if (connection.expiresMs > nowMs) return true;
      if (connection.killed) this.foundKilled = true;
      return false;
    });
  }

  /** A connection without a time yet. `answers`: the tuple of its answers, where that is not the reply to `original`. */
  insert(original: Tuple, nat: NatKind | null, answers: Tuple | null, nowMs: number): Connection {
    this.#removeDead(nowMs);
    if (3 * this.#rows.used >= 2 * this.#rows.capacity) this.#move();
    const rows = this.#rows;
    const at = rows.begin(hashTuple(original), original, answers !== null);
    const connection = new Connection(rows, at);
    if (nat !== null) connection.nat = nat;
    this.#size++;
    if (answers !== null) {
      connection.answers = { tuple: answers, connection, next: null };
      this.#answers.insert(connection.answers);
    }
    return connection;
  }

  remove(connection: Connection): void {
    if (connection.removed) return;
    const { pool, answers } = connection;
    connection.remove();
    this.#size--;
    if (pool !== null) pool.count--;
    if (answers !== null) this.#answers.remove(answers);
  }

  /**
   * Ends a connection, as Open vSwitch does where a packet shows that it is over: it is found no more, but it counts,
   * and the tuple of its answers is taken, until time goes on.
   */
  kill(connection: Connection, nowMs: number): void {
    connection.expiresMs = nowMs;
    connection.kill();
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
    this.#rows.forEach((at) => {
      next = Math.min(next, this.#sweepRow(at, nowMs));
    });
    this.#nextSweepMs = Math.max(next, nowMs + (this.#size > LARGE ? SWEEP_MS : 0));
  }

  /** Every connection that is not over yet. */
  live(nowMs: number): Connection[] {
    const found: Connection[] = [];
    this.#rows.forEach((at) => {
      if (this.#rows.expiresMs(at) > nowMs) found.push(new Connection(this.#rows, at));
    });
    return found;
  }

  #removeDead(nowMs: number): void {
    this.#sweepKilled(nowMs);
    for (let i = 0; i < SWEPT_PER_INSERT; i++) {
      this.#sweepAt = this.#rows.after(this.#sweepAt);
      this.#sweepRow(this.#sweepAt, nowMs);
    }
  }

  /** When the connection of the row is over. */
  #sweepRow(at: number, nowMs: number): number {
    if (!this.#rows.isUsed(at)) return Number.POSITIVE_INFINITY;
    const expiresMs = this.#rows.expiresMs(at);
    if (expiresMs > nowMs) return expiresMs;
    const connection = new Connection(this.#rows, at);
    if (!connection.killed) this.remove(connection);
    return Number.POSITIVE_INFINITY;
  }

  #sweepKilled(nowMs: number): void {
    if (nowMs === this.#killedMs) return;
    for (const connection of this.#killed) this.remove(connection);
    this.#killed = [];
  }

  /** To rows of which half are free at least. */
  #move(): void {
    const old = this.#rows;
    let capacity = CAPACITY_MIN;
    while (capacity < 2 * this.#size) capacity *= 2;
    this.#rows = new Rows(capacity);
    this.#sweepAt = this.#rows.first(0);
    old.forEach((at) => {
      old.move(at, this.#rows, hashTuple(new Connection(old, at)));
    });
    old.next = this.#rows;
    // They would hold on to the old rows.
    this.#answers.forEach(({ connection }) => {
      connection.follow();
    });
  }
}

/**
 * Whether what is left of a killed connection stands in the way of both directions: a translation that changes nothing.
 * One that changes something stands in the way of answers.
 */
function leavesAll({ killed, nat, answers }: Connection): boolean {
  return killed && nat !== null && answers === null;
}
