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
/** Growing means copying; memory that is not touched yet costs nothing. */
const GROWTH = 4;
/** How far an acknowledgement may be from the beginning of what it acknowledges, for two taps to be taken for one flow. */
const FIT_BYTES = 1 << 20;

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
  /** Shifted left by the direction: a sequence number of it is known from elsewhere than a SYN. */
  hinted: 2048,
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
  #mask: number;
  #used = 0;
  #hand = 0;
  readonly #flowsMax: number;
  readonly #counts: FlowCounts;
  readonly #onEvict: (slot: number) => void;
  /** The words of the packet at hand, low and high in order. */
  readonly #key = new Int32Array(8);
  readonly #stored = new Int32Array(8);

  constructor(flowsMax: number, counts: FlowCounts, onEvict: (slot: number) => void) {
    this.#flowsMax = Math.max(1, flowsMax);
    this.#capacity = Math.min(FIRST_CAPACITY, this.#flowsMax);
    this.#words = new Int32Array(this.#capacity * STRIDE);
    this.#buckets = new Int32Array(FIRST_CAPACITY);
    this.#mask = FIRST_CAPACITY - 1;
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

  /** How far `sequence` is ahead of where a direction stands, negative: behind; 0 where that is not known. */
  ahead(slot: number, direction: number, sequence: number): number {
    const base = slot * STRIDE;
    const isKnown = (this.#words[base + WORD.meta]! & (META.known << direction)) !== 0;
    return isKnown ? (sequence - this.#words[base + WORD.next + direction]!) | 0 : 0;
  }

  /** Note the sequence number of the next byte of a direction. */
  setNext(slot: number, direction: number, next: number): void {
    const base = slot * STRIDE;
    this.#words[base + WORD.next + direction] = next;
    const meta = this.#words[base + WORD.meta]!;
    this.#words[base + WORD.meta] =
      (meta | (META.known << direction)) & ~(META.hinted << direction);
  }

  /** As `setNext`, for a number that the other direction acknowledged. */
  setTold(slot: number, direction: number, next: number): void {
    this.setNext(slot, direction, next);
    this.#words[slot * STRIDE + WORD.meta]! |= META.hinted << direction;
  }

  /** As `setNext`, for a number that only helps to tell which flow a packet belongs to. */
  setHint(slot: number, direction: number, next: number): void {
    const base = slot * STRIDE;
    this.#words[base + WORD.next + direction] = next;
    this.#words[base + WORD.meta]! |= META.hinted << direction;
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
    const key = this.#key;
    const direction = isIpv6 ? readIpv6Key(d, bytes, key) : readIpv4Key(d, bytes, key);
    this.direction = direction;
    const ports =
      direction === 0
        ? (d.sourcePort << 16) | d.destinationPort
        : (d.destinationPort << 16) | d.sourcePort;
    const low = key[0]!;
    const high = key[4]!;
    const bucket = (isIpv6 ? hashIpv6(key, ports) : hashIpv4(low, high, ports)) & this.#mask;
    const words = this.#words;
    let best = -1;
    let bestRank = 0;
    let length = 0;
    let last = -1;
    for (let entry = this.#buckets[bucket]!; entry !== 0; ) {
      const slot = entry - 1;
      const base = slot * STRIDE;
      entry = words[base + WORD.chain]!;
      length++;
      last = slot;
      if (
        words[base + WORD.ports] !== ports ||
        words[base + WORD.low] !== low ||
        words[base + WORD.high] !== high
      ) {
        continue;
      }
      const meta = words[base + WORD.meta]!;
      if (isIpv6 !== ((meta & META.ipv6) !== 0) || (isIpv6 && !isSameIpv6(words, base, key))) {
        continue;
      }
      // Nearly always the first one found is it.
      const isSeen = (meta & (META.seen << direction)) !== 0;
      if (isSeen && words[base + WORD.realm + direction] === d.realm) {
        words[base + WORD.meta] = meta | META.referenced;
        this.isNew = false;
        return slot;
      }
      const rank = isSeen ? 0 : this.#rank(base, meta, direction, d, isLoneSyn);
      if (rank > bestRank) {
        best = slot;
        bestRank = rank;
      }
    }
    if (best !== -1) {
      const base = best * STRIDE;
      words[base + WORD.meta]! |= META.referenced | (META.seen << direction);
      words[base + WORD.realm + direction] = d.realm;
      this.isNew = false;
      return best;
    }
    if (length >= FLOW_LIMITS.chainMax) this.#evict(last);
    this.isNew = true;
    return this.#add(d, ports, isIpv6, direction);
  }

  /**
   * How well a flow with the packet's addresses and ports fits it, whose packet's direction was not seen yet.
   * 2: the other direction has the packet's realm. 1: it has another one, but the acknowledgement fits what it has
   * sent: a tap that tags the two directions differently. 0: not at all.
   */
  #rank(base: number, meta: number, direction: number, d: Dissection, isLoneSyn: boolean): number {
    const words = this.#words;
    const other = 1 - direction;
    if (words[base + WORD.realm + other] === d.realm) return 2;
    if (isLoneSyn) {
      // A SYN that comes after its SYN+ACK, which told this number.
      const isTold = (meta & (META.known << direction)) !== 0;
      return isTold && words[base + WORD.next + direction] === ((d.sequence + 1) | 0) ? 1 : 0;
    }
    const hints = (META.known | META.hinted) << other;
    if ((meta & hints) === 0) return 0;
    const distance = (d.acknowledgement - words[base + WORD.next + other]!) | 0;
    return distance >= 0 && distance < FIT_BYTES ? 1 : 0;
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
    const bucket = this.#bucketOf(base);
    words[base + WORD.chain] = this.#buckets[bucket]!;
    this.#buckets[bucket] = slot + 1;
    this.#counts.flows++;
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
    const capacity = Math.min(this.#capacity * GROWTH, this.#flowsMax);
    const words = new Int32Array(capacity * STRIDE);
    words.set(this.#words);
    this.#words = words;
    this.#capacity = capacity;
    this.#buckets = new Int32Array(2 ** Math.ceil(Math.log2(capacity)));
    this.#mask = this.#buckets.length - 1;
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
    const ports = words[base + WORD.ports]!;
    if ((words[base + WORD.meta]! & META.ipv6) === 0) {
      return hashIpv4(words[base + WORD.low]!, words[base + WORD.high]!, ports) & this.#mask;
    }
    for (let i = 0; i < 8; i++) this.#stored[i] = words[base + WORD.low + i]!;
    return hashIpv6(this.#stored, ports) & this.#mask;
  }
}

/** Both addresses into `key`, the lower one first; the direction: 0 when the sender is the lower one. */
function readIpv4Key(d: Dissection, bytes: Uint8Array, key: Int32Array): 0 | 1 {
  const source = word(bytes, d.sourceAt);
  const destination = word(bytes, d.destinationAt);
  const isLow =
    source === destination ? d.sourcePort <= d.destinationPort : source >>> 0 < destination >>> 0;
  key[0] = isLow ? source : destination;
  key[4] = isLow ? destination : source;
  return isLow ? 0 : 1;
}

function readIpv6Key(d: Dissection, bytes: Uint8Array, key: Int32Array): 0 | 1 {
  let order = 0;
  for (let i = 0; i < 16 && order === 0; i++) {
    order = bytes[d.sourceAt + i]! - bytes[d.destinationAt + i]!;
  }
  if (order === 0) order = d.sourcePort - d.destinationPort;
  const isLow = order <= 0;
  const lowAt = isLow ? d.sourceAt : d.destinationAt;
  const highAt = isLow ? d.destinationAt : d.sourceAt;
  for (let i = 0; i < 4; i++) {
    key[i] = word(bytes, lowAt + 4 * i);
    key[4 + i] = word(bytes, highAt + 4 * i);
  }
  return isLow ? 0 : 1;
}

function isSameIpv6(words: Int32Array, base: number, key: Int32Array): boolean {
  for (let i = 1; i < 4; i++) {
    if (words[base + WORD.low + i] !== key[i] || words[base + WORD.high + i] !== key[4 + i]) {
      return false;
    }
  }
  return true;
}

function hashIpv4(low: number, high: number, ports: number): number {
  return finish(Math.imul(low ^ Math.imul(high, 0x9e3779b1), 0x85ebca6b) ^ ports);
}

function hashIpv6(key: Int32Array, ports: number): number {
  let h = ports;
  for (let i = 0; i < 4; i++) {
    h = Math.imul(h ^ key[i]!, 0xc2b2ae35) ^ Math.imul(key[4 + i]!, 0x27d4eb2f);
    h ^= h >>> 15;
  }
  return finish(h);
}

/** The last steps of MurmurHash3: every bit of the input reaches the low bits, which choose the bucket. */
function finish(hash: number): number {
  let h = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

function word(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
}
