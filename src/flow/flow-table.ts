import { FLOW_LIMITS } from "../base/limits.ts";
import type { Dissection } from "../wire/dissection.ts";
import type { FlowCounts } from "./counts.ts";

/** Words of one flow in the table. A flow's two directions share it: direction 0 is sent by the lower address. */
const WORD = {
  /** The next flow of the same bucket, plus one. */
  chain: 0,
  meta: 1,
  ports: 2,
  realm: 3,
  /** Per direction: the sequence number after the SYN; after the close, that after the last byte. */
  next: 5,
  /** Index of the connection, plus one; after the close, the sequence number after the initiator's SYN. */
  connection: 7,
  low: 8,
  high: 12,
} as const;
const STRIDE = 16;
const FIRST_CAPACITY = 4_096;

export const META = {
  inUse: 1,
  /** Touched since the last sweep; a flow of a single packet never is. */
  referenced: 2,
  ipv6: 4,
  /** Shifted left by the direction: a packet of it was seen; its next sequence number is known. */
  seen: 8,
  known: 32,
  /** Direction 1 is the initiator. */
  initiator1: 128,
  /** Not HTTP so far: no connection is kept, but the start of a message wakes it. */
  dormant: 256,
  closed: 512,
  /** Nothing of it is of interest any more: a tunnel. */
  deaf: 1024,
} as const;

/**
 * Flows by five-tuple and realm, in one array of 32-bit words: no object and no string for a flow that carries no data,
 * so that a million half-open connections cost 64 MB. Bounded; when it is full, a flow that was not touched for a
 * whole sweep is thrown out (second chance).
 */
export class FlowTable {
  /** Set by `locate`. */
  direction: 0 | 1 = 0;
  isNew = false;
  #capacity: number;
  #words: Int32Array;
  #buckets: Int32Array;
  #used = 0;
  #hand = 0;
  readonly #flowsMax: number;
  readonly #counts: FlowCounts;
  readonly #onEvict: (slot: number) => void;
  /** The words of the packet at hand, low and high in order. */
  readonly #key = new Int32Array(8);

  constructor(flowsMax: number, counts: FlowCounts, onEvict: (slot: number) => void) {
    this.#flowsMax = Math.max(1, flowsMax);
    this.#capacity = Math.min(FIRST_CAPACITY, this.#flowsMax);
    this.#words = new Int32Array(this.#capacity * STRIDE);
    this.#buckets = new Int32Array(FIRST_CAPACITY);
    this.#counts = counts;
    this.#onEvict = onEvict;
  }

  meta(slot: number): number {
    return this.#words[slot * STRIDE + WORD.meta]!;
  }

  setMeta(slot: number, meta: number): void {
    this.#words[slot * STRIDE + WORD.meta] = meta;
  }

  next(slot: number, direction: number): number {
    return this.#words[slot * STRIDE + WORD.next + direction]!;
  }

  /** Note the sequence number of the next byte of a direction. */
  setNext(slot: number, direction: number, next: number): void {
    const base = slot * STRIDE;
    this.#words[base + WORD.next + direction] = next;
    this.#words[base + WORD.meta]! |= META.known << direction;
  }

  connection(slot: number): number {
    return this.#words[slot * STRIDE + WORD.connection]!;
  }

  setConnection(slot: number, value: number): void {
    this.#words[slot * STRIDE + WORD.connection] = value;
  }

