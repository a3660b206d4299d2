import { FLOW_LIMITS } from "../base/limits.ts";
import { type Dissection, TCP_FLAG } from "../wire/dissection.ts";
import { beginOf } from "./begin.ts";
import type { Budget } from "./budget.ts";
import type { FlowCounts } from "./counts.ts";
import type { Moment, StreamHandler } from "./handler.ts";
import type { HistoryMemory } from "./history.ts";
import { type Held, Stream } from "./stream.ts";

/** What all connections of a tracker share. */
interface ConnectionContext {
  readonly counts: FlowCounts;
  readonly budget: Budget;
  readonly moment: Moment;
  readonly histories: HistoryMemory;
}

/**
 * The two streams of a TCP connection, and the rule that ties them: a segment is delivered only after what it
 * acknowledges has been delivered of the other direction. So the order of arrival does not matter, and bytes that the
 * peer acknowledged but the capture lacks show as holes on both sides.
 */
export class Connection {
  readonly handler: StreamHandler;
  readonly streams: readonly [Stream, Stream];
  /** Place in the flow table, and which of its directions is 0 here. */
  slot = 0;
  flip = 0;
  /** Place among the open connections. */
  index = 0;
  /** A new connection has taken its place in the flow table. */
  isOld = false;
  isReset = false;
  /** For the tracker: waits in its list; bytes delivered when it was put there; use of the object. */
  isWatched = false;
  watchedAt = 0;
  generation = 0;
  isReferenced = false;
  /** Another initial sequence number that the responder offered (see `offerRival`). */
  #rivalNext = 0;
  #rivalDirection = -1;
  /** Bytes and gaps handed over so far, both directions. */
  delivered = 0;
  readonly #counts: FlowCounts;
  readonly #moment: Moment;

  constructor(handler: StreamHandler, shared: ConnectionContext) {
    const { counts, budget, moment, histories } = shared;
    this.handler = handler;
    this.#counts = counts;
    this.#moment = moment;
    this.streams = [
      new Stream(counts, budget, histories.create()),
      new Stream(counts, budget, histories.create()),
    ];
  }

  reset(slot: number, flip: number, index: number): void {
    this.streams[0].reset();
    this.streams[1].reset();
    this.slot = slot;
    this.flip = flip;
    this.index = index;
    this.isOld = false;
    this.isReset = false;
    this.isWatched = false;
    this.isReferenced = false;
    this.delivered = 0;
    this.#rivalDirection = -1;
    this.generation++;
  }

  get heldCount(): number {
    return this.streams[0].held.length + this.streams[1].held.length;
  }

  /** Both directions ended in order and nothing is held. */
  get isOver(): boolean {
    return this.streams[0].isFinished && this.streams[1].isFinished;
  }

  /** A second SYN+ACK with another number: the initiator's acknowledgement will tell which one it took. */
  offerRival(direction: number, next: number): void {
    const stream = this.streams[direction as 0 | 1];
    if (this.delivered > 0 && stream.isAnchored && stream.held.length === 0) return;
    this.#rivalDirection = direction;
    this.#rivalNext = next;
  }

