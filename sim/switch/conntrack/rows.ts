import type { Answers } from "./answers.ts";
import type { LinuxState } from "./linux-life.ts";
import type { Tuple } from "./tuple.ts";
import type { ZonePool } from "./zone-limits.ts";

/** The words of a row: all that a packet of an established connection touches, in one line of the processor's cache. */
export const ROW = {
  /** Zone, protocol, and bits of `KIND`; 0: the row is free. */
  kind: 0,
  source: 1,
  destination: 2,
  sourcePort: 3,
  destinationPort: 4,
  /** Number of the row's `Details`; 0: it has none. */
  details: 5,
  /** A double, so two words. */
  expiresMs: 6,
  /** The ends of TCP, see `tcp-ends.ts`; three words each. */
  opener: 8,
  answerer: 11,
  mark: 14,
  flags: 15,
} as const;

const ROW_WORDS = 16;

/** A large ArrayBuffer begins 16 bytes behind the beginning of a page: so many words lie before the first whole line. */
const FIRST = 12;

/** In `ROW.kind`, above the zone's 16 bits and the protocol's 9. */
export const KIND = {
  /** It has `Answers`, so that the tuple turned round is not its reply. */
  translated: 1 << 25,
  used: 1 << 26,
  removed: 1 << 27,
  /** `ROW.source` says where in the next rows it is. */
  moved: 1 << 28,
} as const;
const PROTOCOL_BIT = 16;
const PROTOCOL_MASK = 0x1ff;

/** What few connections have. */
export interface Details {
  /** The upper words of IPv6 addresses; `null`: IPv4. */
  wide: readonly number[] | null;
  /** `null`: not translated; then the reply is the original tuple turned round. */
  answers: Answers | null;
  /** Four words, the most significant first; `null`: all zero. Never changed in place. */
  label: Int32Array | null;
  /** What Linux keeps of it. */
  linux: LinuxState | null;
  /** Where it is counted; `null`: its zone had no limit when it began. */
  pool: ZonePool | null;
}

export function noDetails(): Details {
  return { wide: null, answers: null, label: null, linux: null, pool: null };
}

/**
 * Memory for the connections of a table: a hash table of rows that lie in the slots themselves, so that a packet waits
 * for one place of it and not for two. A row that is free no more is never used again: what is removed can still be read
 * by a packet that holds on to it. When the rows are used up, those in use move to others.
 */
export class Rows {
  readonly words: Int32Array;
  /** The same memory as doubles. */
  readonly doubles: Float64Array;
  readonly capacity: number;
  readonly details: Details[] = [noDetails()];
  /** Rows that are not free any more. */
  used = 0;
  /** Where those in use have moved to. */
  next: Rows | null = null;

  /** `capacity`: a power of two. */
  constructor(capacity: number) {
    const memory = new ArrayBuffer((FIRST + capacity * ROW_WORDS) * Int32Array.BYTES_PER_ELEMENT);
    this.words = new Int32Array(memory);
    this.doubles = new Float64Array(memory);
    this.capacity = capacity;
  }

  /** Where a look-up of `hash` begins. */
  first(hash: number): number {
    return FIRST + (hash & (this.capacity - 1)) * ROW_WORDS;
  }

  /** Where it goes on. */
  after(at: number): number {
    const next = at + ROW_WORDS;
    return next < this.words.length ? next : FIRST;
  }

  /** A row for a connection that begins, where those of `hash` are looked for. */
  begin(hash: number, tuple: Tuple, isTranslated: boolean): number {
    const { words } = this;
    const at = this.#claim(hash);
    words[at + ROW.kind] = kindOf(tuple) | (isTranslated ? KIND.translated : 0);
    words[at + ROW.source] = tuple.source;
    words[at + ROW.destination] = tuple.destination;
    words[at + ROW.sourcePort] = tuple.sourcePort;
    words[at + ROW.destinationPort] = tuple.destinationPort;
    if (tuple.wide !== null) {
      const details = { ...noDetails(), wide: tuple.wide.slice() };
      words[at + ROW.details] = this.details.push(details) - 1;
    }
    return at;
  }

  /** The first free row of a look-up. */
  #claim(hash: number): number {
    let at = this.first(hash);
    while (this.words[at + ROW.kind] !== 0) at = this.after(at);
    this.used++;
    return at;
  }

  remove(at: number): void {
    this.words[at + ROW.kind]! ^= KIND.used | KIND.removed;
  }

  isUsed(at: number): boolean {
    return (this.words[at + ROW.kind]! & KIND.used) !== 0;
  }

  /** When its connection is over; in milliseconds of the switch's clock. */
  expiresMs(at: number): number {
    return this.doubles[(at + ROW.expiresMs) >> 1]!;
  }

  /** Whether the connection, in use and of that kind, has this tuple. */
  isTuple(at: number, kind: number, tuple: Tuple): boolean {
    const { words } = this;
    return (
      words[at + ROW.sourcePort] === tuple.sourcePort &&
      words[at + ROW.source] === tuple.source &&
      words[at + ROW.destination] === tuple.destination &&
      words[at + ROW.destinationPort] === tuple.destinationPort &&
      (words[at + ROW.kind]! & ~KIND.translated) === kind &&
      (tuple.wide === null || this.#isWide(at, tuple.wide, 0))
    );
  }

  /** Whether the tuple is that of its answers; of a translated one they are found elsewhere. */
  isReply(at: number, kind: number, tuple: Tuple): boolean {
    const { words } = this;
    return (
      words[at + ROW.sourcePort] === tuple.destinationPort &&
      words[at + ROW.source] === tuple.destination &&
      words[at + ROW.destination] === tuple.source &&
      words[at + ROW.destinationPort] === tuple.sourcePort &&
      words[at + ROW.kind] === kind &&
      (tuple.wide === null || this.#isWide(at, tuple.wide, 3))
    );
  }

  /** `shift` 3: the halves are swapped. */
  #isWide(at: number, words: readonly number[], shift: 0 | 3): boolean {
    const { wide } = this.details[this.words[at + ROW.details]!]!;
    return wide?.every((word, i) => word === words[(i + shift) % 6]) ?? false;
  }

  /** Calls `visit` for each row in use; those of one hash in the order in which they came. */
  forEach(visit: (at: number) => void): void {
    let start = FIRST;
    // Behind a free row: a look-up may go on from the last row to the first one.
    while (this.words[start] !== 0) start += ROW_WORDS;
    for (let at = this.after(start); at !== start; at = this.after(at)) {
      if (this.isUsed(at)) visit(at);
    }
  }

  /** Moves a row that is in use to `to`, where those of `hash` are looked for. */
  move(at: number, to: Rows, hash: number): void {
    const { words } = this;
    const target = to.#claim(hash);
    for (let i = 0; i < ROW_WORDS; i++) to.words[target + i] = words[at + i]!;
    const details = words[at + ROW.details]!;
    if (details !== 0) to.words[target + ROW.details] = to.details.push(this.details[details]!) - 1;
    words[at + ROW.kind] = KIND.moved;
    words[at + ROW.source] = target;
  }
}

/** What `ROW.kind` of a connection in use has, apart from a translation. */
export function kindOf({ zone, protocol }: Tuple): number {
  return zone | (protocol << PROTOCOL_BIT) | KIND.used;
}

export function zoneOf(kind: number): number {
  return kind & 0xffff;
}

/** With `IPV6`. */
export function protocolOf(kind: number): number {
  return (kind >> PROTOCOL_BIT) & PROTOCOL_MASK;
}
