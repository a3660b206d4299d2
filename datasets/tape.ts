/** An IP packet of a capture in the making; the link layer comes later. */
export interface TapedPacket {
  readonly timeNs: bigint;
  /** From the IP header on. */
  readonly bytes: Uint8Array;
  /** From the host that is called the client. */
  readonly isFromClient: boolean;
}

/** 2024-01-01T00:00:00Z: a time that cannot be taken for a length or a count. */
const START_NS = 1_704_067_200_000_000_000n;

/** From packet to packet, so that the time of a record tells the packet by its place: 0.03 is the fourth. */
const STEP_NS = 10_000_000n;

/** The packets of a capture in the order in which they are in the file, ten milliseconds apart. */
export class Tape {
  readonly packets: TapedPacket[] = [];

  add(bytes: Uint8Array, isFromClient: boolean): void {
    const timeNs = START_NS + BigInt(this.packets.length) * STEP_NS;
    this.packets.push({ timeNs, bytes, isFromClient });
  }

  /** Put the last packets into another order; each place in the file keeps its time. `order` counts from the first of them. */
  rearrange(order: readonly number[]): void {
    const moved = this.packets.splice(this.packets.length - order.length);
    for (const from of order) {
      const packet = moved[from];
      if (packet === undefined) throw new RangeError(`packet ${from} of ${order.length}`);
      this.add(packet.bytes, packet.isFromClient);
    }
  }
}