  /** A segment of `direction` that is no bare SYN. */
  receive(direction: 0 | 1, d: Dissection, bytes: Uint8Array): void {
    const own = this.streams[direction];
    const peer = this.streams[(1 - direction) as 0 | 1];
    const flags = d.flags;
    const hasAck = (flags & (TCP_FLAG.ack | TCP_FLAG.syn | TCP_FLAG.rst)) === TCP_FLAG.ack;
    own.isSeen = true;
    if (hasAck) {
      if (this.#rivalDirection === 1 - direction) this.#chooseRival(peer, d.acknowledgement);
      own.noteAcknowledgement(d.acknowledgement);
    }
    const isFin = (flags & TCP_FLAG.fin) !== 0;
    let start = d.payloadStart;
    const end = d.payloadEnd;
    let missing = d.cutBytes;
    if (start === end && missing === 0 && !isFin) {
      if (this.heldCount > 0) this.settle();
      return;
    }
    let sequence = (flags & TCP_FLAG.syn) !== 0 ? (d.sequence + 1) | 0 : d.sequence;
    if (own.isAnchored) {
      let ahead = own.ahead(sequence);
      if (ahead < 0) {
        const length = end - start + missing;
        if (length > 1 && own.history.differs(sequence, bytes, start, end)) {
          if (length + ahead > 0) this.#counts.conflictingOverlaps++;
          else this.#counts.conflictingRetransmissions++;
        }
        if (length + ahead <= 0 && !(isFin && length + ahead === 0 && !own.isFinished)) {
          this.#countOld(ahead, length);
          return;
        }
        if (length + ahead > 0) this.#counts.overlaps++;
        const present = Math.min(end - start, -ahead);
        start += present;
        missing -= -ahead - present;
        sequence = own.next;
        ahead = 0;
      }
      if (own.isFinished) {
        this.#counts.afterClose++;
        return;
      }
      if (ahead === 0 && own.held.length === 0 && (!hasAck || !isBehind(peer, d.acknowledgement))) {
        this.#deliver(direction, bytes, start, end, missing, isFin);
        if (peer.held.length > 0) this.settle();
        return;
      }
      if (
        ahead > FLOW_LIMITS.aheadBytesMax &&
        peer.isSeen &&
        !this.#isAcknowledged(peer, sequence)
      ) {
        this.#counts.outOfWindow++;
        return;
      }
      this.#counts.outOfOrder++;
    }
    const fits = own.hold(sequence, bytes, start, end, missing, isFin, {
      acknowledgement: d.acknowledgement,
      hasAcknowledgement: hasAck,
      timeNs: this.#moment.nowNs,
    });
    if (!fits) {
      this.#counts.holdLimitHits++;
      this.resolveAll();
      return;
    }
    this.settle();
  }

  /** Give up every hole, in the order of arrival, until nothing is held. */
  resolveAll(): void {
    if (this.heldCount === 0) return;
    this.#drain();
    while (this.#resolveHole()) this.#drain();
  }

  /** Give up the hole that has stood for longest. */
  resolveOldest(): void {
    if (this.#resolveHole()) this.#drain();
  }

  /** A SYN, or what answers it, tells where a stream begins. `settle` when all that it tells is told. */
  anchor(direction: 0 | 1, next: number): void {
    const stream = this.streams[direction];
    if (!stream.isAnchored) stream.anchor(next);
  }

  /** A stream that was thought to begin at `from` begins at `to`; too late once something was delivered. */
  reanchor(direction: 0 | 1, from: number, to: number): void {
    const stream = this.streams[direction];
    if (stream.isAnchored && stream.next === from) stream.anchor(to);
  }

  /** The connection is over, by whatever end: hand over what is held, then end both directions. */
  close(): void {
    this.resolveAll();
    this.#endDirection(0);
    this.#endDirection(1);
    this.streams[0].dropHeld();
    this.streams[1].dropHeld();
    this.handler.close();
  }

  #endDirection(direction: 0 | 1): void {
    const own = this.streams[direction];
    if (own.isFinished) return;
    const peer = this.streams[(1 - direction) as 0 | 1];
    let isOrderly = false;
    if (own.isAnchored && peer.hasAcknowledged) {
      const unseen = own.ahead(peer.acknowledged);
      // One more than the data: the acknowledgement of a FIN that the capture lacks.
      if (unseen === 1) isOrderly = true;
      else if (unseen > 1 && unseen < FLOW_LIMITS.aheadBytesMax) this.#skip(direction, unseen);
    }
    own.isFinished = true;
    this.handler.end(direction, isOrderly);
  }

  #deliver(
    direction: 0 | 1,
    bytes: Uint8Array,
    start: number,
    end: number,
    missing: number,
    isFin: boolean,
  ): void {
    const own = this.streams[direction];
    const length = end - start;
    if (length > 0) own.history.note(own.next, bytes, start, end);
    own.next = (own.next + length + missing + (isFin ? 1 : 0)) | 0;
    this.delivered += length + missing;
    if (length > 0) this.handler.data(direction, bytes, start, end);
    if (missing > 0) {
      this.#counts.cutSegments++;
      this.handler.gap(direction, missing);
    }
    if (isFin) {
      own.isFinished = true;
      this.handler.end(direction, true);
    }
  }

  /** Deliver what has become due, and give holes up where a limit says so. */
  settle(): void {
    this.#drain();
    if (this.heldCount > FLOW_LIMITS.segmentsHeldAcknowledgedMax && this.#isLossCertain()) {
      // Only as many holes as it takes: the later ones may still fill.
      this.resolveOldest();
    }
    while (
      this.heldCount > FLOW_LIMITS.segmentsHeldMax ||
      this.streams[0].heldBytes + this.streams[1].heldBytes > FLOW_LIMITS.connectionHeldBytesMax
    ) {
      this.#counts.holdLimitHits++;
      if (!this.#resolveHole()) return;
      this.#drain();
    }
  }

  /** The peer has acknowledged bytes that were not seen: they are not in flight any more. */
  #isLossCertain(): boolean {
    const [a, b] = this.streams;
    return (
      (a.isAnchored && b.hasAcknowledged && a.ahead(b.acknowledged) > 0) ||
      (b.isAnchored && a.hasAcknowledged && b.ahead(a.acknowledged) > 0)
    );
  }

  #isAcknowledged(peer: Stream, sequence: number): boolean {
    return peer.hasAcknowledged && ((peer.acknowledged - sequence) | 0) >= 0;
  }

