import type { Budget } from "./budget.ts";
import type { FlowCounts } from "./counts.ts";
import type { History } from "./history.ts";

/** Memory of a held segment beyond its bytes: the object and its place in the list. */
const HELD_OVERHEAD_BYTES = 160;

/** A segment that cannot be delivered yet. `bytes` is null for bytes that were on the wire but not in the capture. */
export interface Held {
  sequence: number;
  length: number;
  bytes: Uint8Array | null;
  isFin: boolean;
  /** What the segment acknowledges of the other direction; it was sent after that had been received. */
  readonly acknowledgement: number;
  readonly hasAcknowledgement: boolean;
  readonly timeNs: bigint;
}

/**
 * One direction of a TCP connection: where its next byte is, and the segments that wait for earlier ones. Pure: it
 * knows no clock and no peer. Sequence numbers are signed 32-bit and compared by their difference, so that the stream
 * may be of any length.
 */
export class Stream {
  /** Sequence number of the next byte to deliver. Meaningful once `isAnchored`. */
  next = 0;
  /** The stream's place is known, from a SYN, from what a SYN+ACK acknowledges, or from the first data held. */
  isAnchored = false;
  /** A FIN was delivered. */
  isFinished = false;
  /** Any packet of this direction was seen. */
  isSeen = false;
  /** Highest acknowledgement this direction has sent, if any. */
  acknowledged = 0;
  hasAcknowledged = false;
  /** Sorted by sequence, without overlap. */
  readonly held: Held[] = [];
  heldBytes = 0;
  readonly history: History;
  readonly #counts: FlowCounts;
  readonly #budget: Budget;

  constructor(counts: FlowCounts, budget: Budget, history: History) {
    this.history = history;
    this.#counts = counts;
    this.#budget = budget;
  }

  reset(): void {
    this.next = 0;
    this.isAnchored = false;
    this.isFinished = false;
    this.isSeen = false;
    this.acknowledged = 0;
    this.hasAcknowledged = false;
    this.history.reset();
    this.dropHeld();
  }

  dropHeld(): void {
    if (this.held.length === 0) return;
    this.#budget.give(this.heldBytes);
    this.heldBytes = 0;
    this.held.length = 0;
  }

  anchor(sequence: number): void {
    this.next = sequence;
    this.isAnchored = true;
  }

  noteAcknowledgement(acknowledgement: number): void {
    if (!this.hasAcknowledged) {
      this.hasAcknowledged = true;
      this.acknowledged = acknowledgement;
    } else if (((acknowledgement - this.acknowledged) | 0) > 0) this.acknowledged = acknowledgement;
  }

  /** How far `sequence` is ahead of what was delivered; negative: behind. */
  ahead(sequence: number): number {
    return (sequence - this.next) | 0;
  }

  /**
   * Hold bytes[start, end) at `sequence`, copied, with `missing` more that are not in the capture, and the FIN behind
   * them. Of bytes held twice the first arrival wins; a difference is counted. False: the budget does not last.
   */
  hold(
    sequence: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    missing: number,
    isFin: boolean,
    origin: Pick<Held, "acknowledgement" | "hasAcknowledgement" | "timeNs">,
  ): boolean {
    let from = sequence;
    let at = start;
    const length = end - start;
    const stop = (sequence + length) | 0;
    let index = this.#indexOf(from);
    let fits = true;
    while (fits && ((stop - from) | 0) > 0) {
      const next = this.held[index];
      const room = next === undefined ? length : (next.sequence - from) | 0;
      if (room > 0) {
        const take = Math.min(room, (stop - from) | 0);
        fits = this.#insert(index++, from, bytes.slice(at, at + take), take, false, origin);
        from = (from + take) | 0;
        at += take;
      } else {
        const shared = Math.min((next!.sequence + next!.length - from) | 0, (stop - from) | 0);
        if (shared > 0) this.#compare(next!, from, bytes, at, shared);
        from = (from + Math.max(0, shared)) | 0;
        at += Math.max(0, shared);
        index++;
      }
    }
    if (fits && missing > 0 && this.#isFree(from, missing)) {
      fits = this.#insert(this.#indexOf(from), from, null, missing, false, origin);
      from = (from + missing) | 0;
    }
    if (fits && isFin) fits = this.#holdFin(from, origin);
    return fits;
  }

