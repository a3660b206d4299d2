import { FLOW_LIMITS } from "../base/limits.ts";
import { type Dissection, TCP_FLAG } from "../wire/dissection.ts";
import { canBeginAt } from "./begin.ts";
import type { Budget } from "./budget.ts";
import { Connection } from "./connection.ts";
import type { FlowCounts } from "./counts.ts";
import { FlowTable, META } from "./flow-table.ts";
import { INTEREST, type Moment, type StreamHandler } from "./handler.ts";
import { HistoryMemory } from "./history.ts";
import { OldConnections } from "./old-connections.ts";
import { tupleOf } from "./tuple-of.ts";

/** No connection is kept for such a flow. */
const OVER = META.closed | META.dormant | META.deaf;

export interface TrackerOptions {
  readonly counts: FlowCounts;
  readonly budget: Budget;
  readonly moment: Moment;
  createHandler(): StreamHandler;
  /** Whether bytes[start, end), the start of a segment, are worth waking a dormant connection for. */
  wakes(bytes: Uint8Array, start: number, end: number): boolean;
  readonly flowsMax?: number;
  readonly connectionsMax?: number;
}

interface Watched {
  readonly connection: Connection;
  readonly generation: number;
  readonly packet: number;
}

/** From TCP segments to connections: finds the flow of each, opens, wakes and closes connections, and keeps all bounded. */
export class FlowTracker {
  readonly #table: FlowTable;
  readonly #counts: FlowCounts;
  readonly #options: TrackerOptions;
  readonly #connectionsMax: number;
  /** Open connections by index; a free index holds `null`. */
  readonly #connections: (Connection | null)[] = [];
  readonly #freeIndexes: number[] = [];
  readonly #idle: Connection[] = [];
  readonly #histories = new HistoryMemory();
  readonly #old = new OldConnections();
  #hand = 0;
  #watched: Watched[] = [];
  #watchedAt = 0;
  #packets = 0;