  #drain(): void {
    const [a, b] = this.streams;
    for (;;) {
      if (this.#drainStream(0) || this.#drainStream(1)) continue;
      // Each waits for the other: a retransmission acknowledges more than its original did. The first to arrive goes on.
      const fromA = this.#atHead(a);
      const fromB = this.#atHead(b);
      if (fromA === undefined || fromB === undefined) return;
      this.#deliverHeld(
        fromA.timeNs <= fromB.timeNs ? 0 : 1,
        fromA.timeNs <= fromB.timeNs ? fromA : fromB,
      );
    }
  }

  #atHead(stream: Stream): Held | undefined {
    return stream.isAnchored ? stream.due() : undefined;
  }

  /** Deliver what is due of a direction. True when anything was. */
  #drainStream(direction: 0 | 1): boolean {
    const own = this.streams[direction];
    const peer = this.streams[(1 - direction) as 0 | 1];
    if (own.held.length === 0) return false;
    if (!own.isAnchored) {
      // A stream without SYN begins with what is held once enough has come that might have stood before it.
      if (own.held.length < FLOW_LIMITS.segmentsHeldUnanchoredMax) return false;
      this.#anchorBoth();
    }
    let any = false;
    for (let first = own.due(); first !== undefined; first = own.due()) {
      if (first.hasAcknowledgement && peer.isAnchored && peer.ahead(first.acknowledgement) > 0)
        break;
      this.#deliverHeld(direction, first);
      any = true;
    }
    return any;
  }

  #deliverHeld(direction: 0 | 1, first: Held): void {
    const own = this.streams[direction];
    own.remove(first);
    if (own.isFinished) return;
    this.#moment.hold(first.timeNs);
    if (first.bytes === null) this.#deliver(direction, EMPTY, 0, 0, first.length, first.isFin);
    else this.#deliver(direction, first.bytes, 0, first.length, 0, first.isFin);
    this.#moment.hold(null);
  }

  /** Both at once, or the answer might overtake what it answers. */
  #anchorBoth(): void {
    const [a, b] = this.streams;
    const beginA = beginOf(a, b);
    const beginB = beginOf(b, a);
    if (!a.isAnchored && beginA !== null) a.anchor(beginA);
    if (!b.isAnchored && beginB !== null) b.anchor(beginB);
  }

  /** Give up what stands before the held segment that arrived first. False when nothing is held. */
  #resolveHole(): boolean {
    const [a, b] = this.streams;
    const headA = a.held[0];
    const headB = b.held[0];
    if (headA === undefined && headB === undefined) return false;
    const isA = headB === undefined || (headA !== undefined && headA.timeNs <= headB.timeNs);
    const direction = isA ? 0 : 1;
    const own = this.streams[direction];
    const peer = this.streams[isA ? 1 : 0];
    const head = own.held[0]!;
    if (!own.isAnchored) {
      this.#anchorBoth();
      return true;
    }
    const ahead = own.ahead(head.sequence);
    if (ahead > 0) {
      // The peer may have sent something in between, which acknowledges a part of the hole: it comes in between here, too.
      const peerHead = peer.held[0];
      const until =
        peerHead?.hasAcknowledgement === true && peer.ahead(peerHead.sequence) === 0
          ? own.ahead(peerHead.acknowledgement)
          : 0;
      this.#skip(direction, until > 0 && until < ahead ? until : ahead);
      return true;
    }
    if (head.hasAcknowledgement && peer.isAnchored && !peer.isFinished) {
      // What it acknowledges is missing; but what is held of the peer is not.
      let missing = peer.ahead(head.acknowledgement);
      const peerHead = peer.held[0];
      if (peerHead !== undefined) missing = Math.min(missing, peer.ahead(peerHead.sequence));
      if (missing > 0 && missing < FLOW_LIMITS.aheadBytesMax) {
        this.#skip((1 - direction) as 0 | 1, missing);
        return true;
      }
    }
    this.#deliverHeld(direction, head);
    return true;
  }

  #skip(direction: 0 | 1, count: number): void {
    const own = this.streams[direction];
    own.next = (own.next + count) | 0;
    this.delivered += count;
    this.#counts.gaps++;
    this.#counts.gapBytes += count;
    this.handler.gap(direction, count);
  }

  #countOld(ahead: number, length: number): void {
    if (length <= 1 && ahead === -1) this.#counts.keepAliveProbes++;
    else if (length > 0) this.#counts.retransmissions++;
  }

  #chooseRival(peer: Stream, acknowledgement: number): void {
    if (acknowledgement === this.#rivalNext) {
      peer.dropHeld();
      peer.anchor(this.#rivalNext);
      this.#rivalDirection = -1;
    } else if (acknowledgement === peer.next) this.#rivalDirection = -1;
  }
}

/** Whether bytes that are acknowledged have not been delivered yet. */
function isBehind(stream: Stream, acknowledgement: number): boolean {
  if (stream.isAnchored) return stream.ahead(acknowledgement) > 0;
  const first = stream.held[0];
  return first !== undefined && ((acknowledgement - first.sequence) | 0) > 0;
}

const EMPTY = new Uint8Array(0);
