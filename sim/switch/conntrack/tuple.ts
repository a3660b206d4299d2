/**
 * One direction of a connection, as numbers. It is `FlowTuple` of `src/flow` for the hot path. IPv4 addresses are one
 * signed 32-bit word; of IPv6 the last word stands here and the rest in `wide`. For ICMP, `sourcePort` is type and
 * identifier of this direction (`type << 16 | id`), `destinationPort` those of the answer.
 */
export interface Tuple {
  readonly zone: number;
  /** IP protocol, plus `IPV6` for IPv6. */
  readonly protocol: number;
  readonly source: number;
  readonly destination: number;
  readonly sourcePort: number;
  readonly destinationPort: number;
  /** The upper three words of the source, then of the destination; `null` for IPv4. */
  readonly wide: readonly number[] | null;
}

export const IPV6 = 0x100;

/** The tuple of the packets that answer. */
export function reply(tuple: Tuple): Tuple {
  const { wide } = tuple;
  return {
    zone: tuple.zone,
    protocol: tuple.protocol,
    source: tuple.destination,
    destination: tuple.source,
    sourcePort: tuple.destinationPort,
    destinationPort: tuple.sourcePort,
    wide: wide === null ? null : swapHalves(wide),
  };
}

function swapHalves(wide: readonly number[]): number[] {
  return [...wide.slice(3), ...wide.slice(0, 3)];
}

/**
 * The same for both directions: a connection without translation stands in a table once and is found by packets of
 * either.
 */
export function hashTuple(t: Tuple): number {
  const { wide } = t;
  let from = Math.imul(t.source ^ Math.imul(t.sourcePort, 0x9e3779b1), 0x85ebca6b);
  let to = Math.imul(t.destination ^ Math.imul(t.destinationPort, 0x9e3779b1), 0x85ebca6b);
  if (wide !== null) {
    for (let i = 0; i < 3; i++) {
      from = Math.imul((from ^ wide[i]!) + (from >>> 14), 0x9e3779b1);
      to = Math.imul((to ^ wide[3 + i]!) + (to >>> 14), 0x9e3779b1);
    }
  }
  let h = (from ^ (from >>> 15)) + (to ^ (to >>> 15));
  h = Math.imul(h ^ t.zone ^ (t.protocol << 16), 0xc2b2ae35);
  h = Math.imul(h ^ (h >>> 13), 0x27d4eb2f);
  return h ^ (h >>> 16);
}

export function sameTuple(a: Tuple, b: Tuple): boolean {
  return (
    a.sourcePort === b.sourcePort &&
    a.source === b.source &&
    a.destination === b.destination &&
    a.destinationPort === b.destinationPort &&
    a.protocol === b.protocol &&
    a.zone === b.zone &&
    (a.wide === b.wide || sameWords(a.wide, b.wide))
  );
}

function sameWords(a: readonly number[] | null, b: readonly number[] | null): boolean {
  if (a === null || b === null) return false;
  return a.every((word, i) => word === b[i]);
}

/** A tuple that is filled again and again for look-ups, so that a look-up allocates nothing. */
export class TupleBuffer implements Tuple {
  zone = 0;
  protocol = 0;
  source = 0;
  destination = 0;
  sourcePort = 0;
  destinationPort = 0;
  wide: readonly number[] | null = null;
  /** Where `wide` of the next IPv6 packet is written. */
  readonly #words = [0, 0, 0, 0, 0, 0];

  set(from: Tuple): void {
    this.zone = from.zone;
    this.protocol = from.protocol;
    this.source = from.source;
    this.destination = from.destination;
    this.sourcePort = from.sourcePort;
    this.destinationPort = from.destinationPort;
    this.wide = from.wide;
  }

  /** Writes the upper words; they hold until the next call. */
  setWide(word: (index: number) => number): void {
    const words = this.#words;
    for (let i = 0; i < 6; i++) words[i] = word(i);
    this.wide = words;
  }

  /** Turns the tuple into its reply, in place. */
  reverse(): void {
    [this.source, this.destination] = [this.destination, this.source];
    [this.sourcePort, this.destinationPort] = [this.destinationPort, this.sourcePort];
    if (this.wide !== null) this.wide = swapHalves(this.wide);
  }

  /** A copy to keep. */
  freeze(): Tuple {
    return {
      zone: this.zone,
      protocol: this.protocol,
      source: this.source,
      destination: this.destination,
      sourcePort: this.sourcePort,
      destinationPort: this.destinationPort,
      wide: this.wide === null ? null : this.wide.slice(),
    };
  }
}
