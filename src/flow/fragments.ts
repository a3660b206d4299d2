import { FLOW_LIMITS } from "../base/limits.ts";
import { dissectTransport } from "../wire/dissect-transport.ts";
import { type Dissection, OUTCOME, type Outcome } from "../wire/dissection.ts";
import type { Budget } from "./budget.ts";
import type { FlowCounts } from "./counts.ts";

/** The two addresses stand before the payload, so that a reassembled datagram is found like any other packet. */
const ADDRESS_BYTES = 16;
const PAYLOAD_AT = 2 * ADDRESS_BYTES;
const DATAGRAM_BYTES_MAX = 65_535;

interface Piece {
  readonly start: number;
  readonly bytes: Uint8Array;
}

interface Datagram {
  readonly startNs: bigint;
  /** Sorted by start, without overlap. */
  readonly pieces: Piece[];
  heldBytes: number;
  /** Payload length; -1 until the last fragment is there. */
  length: number;
}

/**
 * Reassembly of IPv4 (RFC 791 §3.2) and IPv6 (RFC 8200 §4.5) datagrams. Of bytes that come twice the first arrival
 * wins in IPv4; in IPv6 an overlap that is no exact repetition throws the datagram away, as the RFC demands. Bounded
 * in number, bytes and time.
 */
export class FragmentTable {
  readonly #datagrams = new Map<string, Datagram>();
  readonly #counts: FlowCounts;
  readonly #budget: Budget;

  constructor(counts: FlowCounts, budget: Budget) {
    this.#counts = counts;
    this.#budget = budget;
  }

  /**
   * Take in a fragment (`d.outcome` is fragment). When it completes its datagram, `d` describes the packet that was
   * in it and its bytes are returned; `d.outcome` tells what it is. `null` otherwise.
   */
  add(d: Dissection, bytes: Uint8Array, nowNs: bigint): Uint8Array | null {
    this.#counts.fragments++;
    const length = d.payloadEnd - d.payloadStart;
    const end = d.fragmentOffset + length;
    const isRagged = d.moreFragments && (length & 7) !== 0;
    if (d.cutBytes > 0 || length <= 0 || isRagged || end > DATAGRAM_BYTES_MAX) {
      this.#counts.badFragments++;
      return null;
    }
    const key = keyOf(d, bytes);
    const datagram = this.#datagramFor(key, nowNs);
    if (!d.moreFragments) {
      if (datagram.length !== -1 && datagram.length !== end) this.#counts.conflictingFragments++;
      else datagram.length = end;
    }
    if (!this.#insert(datagram, d, bytes)) {
      this.#drop(key, datagram);
      return null;
    }
    if (!isWhole(datagram)) return null;
    this.#drop(key, datagram);
    return this.#join(datagram, d, bytes);
  }

  #datagramFor(key: string, nowNs: bigint): Datagram {
    const known = this.#datagrams.get(key);
    if (known !== undefined) {
      if (nowNs - known.startNs <= FLOW_LIMITS.datagramPatienceNs) return known;
      this.#counts.evictedFragments += known.pieces.length;
      this.#drop(key, known);
    }
    if (this.#datagrams.size >= FLOW_LIMITS.datagramsMax) this.#evictOldest();
    const datagram: Datagram = { startNs: nowNs, pieces: [], heldBytes: 0, length: -1 };
    this.#datagrams.set(key, datagram);
    return datagram;
  }