  /** The flow of a packet, made when it is new. Sets `direction` and `isNew`. */
  locate(d: Dissection, bytes: Uint8Array, isLoneSyn: boolean): number {
    const isIpv6 = d.family === 6;
    if (isIpv6) this.#readIpv6(d, bytes);
    else this.#readIpv4(d, bytes);
    const direction = this.direction;
    const ports =
      direction === 0
        ? (d.sourcePort << 16) | d.destinationPort
        : (d.destinationPort << 16) | d.sourcePort;
    const bucket = this.#hash(ports, isIpv6) & (this.#buckets.length - 1);
    const words = this.#words;
    const key = this.#key;
    const low = key[0]!;
    const high = key[4]!;
    let best = -1;
    let bestRank = 0;
    let length = 0;
    let last = -1;
    for (let entry = this.#buckets[bucket]!; entry !== 0; entry = words[(entry - 1) * STRIDE]!) {
      const base = (entry - 1) * STRIDE;
      length++;
      last = entry - 1;
      if (
        words[base + WORD.ports] !== ports ||
        words[base + WORD.low] !== low ||
        words[base + WORD.high] !== high
      ) {
        continue;
      }
      const meta = words[base + WORD.meta]!;
      if (isIpv6 !== ((meta & META.ipv6) !== 0) || (isIpv6 && !this.#isSameIpv6(base))) continue;
      const rank = this.#rank(base, meta, direction, d, isLoneSyn);
      if (rank > bestRank) {
        best = entry - 1;
        bestRank = rank;
        if (rank === 3) break;
      }
    }
    if (best !== -1) {
      this.isNew = false;
      const at = best * STRIDE;
      words[at + WORD.meta]! |= META.referenced | (META.seen << direction);
      if (bestRank < 3) words[at + WORD.realm + direction] = d.realm;
      return best;
    }
    if (length >= FLOW_LIMITS.chainMax) this.#evict(last);
    return this.#add(d, ports, isIpv6, direction);
  }

  /**
   * How well a flow with the packet's addresses and ports fits it. 3: this direction has the packet's realm.
   * 2: this direction was not seen yet, the other one has the packet's realm. 1: as 2, but the realms differ and the
   * acknowledgement fits what the other direction has sent: a tap that tags the two directions differently. 0: no.
   */
  #rank(base: number, meta: number, direction: number, d: Dissection, isLoneSyn: boolean): number {
    const words = this.#words;
    if ((meta & (META.seen << direction)) !== 0) {
      return words[base + WORD.realm + direction] === d.realm ? 3 : 0;
    }
    const other = 1 - direction;
    if (words[base + WORD.realm + other] === d.realm) return 2;
    if (isLoneSyn || (meta & (META.known << other)) === 0) return 0;
    const distance = (d.acknowledgement - words[base + WORD.next + other]!) | 0;
    return distance >= 0 && distance < 1 << 20 ? 1 : 0;
  }

  #add(d: Dissection, ports: number, isIpv6: boolean, direction: 0 | 1): number {
    const slot = this.#freeSlot();
    const words = this.#words;
    const base = slot * STRIDE;
    const key = this.#key;
    words.fill(0, base, base + STRIDE);
    words[base + WORD.ports] = ports;
    words[base + WORD.realm + direction] = d.realm;
    words[base + WORD.low] = key[0]!;
    words[base + WORD.high] = key[4]!;
    if (isIpv6) {
      for (let i = 1; i < 4; i++) {
        words[base + WORD.low + i] = key[i]!;
        words[base + WORD.high + i] = key[4 + i]!;
      }
    }
    words[base + WORD.meta] =
      META.inUse |
      (META.seen << direction) |
      (isIpv6 ? META.ipv6 : 0) |
      (direction === 1 ? META.initiator1 : 0);
    const bucket = this.#hash(ports, isIpv6) & (this.#buckets.length - 1);
    words[base + WORD.chain] = this.#buckets[bucket]!;
    this.#buckets[bucket] = slot + 1;
    this.#counts.flows++;
    this.isNew = true;
    return slot;
  }

  #freeSlot(): number {
    if (this.#used < this.#capacity) return this.#used++;
    if (this.#capacity < this.#flowsMax) {
      this.#grow();
      return this.#used++;
    }
    // The hand passes each flow at most twice: the first time it takes the mark away.
    for (;;) {
      const slot = this.#hand;
      this.#hand = slot + 1 === this.#capacity ? 0 : slot + 1;
      const meta = this.meta(slot);
      if ((meta & META.referenced) !== 0) this.setMeta(slot, meta & ~META.referenced);
      else {
        if ((meta & META.inUse) !== 0) this.#evict(slot);
        return slot;
      }
    }
  }

