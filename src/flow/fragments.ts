import { FLOW_LIMITS } from "../base/limits.ts";
import { foldSum, sumBytes } from "../wire/checksum.ts";
import { dissectTunnels } from "../wire/dissect.ts";
import { dissectTransport } from "../wire/dissect-transport.ts";
import type { Dissection } from "../wire/dissection.ts";
import { IP_PROTOCOL } from "../wire/ip-protocol.ts";
import { pseudoHeaderSumAt } from "../wire/pseudo-header.ts";
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
  /** The copies that came first, sorted by start, without overlap. */
  readonly pieces: Piece[];
  /** Later copies that differ, in the order of arrival. */
  readonly rivals: Piece[];
  /** Thrown away, together with all that still comes of it. */
  isRefused: boolean;
  heldBytes: number;
  /** Payload length; -1 until the last fragment is there. */
  length: number;
}

/**
 * Reassembly of IPv4 (RFC 791 §3.2) and IPv6 (RFC 8200 §4.5) datagrams, bounded in number, bytes and time.
 *
 * In IPv6 an overlap that is no exact repetition throws the datagram away, with what still comes of it (RFC 5722 §4).
 * In IPv4 hosts disagree about bytes that come twice and differ: RFC 791 takes the later copy, others the first, Linux
 * drops the datagram. Which copy the sender meant the TCP checksum tells: a host can have taken no other one. Where it
 * fits neither, the later copy stands, as the RFC says.
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
    if (datagram.isRefused) return null;
    if (!this.#fitsEnd(datagram, d, end) || !this.#insert(datagram, d, bytes)) {
      this.#refuse(datagram);
      return null;
    }
    if (!isWhole(datagram)) return null;
    this.#drop(key, datagram);
    return this.#join(datagram, d, bytes);
  }

  /** No more will come: what is not whole is counted. */
  finish(): void {
    for (const [key, datagram] of this.#datagrams) this.#abandon(key, datagram);
  }

  /** Learn where the datagram ends. False when that must throw it away: it would end in two places. */
  #fitsEnd(datagram: Datagram, d: Dissection, end: number): boolean {
    const known = datagram.length;
    if (d.moreFragments || known === end) return true;
    if (known === -1) {
      datagram.length = end;
      return true;
    }
    this.#counts.conflictingFragments++;
    return d.family === 4;
  }

  #datagramFor(key: string, nowNs: bigint): Datagram {
    const known = this.#datagrams.get(key);
    if (known !== undefined) {
      if (nowNs - known.startNs <= FLOW_LIMITS.datagramPatienceNs) return known;
      this.#counts.evictedFragments += known.pieces.length;
      this.#abandon(key, known);
    }
    if (this.#datagrams.size >= FLOW_LIMITS.datagramsMax) this.#evictOldest();
    const datagram: Datagram = {
      startNs: nowNs,
      pieces: [],
      rivals: [],
      isRefused: false,
      heldBytes: 0,
      length: -1,
    };
    this.#datagrams.set(key, datagram);
    return datagram;
  }

  #evictOldest(): void {
    for (const [key, datagram] of this.#datagrams) {
      this.#counts.evictedFragments += datagram.pieces.length;
      this.#abandon(key, datagram);
      return;
    }
  }

  #abandon(key: string, datagram: Datagram): void {
    if (!datagram.isRefused) this.#counts.incompleteDatagrams++;
    this.#drop(key, datagram);
  }

  /** Throw a datagram away, but remember it, so that what still comes of it goes the same way. */
  #refuse(datagram: Datagram): void {
    this.#counts.refusedDatagrams++;
    this.#budget.give(datagram.heldBytes);
    datagram.heldBytes = 0;
    datagram.pieces.length = 0;
    datagram.rivals.length = 0;
    datagram.isRefused = true;
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
        const piece = { start, bytes: bytes.slice(at, at + room) };
        if (!this.#hold(datagram, pieces, index++, piece)) return false;
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
      if (!isSame) {
        const rival = { start, bytes: bytes.slice(at, at + shared) };
        if (!this.#hold(datagram, datagram.rivals, datagram.rivals.length, rival)) return false;
      }
      start += shared;
      at += shared;
      index++;
    }
    return true;
  }

  #hold(datagram: Datagram, into: Piece[], index: number, piece: Piece): boolean {
    const isFull = datagram.pieces.length + datagram.rivals.length >= FLOW_LIMITS.fragmentsMax;
    if (isFull || !this.#budget.take(piece.bytes.length)) {
      this.#counts.evictedFragments += datagram.pieces.length + 1;
      return false;
    }
    datagram.heldBytes += piece.bytes.length;
    into.splice(index, 0, piece);
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
    const first = new Uint8Array(PAYLOAD_AT + datagram.length);
    const size = d.family === 4 ? 4 : ADDRESS_BYTES;
    first.set(bytes.subarray(d.sourceAt, d.sourceAt + size), 0);
    first.set(bytes.subarray(d.destinationAt, d.destinationAt + size), ADDRESS_BYTES);
    write(first, datagram.pieces);
    let joined = first;
    if (datagram.rivals.length > 0) {
      const later = first.slice();
      write(later, datagram.rivals);
      const isFirstMeant = isIntact(first, d.protocol) && !isIntact(later, d.protocol);
      joined = isFirstMeant ? first : later;
    }
    d.sourceAt = 0;
    d.destinationAt = ADDRESS_BYTES;
    d.end = joined.length;
    d.claimedEnd = joined.length;
    dissectTunnels(d, dissectTransport(d, d.protocol, joined, PAYLOAD_AT), joined);
    this.#counts.reassembledDatagrams++;
    return joined;
  }
}

/** Put pieces where they belong, as far as the datagram reaches. */
function write(joined: Uint8Array, pieces: readonly Piece[]): void {
  for (const piece of pieces) {
    const at = PAYLOAD_AT + piece.start;
    if (at < joined.length) joined.set(piece.bytes.subarray(0, joined.length - at), at);
  }
}

/** Whether TCP's checksum is right (RFC 9293 §3.1); the addresses stand where `PAYLOAD_AT` ends. */
function isIntact(joined: Uint8Array, protocol: number): boolean {
  if (protocol !== IP_PROTOCOL.tcp) return false;
  const length = joined.length - PAYLOAD_AT;
  const header = pseudoHeaderSumAt(joined, 0, PAYLOAD_AT, protocol, length);
  return foldSum(header + sumBytes(joined, PAYLOAD_AT)) === 0xffff;
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