  /** The first held segment if its turn has come, trimmed to what is new; `undefined` otherwise. */
  due(): Held | undefined {
    for (;;) {
      const first = this.held[0];
      if (first === undefined) return undefined;
      const ahead = this.ahead(first.sequence);
      if (ahead > 0) return undefined;
      if (ahead === 0) return first;
      // Delivered in the meantime, in whole or in part, by a segment that came in order.
      const old = -ahead;
      if (
        first.bytes !== null &&
        this.history.differs(first.sequence, first.bytes, 0, first.length)
      ) {
        if (old >= first.length) this.#counts.conflictingRetransmissions++;
        else this.#counts.conflictingOverlaps++;
      }
      if (old >= first.length && !first.isFin) {
        this.#counts.retransmissions++;
        this.remove(first);
        continue;
      }
      if (old > first.length) {
        this.remove(first);
        continue;
      }
      this.#counts.overlaps++;
      if (first.bytes !== null) first.bytes = first.bytes.subarray(old);
      first.length -= old;
      first.sequence = this.next;
      return first;
    }
  }

  /** Take the first held segment out. */
  remove(first: Held): void {
    this.held.shift();
    const size = (first.bytes?.length ?? 0) + HELD_OVERHEAD_BYTES;
    const given = Math.min(size, this.heldBytes);
    this.#budget.give(this.held.length === 0 ? this.heldBytes : given);
    this.heldBytes = this.held.length === 0 ? 0 : this.heldBytes - given;
  }

  /** Where a segment at `sequence` belongs: after all that begin at or before it, unless one of them reaches into it. */
  #indexOf(sequence: number): number {
    const held = this.held;
    let low = 0;
    let high = held.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const entry = held[middle]!;
      if (((entry.sequence + entry.length - sequence) | 0) <= 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #isFree(sequence: number, length: number): boolean {
    const next = this.held[this.#indexOf(sequence)];
    return next === undefined || ((next.sequence - sequence) | 0) >= length;
  }

  #holdFin(
    sequence: number,
    origin: Pick<Held, "acknowledgement" | "hasAcknowledgement" | "timeNs">,
  ) {
    const index = this.#indexOf(sequence);
    const before = this.held[index - 1];
    if (before !== undefined && ((before.sequence + before.length) | 0) === sequence) {
      before.isFin = true;
      return true;
    }
    return this.#insert(index, sequence, null, 0, true, origin);
  }

  #insert(
    index: number,
    sequence: number,
    bytes: Uint8Array | null,
    length: number,
    isFin: boolean,
    origin: Pick<Held, "acknowledgement" | "hasAcknowledgement" | "timeNs">,
  ): boolean {
    const size = (bytes?.length ?? 0) + HELD_OVERHEAD_BYTES;
    if (!this.#budget.take(size)) return false;
    this.heldBytes += size;
    const entry: Held = { sequence, length, bytes, isFin, ...origin };
    if (index === this.held.length) this.held.push(entry);
    else this.held.splice(index, 0, entry);
    return true;
  }

  #compare(entry: Held, from: number, bytes: Uint8Array, at: number, length: number): void {
    const offset = (from - entry.sequence) | 0;
    if (entry.bytes === null) return;
    let isSame = true;
    for (let i = 0; i < length && isSame; i++) isSame = entry.bytes[offset + i] === bytes[at + i];
    this.#counts.overlaps++;
    if (!isSame) this.#counts.conflictingOverlaps++;
  }
}
