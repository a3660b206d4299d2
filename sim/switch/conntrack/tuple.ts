/**
 * One direction of a connection, as numbers: the key of the connection table. It is `FlowTuple` of `src/flow` for the
 * hot path. IPv4 addresses are one signed 32-bit word; of IPv6 the last word stands here and the rest in `wide`.
 * For ICMP, `sourcePort` is type and identifier of this direction (`type << 16 | id`), `destinationPort` those of the
 * answer.
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
  readonly wide: Int32Array | null;
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

function swapHalves(wide: Int32Array): Int32Array {
  const swapped = new Int32Array(6);
  swapped.set(wide.subarray(3), 0);
  swapped.set(wide.subarray(0, 3), 3);
  return swapped;
}

export function hashTuple(t: Tuple): number {
  let h = Math.imul(t.zone ^ (t.protocol << 16), 0x9e3779b1);
  h = Math.imul((h ^ t.source) + (h >>> 15), 0x85ebca6b);
  h = Math.imul((h ^ t.destination) + (h >>> 13), 0xc2b2ae35);
  h = Math.imul((h ^ t.sourcePort) + (h >>> 16), 0x27d4eb2f);
  h = Math.imul((h ^ t.destinationPort) + (h >>> 15), 0x165667b1);
  if (t.wide !== null)
    for (const word of t.wide) h = Math.imul((h ^ word) + (h >>> 14), 0x9e3779b1);
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
    (a.wide === b.wide || (a.wide !== null && b.wide !== null && sameWords(a.wide, b.wide)))
  );
}

function sameWords(a: Int32Array, b: Int32Array): boolean {
  for (let i = 0; i < 6; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** A tuple that is filled again and again for look-ups, so that a look-up allocates nothing. */
export class TupleBuffer implements Tuple {
  zone = 0;
  protocol = 0;
  source = 0;
  destination = 0;
  sourcePort = 0;
  destinationPort = 0;
  wide: Int32Array | null = null;

  set(from: Tuple): void {
    this.zone = from.zone;
    this.protocol = from.protocol;
    this.source = from.source;
    this.destination = from.destination;
    this.sourcePort = from.sourcePort;
    this.destinationPort = from.destinationPort;
    this.wide = from.wide;
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
      wide: this.wide,
    };
  }
}