  constructor(options: TrackerOptions) {
    this.#options = options;
    this.#counts = options.counts;
    this.#connectionsMax = Math.max(1, options.connectionsMax ?? FLOW_LIMITS.connectionsMax);
    this.#table = new FlowTable(options.flowsMax ?? FLOW_LIMITS.flowsMax, options.counts, (slot) =>
      this.#evictFlow(slot),
    );
  }

  /** A TCP segment (`d.outcome` is tcp). */
  segment(d: Dissection, bytes: Uint8Array): void {
    this.#packets++;
    if (this.#watchedAt < this.#watched.length) this.#serveWatched(false);
    const table = this.#table;
    const flags = d.flags;
    const isSyn = (flags & TCP_FLAG.syn) !== 0;
    const slot = table.locate(d, bytes, isSyn && (flags & TCP_FLAG.ack) === 0);
    const direction = table.direction;
    if (isSyn) {
      this.#syn(slot, direction, d, bytes);
      return;
    }
    if (this.#old.size > 0) {
      const old = this.#old.find(slot, direction, d.sequence, this.#nextOf(slot, direction));
      if (old !== null) {
        this.#receive(old, direction, d, bytes);
        return;
      }
    }
    const meta = table.meta(slot);
    const index = (meta & META.closed) === 0 ? table.connection(slot) : 0;
    if (index !== 0) {
      this.#receive(this.#connections[index - 1]!, direction, d, bytes);
      return;
    }
    if (d.payloadEnd === d.payloadStart && d.cutBytes === 0) {
      if ((flags & TCP_FLAG.rst) !== 0) this.#counts.resets++;
      // A FIN is kept only if it came before data that was sent before it.
      if ((flags & TCP_FLAG.fin) === 0 || (meta & OVER) !== 0) return;
      const ahead = table.ahead(slot, direction, d.sequence);
      if (ahead <= 0 || ahead > FLOW_LIMITS.aheadBytesMax) return;
    }
    if ((meta & OVER) !== 0) {
      this.#maybeWake(slot, meta, direction, d, bytes);
      return;
    }
    if (table.isNew) this.#counts.midstream++;
    this.#receive(this.#open(slot, direction, d, bytes), direction, d, bytes);
  }

  /** The capture is over: everything that is still open ends here. */
  finish(): void {
    this.#serveWatched(true);
    for (const connection of this.#connections) {
      if (connection !== null) this.#close(connection, META.closed);
    }
  }

  get openConnections(): number {
    return this.#connections.length - this.#freeIndexes.length;
  }

  #receive(connection: Connection, direction: 0 | 1, d: Dissection, bytes: Uint8Array): void {
    connection.isReferenced = true;
    connection.receive((direction ^ connection.flip) as 0 | 1, d, bytes);
    if ((d.flags & TCP_FLAG.rst) !== 0) this.#rst(connection, direction, d);
    if (connection.isOver) {
      this.#close(connection, META.closed);
      return;
    }
    const interest = connection.handler.interest;
    if (interest !== INTEREST.all && connection.heldCount === 0) {
      this.#close(connection, interest === INTEREST.dormant ? META.dormant : META.deaf);
      return;
    }
    if (!connection.isWatched && connection.heldCount > 0) this.#watch(connection);
  }

  /** A reset may be forged and is not obeyed at once: what still arrives soon after it is read, too. */
  #rst(connection: Connection, direction: 0 | 1, d: Dissection): void {
    const stream = connection.streams[(direction ^ connection.flip) as 0 | 1];
    if (stream.isAnchored && Math.abs(stream.ahead(d.sequence)) > FLOW_LIMITS.aheadBytesMax) {
      this.#counts.outOfWindow++;
      return;
    }
    this.#counts.resets++;
    connection.isReset = true;
    if (!connection.isWatched) this.#watch(connection);
  }

  #syn(slot: number, direction: 0 | 1, d: Dissection, bytes: Uint8Array): void {
    const table = this.#table;
    const next = (d.sequence + 1) | 0;
    const isAnswer = (d.flags & TCP_FLAG.ack) !== 0;
    const isClosed = (table.meta(slot) & META.closed) !== 0;
    if (isClosed && (isAnswer || table.connection(slot) === next)) return;
    const isNew = isAnswer
      ? this.#isNewAnswer(slot, direction, next, d)
      : this.#isNewAttempt(slot, direction, next);
    if (isNew) {
      this.#setAside(slot, direction, d, bytes);
      this.#reuse(slot);
    }
    const meta = table.meta(slot);
    const isKnown = (meta & (META.known << direction)) !== 0;
    const isRepeat = isKnown && table.next(slot, direction) === next;
    let connection = this.#connectionOf(slot);
    if (isAnswer && isKnown && !isRepeat) {
      this.#counts.rivalSynAcks++;
      connection ??= this.#open(slot, direction, d, bytes);
      connection.offerRival(direction ^ connection.flip, next);
      return;
    }
    if (!isRepeat) {
      const side = connection === null ? 0 : ((direction ^ connection.flip) as 0 | 1);
      if (isKnown) connection?.reanchor(side, table.next(slot, direction), next);
      table.setNext(slot, direction, next);
      connection?.anchor(side, next);
    }
    if (isAnswer) this.#learnFromAnswer(slot, direction, d, connection);
    if (connection !== null && connection.heldCount > 0) connection.settle();
    const after = table.meta(slot);
    const isOne = (direction === 1) !== isAnswer;
    table.setMeta(slot, isOne ? after | META.initiator1 : after & ~META.initiator1);
    // Fast open (RFC 7413): the SYN carries data.
    if (d.payloadEnd > d.payloadStart || d.cutBytes > 0) {
      connection ??= this.#open(slot, direction, d, bytes);
      this.#receive(connection, direction, d, bytes);
    }
  }

  /** A SYN+ACK tells where the initiator's stream begins, or with fast open, how far it has come. */
  #learnFromAnswer(
    slot: number,
    direction: 0 | 1,
    d: Dissection,
    connection: Connection | null,
  ): void {
    const other = (1 - direction) as 0 | 1;
    if ((this.#table.meta(slot) & (META.known << other)) !== 0) return;
    this.#table.setTold(slot, other, d.acknowledgement);
    connection?.anchor((other ^ connection.flip) as 0 | 1, d.acknowledgement);
  }

  /** Whether a SYN begins another connection than the one that the flow is known for. */
  #isNewAttempt(slot: number, direction: 0 | 1, next: number): boolean {
    const meta = this.#table.meta(slot);
    if ((meta & OVER) !== 0) return true;
    if ((meta & (META.known << direction)) === 0) return false;
    const behind = (this.#table.next(slot, direction) - next) | 0;
    // A SYN with data that comes after its SYN+ACK is behind what that acknowledged, by no more than a segment.
    const isLate = (meta & (META.hinted << direction)) !== 0 && behind > 0 && behind <= 0xffff;
    return behind !== 0 && !isLate;
  }

  /** Whether a SYN+ACK, whose SYN was not captured, begins another connection than the one at hand. */
  #isNewAnswer(slot: number, direction: 0 | 1, next: number, d: Dissection): boolean {
    const connection = this.#connectionOf(slot);
    if (connection === null) return false;
    const [a, b] = connection.streams;
    const [own, peer] = direction === connection.flip ? [a, b] : [b, a];
    return !canBeginAt(own, peer, next, d.acknowledgement);
  }

  /** Keep a connection whose end was not captured for a while beside the one that takes its place. */
  #setAside(slot: number, direction: 0 | 1, d: Dissection, bytes: Uint8Array): void {
    const table = this.#table;
    const meta = table.meta(slot);
    const known = META.known | (META.known << 1);
    const isOpen = (meta & OVER) === 0;
    let connection = this.#connectionOf(slot);
    // Opened in full, but its first data may still come.
    if (isOpen && (meta & known) === known) connection ??= this.#open(slot, direction, d, bytes);
    if (connection === null) return;
    const older = this.#old.of(slot);
    if (older !== undefined) this.#close(older, META.closed);
    connection.isOld = true;
    this.#old.add(connection);
    table.setConnection(slot, 0);
    if (!connection.isWatched) this.#watch(connection);
  }

  /** Where the stream of a flow's direction stands, if that is known. */
  #nextOf(slot: number, direction: 0 | 1): number | null {
    const connection = this.#connectionOf(slot);
    if (connection !== null) {
      const stream = connection.streams[(direction ^ connection.flip) as 0 | 1];
      if (stream.isAnchored) return stream.next;
    }
    const isKnown = (this.#table.meta(slot) & (META.known << direction)) !== 0;
    return isKnown ? this.#table.next(slot, direction) : null;
  }

  /** A new connection takes the place of one that is over, or was set aside. */
  #reuse(slot: number): void {
    this.#counts.portReuses++;
    const table = this.#table;
    const kept = META.inUse | META.referenced | META.ipv6 | META.seen | (META.seen << 1);
    table.setMeta(slot, table.meta(slot) & kept);
    table.setConnection(slot, 0);
  }

  /** After the end, or in a stream that was not HTTP, only the start of a message is worth a new connection. */
  #maybeWake(slot: number, meta: number, direction: 0 | 1, d: Dissection, bytes: Uint8Array): void {
    const table = this.#table;
    if ((meta & META.deaf) !== 0) return;
    if ((meta & META.closed) !== 0) {
      if (table.ahead(slot, direction, d.sequence) < 0) {
        this.#counts.retransmissions++;
        return;
      }
      if (!this.#options.wakes(bytes, d.payloadStart, d.payloadEnd)) {
        this.#counts.afterClose++;
        return;
      }
      this.#reuse(slot);
    } else {
      // Take away what it repeats of the stream that was left alone.
      const old = -table.ahead(slot, direction, d.sequence);
      if (old > 0 && old < d.payloadEnd - d.payloadStart) {
        d.payloadStart += old;
        d.sequence = (d.sequence + old) | 0;
      }
      if (!this.#options.wakes(bytes, d.payloadStart, d.payloadEnd)) return;
    }
    const known = META.known | (META.known << 1);
    table.setMeta(slot, table.meta(slot) & ~(META.dormant | known));
    table.setNext(slot, direction, d.sequence);
    if ((d.flags & TCP_FLAG.ack) !== 0) table.setNext(slot, 1 - direction, d.acknowledgement);
    this.#receive(this.#open(slot, direction, d, bytes), direction, d, bytes);
  }

  #connectionOf(slot: number): Connection | null {
    const index = (this.#table.meta(slot) & META.closed) === 0 ? this.#table.connection(slot) : 0;
    return index === 0 ? null : this.#connections[index - 1]!;
  }

  /** A connection for the flow, at a packet that was sent in `direction`. */
  #open(slot: number, direction: 0 | 1, d: Dissection, bytes: Uint8Array): Connection {
    const table = this.#table;
    const meta = table.meta(slot);
    const known = META.known | (META.known << 1);
    // Without a SYN the first to send data counts as the source.
    const initiator = (meta & known) === 0 ? direction : (meta & META.initiator1) !== 0 ? 1 : 0;
    const index = this.#freeIndex();
    const connection = this.#idle.pop() ?? this.#create();
    connection.reset(slot, initiator, index);
    this.#connections[index] = connection;
    table.setConnection(slot, index + 1);
    this.#counts.connections++;
    for (const side of [0, 1] as const) {
      if ((meta & (META.known << side)) !== 0) {
        connection.streams[(side ^ initiator) as 0 | 1].anchor(table.next(slot, side));
      }
    }
    // A tap that tags the two directions differently is recognised by these numbers.
    if ((meta & known) === 0) table.setHint(slot, direction, d.sequence);
    connection.handler.open(tupleOf(d, bytes, direction === initiator));
    return connection;
  }

  #create(): Connection {
    const { budget, moment } = this.#options;
    return new Connection(this.#options.createHandler(), {
      counts: this.#counts,
      budget,
      moment,
      histories: this.#histories,
    });
  }

  #freeIndex(): number {
    const free = this.#freeIndexes.pop();
    if (free !== undefined) return free;
    if (this.#connections.length < this.#connectionsMax) return this.#connections.push(null) - 1;
    for (;;) {
      const connection = this.#connections[this.#hand]!;
      this.#hand = (this.#hand + 1) % this.#connections.length;
      if (connection.isReferenced) connection.isReferenced = false;
      else {
        this.#counts.evictedConnections++;
        this.#close(connection, META.dormant);
        return this.#freeIndexes.pop()!;
      }
    }
  }

  /** End a connection; the flow stays in the table, in the state `as`. */
  #close(connection: Connection, as: number): void {
    const table = this.#table;
    const { slot, flip, index, isOld } = connection;
    const initial = table.next(slot, flip);
    connection.close();
    this.#connections[index] = null;
    this.#freeIndexes.push(index);
    this.#idle.push(connection);
    connection.generation++;
    if (isOld) {
      this.#old.remove(connection);
      return;
    }
    for (const side of [0, 1] as const) {
      const stream = connection.streams[(side ^ flip) as 0 | 1];
      if (stream.isAnchored) table.setNext(slot, side, stream.next);
    }
    table.setMeta(slot, table.meta(slot) | as);
    table.setConnection(slot, as === META.closed ? initial : 0);
  }

  #evictFlow(slot: number): void {
    const connection = this.#connectionOf(slot);
    if (connection !== null) this.#close(connection, META.closed);
    const old = this.#old.of(slot);
    if (old !== undefined) this.#close(old, META.closed);
  }

  #watch(connection: Connection): void {
    connection.isWatched = true;
    connection.watchedAt = connection.delivered;
    this.#watched.push({
      connection,
      generation: connection.generation,
      packet: this.#packets,
    });
  }

  /** Look after connections that wait: holes that do not fill are given up, reset and old ones closed. */
  #serveWatched(isAll: boolean): void {
    while (this.#watchedAt < this.#watched.length) {
      const entry = this.#watched[this.#watchedAt]!;
      if (!isAll && this.#packets - entry.packet < FLOW_LIMITS.patiencePackets) break;
      this.#watchedAt++;
      const { connection } = entry;
      if (connection.generation !== entry.generation) continue;
      connection.isWatched = false;
      if (connection.isReset || connection.isOld || isAll) this.#close(connection, META.closed);
      else if (connection.heldCount > 0) {
        if (connection.delivered === connection.watchedAt) connection.resolveOldest();
        if (connection.isOver) this.#close(connection, META.closed);
        else if (connection.heldCount > 0) this.#watch(connection);
      }
    }
    if (this.#watchedAt > 1024 && this.#watchedAt * 2 > this.#watched.length) {
      this.#watched = this.#watched.slice(this.#watchedAt);
      this.#watchedAt = 0;
    }
  }
}