  #evictOldest(): void {
    for (const [key, datagram] of this.#datagrams) {
      this.#counts.evictedFragments += datagram.pieces.length;
      this.#drop(key, datagram);
      return;
    }
  }

  #drop(key: string, datagram: Datagram): void {
    this.#budget.give(datagram.heldBytes);
    datagram.heldBytes = 0;
    this.#datagrams.delete(key);
  }

  /** False when the datagram must be thrown away. */
  #insert(datagram: Datagram, d: Dissection, bytes: Uint8Array): boolean {
    let start = d.fragmentOffset;
    let at = d.payloadStart;
    const stop = start + (d.payloadEnd - at);
    const { pieces } = datagram;
    let index = 0;
    while (index < pieces.length && endOf(pieces[index]!) <= start) index++;
    while (start < stop) {
      const next = pieces[index];
      const room = next === undefined ? stop - start : Math.min(next.start, stop) - start;
      if (room > 0) {
        if (!this.#hold(datagram, index++, { start, bytes: bytes.slice(at, at + room) }))
          return false;
        start += room;
        at += room;
        continue;
      }
      const shared = Math.min(endOf(next!), stop) - start;
      const isSame = this.#isSame(next!, start, bytes, at, shared);
      this.#counts.fragmentOverlaps++;
      if (!isSame) this.#counts.conflictingFragments++;
      const isRepetition = isSame && next!.start === d.fragmentOffset && endOf(next!) === stop;
      if (d.family === 6 && !isRepetition) return false;
      start += shared;
      at += shared;
      index++;
    }
    return true;
  }

  #hold(datagram: Datagram, index: number, piece: Piece): boolean {
    const isFull = datagram.pieces.length >= FLOW_LIMITS.fragmentsMax;
    if (isFull || !this.#budget.take(piece.bytes.length)) {
      this.#counts.evictedFragments += datagram.pieces.length + 1;
      return false;
    }
    datagram.heldBytes += piece.bytes.length;
    datagram.pieces.splice(index, 0, piece);
    return true;
  }

  #isSame(piece: Piece, start: number, bytes: Uint8Array, at: number, length: number): boolean {
    const offset = start - piece.start;
    for (let i = 0; i < length; i++) {
      if (piece.bytes[offset + i] !== bytes[at + i]) return false;
    }
    return true;
  }

  #join(datagram: Datagram, d: Dissection, bytes: Uint8Array): Uint8Array {
    const joined = new Uint8Array(PAYLOAD_AT + datagram.length);
    const size = d.family === 4 ? 4 : ADDRESS_BYTES;
    joined.set(bytes.subarray(d.sourceAt, d.sourceAt + size), 0);
    joined.set(bytes.subarray(d.destinationAt, d.destinationAt + size), ADDRESS_BYTES);
    for (const piece of datagram.pieces) {
      const room = datagram.length - piece.start;
      if (room > 0) joined.set(piece.bytes.subarray(0, room), PAYLOAD_AT + piece.start);
    }
    d.sourceAt = 0;
    d.destinationAt = ADDRESS_BYTES;
    d.end = joined.length;
    d.claimedEnd = joined.length;
    const outcome: Outcome = dissectTransport(d, d.protocol, joined, PAYLOAD_AT);
    // A tunnel whose outer datagram was in pieces is not followed further.
    d.outcome = outcome === OUTCOME.inner ? OUTCOME.otherIp : outcome;
    this.#counts.reassembledDatagrams++;
    return joined;
  }
}

function endOf(piece: Piece): number {
  return piece.start + piece.bytes.length;
}

function isWhole(datagram: Datagram): boolean {
  if (datagram.length === -1) return false;
  let at = 0;
  for (const piece of datagram.pieces) {
    if (piece.start > at) return false;
    at = endOf(piece);
  }
  return at >= datagram.length;
}

/** RFC 791: source, destination, protocol and identification; RFC 8200: without protocol. The realm keeps VLANs apart. */
function keyOf(d: Dissection, bytes: Uint8Array): string {
  const size = d.family === 4 ? 4 : ADDRESS_BYTES;
  const source = bytes.subarray(d.sourceAt, d.sourceAt + size).join(".");
  const destination = bytes.subarray(d.destinationAt, d.destinationAt + size).join(".");
  const protocol = d.family === 4 ? d.protocol : 0;
  return `${d.realm}|${protocol}|${d.fragmentId}|${source}|${destination}`;
}
