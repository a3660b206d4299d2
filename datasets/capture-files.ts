import { PcapWriter } from "../src/pcap/writer.ts";
import { ethernet, join, LINKTYPE } from "./link-layers.ts";
import type { Tape, TapedPacket } from "./tape.ts";

/** Puts the link layer before a packet. */
export type Wrap = (packet: TapedPacket, index: number) => Uint8Array;

export const ETHERNET: Wrap = ({ bytes, isFromClient }) => ethernet(bytes, isFromClient);

/** Ethernet in classic pcap, nanoseconds, little endian, as the project writes it. */
export function pcap(tape: Tape, wrap: Wrap = ETHERNET, linkType: number = LINKTYPE.ethernet) {
  const pieces: Uint8Array[] = [];
  const writer = new PcapWriter((piece) => pieces.push(piece), linkType);
  for (const [index, packet] of tape.packets.entries()) {
    writer.write({ timeNs: packet.timeNs, bytes: wrap(packet, index) });
  }
  writer.end();
  return join(...pieces);
}

/** Bytes of numbers of a given width in a given order: what other programs write and the project only reads. */
export class Fields {
  readonly #little: boolean;
  readonly #parts: Uint8Array[] = [];

  constructor(little: boolean) {
    this.#little = little;
  }

  u16(...values: readonly number[]): this {
    return this.#put(2, values);
  }

  u32(...values: readonly number[]): this {
    return this.#put(4, values);
  }

  /** Bytes as they are, padded with zeros to a multiple of `align`. */
  bytes(value: Uint8Array, align = 1): this {
    this.#parts.push(value, new Uint8Array(-value.length & (align - 1)));
    return this;
  }

  done(): Uint8Array {
    return join(...this.#parts);
  }

  #put(width: 2 | 4, values: readonly number[]): this {
    const bytes = new Uint8Array(width * values.length);
    const view = new DataView(bytes.buffer);
    for (const [i, value] of values.entries()) {
      if (width === 2) view.setUint16(2 * i, value, this.#little);
      else view.setUint32(4 * i, value, this.#little);
    }
    this.#parts.push(bytes);
    return this;
  }
}

export interface ClassicVariant {
  readonly little: boolean;
  readonly magic: 0xa1b2c3d4 | 0xa1b23c4d | 0xa1b2cd34;
  /** Bytes kept of each packet. */
  readonly snapLength?: number;
}

/** Classic pcap of any byte order and time resolution; 0xa1b2cd34 is the "modified" one, with 8 bytes more a packet. */
export function classicPcap(
  tape: Tape,
  variant: ClassicVariant,
  wrap: Wrap = ETHERNET,
  linkType: number = LINKTYPE.ethernet,
): Uint8Array {
  const { little, magic, snapLength = 65_535 } = variant;
  const unitNs = magic === 0xa1b23c4d ? 1n : 1_000n;
  const fields = new Fields(little).u32(magic).u16(2, 4).u32(0, 0, snapLength, linkType);
  for (const [index, packet] of tape.packets.entries()) {
    const frame = wrap(packet, index);
    const kept = frame.subarray(0, snapLength);
    fields.u32(
      Number(packet.timeNs / 1_000_000_000n),
      Number((packet.timeNs % 1_000_000_000n) / unitNs),
      kept.length,
      frame.length,
    );
    // Interface, EtherType, packet type and a filler byte of the 1990s.
    if (magic === 0xa1b2cd34) fields.u32(2).u16(0x0800, 0);
    fields.bytes(kept);
  }
  return fields.done();
}