  #evict(slot: number): void {
    this.#counts.evictedFlows++;
    this.#onEvict(slot);
    const base = slot * STRIDE;
    const words = this.#words;
    const bucket = this.#bucketOf(base);
    let entry = this.#buckets[bucket]!;
    if (entry === slot + 1) this.#buckets[bucket] = words[base + WORD.chain]!;
    else {
      while (words[(entry - 1) * STRIDE + WORD.chain] !== slot + 1) {
        entry = words[(entry - 1) * STRIDE + WORD.chain]!;
      }
      words[(entry - 1) * STRIDE + WORD.chain] = words[base + WORD.chain]!;
    }
    words[base + WORD.meta] = 0;
  }

  #grow(): void {
    const capacity = Math.min(this.#capacity * 2, this.#flowsMax);
    const words = new Int32Array(capacity * STRIDE);
    words.set(this.#words);
    this.#words = words;
    this.#capacity = capacity;
    this.#buckets = new Int32Array(2 ** Math.ceil(Math.log2(capacity)));
    for (let slot = 0; slot < this.#used; slot++) {
      const base = slot * STRIDE;
      if ((words[base + WORD.meta]! & META.inUse) === 0) continue;
      const bucket = this.#bucketOf(base);
      words[base + WORD.chain] = this.#buckets[bucket]!;
      this.#buckets[bucket] = slot + 1;
    }
  }

  #bucketOf(base: number): number {
    const words = this.#words;
    const key = this.#key;
    const saved = key.slice();
    for (let i = 0; i < 8; i++) key[i] = words[base + WORD.low + i]!;
    const isIpv6 = (words[base + WORD.meta]! & META.ipv6) !== 0;
    const bucket = this.#hash(words[base + WORD.ports]!, isIpv6) & (this.#buckets.length - 1);
    key.set(saved);
    return bucket;
  }

  #hash(ports: number, isIpv6: boolean): number {
    const key = this.#key;
    let h = Math.imul(key[0]! ^ Math.imul(key[4]!, 0x9e3779b1), 0x85ebca6b) ^ ports;
    if (isIpv6) {
      for (let i = 1; i < 4; i++) {
        h = Math.imul(h ^ key[i]!, 0xc2b2ae35) ^ Math.imul(key[4 + i]!, 0x27d4eb2f);
        h ^= h >>> 15;
      }
    }
    h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
    h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
    return (h ^ (h >>> 16)) >>> 0;
  }

  #isSameIpv6(base: number): boolean {
    const words = this.#words;
    const key = this.#key;
    for (let i = 1; i < 4; i++) {
      if (words[base + WORD.low + i] !== key[i] || words[base + WORD.high + i] !== key[4 + i]) {
        return false;
      }
    }
    return true;
  }

  #readIpv4(d: Dissection, bytes: Uint8Array): void {
    const source = word(bytes, d.sourceAt);
    const destination = word(bytes, d.destinationAt);
    const isLow =
      source === destination ? d.sourcePort <= d.destinationPort : source >>> 0 < destination >>> 0;
    this.direction = isLow ? 0 : 1;
    this.#key[0] = isLow ? source : destination;
    this.#key[4] = isLow ? destination : source;
  }

  #readIpv6(d: Dissection, bytes: Uint8Array): void {
    let order = 0;
    for (let i = 0; i < 16 && order === 0; i++) {
      order = bytes[d.sourceAt + i]! - bytes[d.destinationAt + i]!;
    }
    if (order === 0) order = d.sourcePort - d.destinationPort;
    const isLow = order <= 0;
    this.direction = isLow ? 0 : 1;
    const lowAt = isLow ? d.sourceAt : d.destinationAt;
    const highAt = isLow ? d.destinationAt : d.sourceAt;
    for (let i = 0; i < 4; i++) {
      this.#key[i] = word(bytes, lowAt + 4 * i);
      this.#key[4 + i] = word(bytes, highAt + 4 * i);
    }
  }
}

function word(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
}
