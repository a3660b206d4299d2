import { PcapngWriter } from "../../src/pcap/pcapng-writer.ts";
import { PcapWriter } from "../../src/pcap/writer.ts";
import { join } from "../mutate/bytes.ts";

/** A packet before it is written to a file. */
export interface Packet {
  readonly linkType: number;
  readonly bytes: Uint8Array;
  /** Length on the wire, where the packet was cut. */
  readonly originalLength?: number;
}

export const FORMATS = ["pcap", "pcap-swapped", "pcap-modified", "pcapng", "pcapng-old"] as const;
export type Format = (typeof FORMATS)[number];

const START_NS = 1_500_000_000_000_000_000n;
const STEP_NS = 1_000_000n;

/** The file of these packets. Classic pcap knows one link type: that of the first. */
export function captureOf(packets: readonly Packet[], format: Format): Uint8Array {
  const linkType = packets[0]?.linkType ?? 1;
  switch (format) {
    case "pcap": {
      const pieces: Uint8Array[] = [];
      const writer = new PcapWriter((piece) => pieces.push(piece), linkType);
      for (const [i, { bytes, originalLength }] of packets.entries()) {
        writer.write({ timeNs: timeOf(i), bytes }, originalLength ?? bytes.length);
      }
      writer.end();
      return join(...pieces);
    }
    case "pcapng": {
      const pieces: Uint8Array[] = [];
      const linkTypes = [...new Set([linkType, ...packets.map((packet) => packet.linkType)])];
      const interfaces = linkTypes.map((type) => ({ name: `if${type}`, linkType: type }));
      const writer = new PcapngWriter((piece) => pieces.push(piece), interfaces);
      for (const [i, { linkType: own, bytes, originalLength }] of packets.entries()) {
        const port = linkTypes.indexOf(own);
        const length = originalLength === undefined ? {} : { originalLength };
        const comment = i % 5 === 0 ? { comment: "a comment" } : {};
        writer.write({ timeNs: timeOf(i), bytes, port }, { ...length, ...comment });
      }
      writer.end();
      return join(...pieces);
    }
    case "pcap-swapped":
      return classic(packets, linkType, 0xa1b2c3d4, 16);
    case "pcap-modified":
      return classic(packets, linkType, 0xa1b2cd34, 24);
    case "pcapng-old":
      return oldBlocks(packets, linkType);
  }
}

function timeOf(i: number): bigint {
  return START_NS + BigInt(i) * STEP_NS;
}

/** Big endian, microseconds. */
function classic(
  packets: readonly Packet[],
  linkType: number,
  magic: number,
  headerBytes: number,
): Uint8Array {
  const file = words(magic, 0x0002_0004, 0, 0, 262_144, linkType);
  const records = packets.flatMap(({ bytes, originalLength }, i) => {
    const header = new Uint8Array(headerBytes);
    header.set(words(1_500_000_000 + i, i, bytes.length, originalLength ?? bytes.length));
    return [header, bytes];
  });
  return join(file, ...records);
}

/** Big endian pcapng with simple packet blocks and the obsolete packet blocks, and one that nobody knows. */
function oldBlocks(packets: readonly Packet[], linkType: number): Uint8Array {
  const blocks = [
    block(0x0a0d0d0a, words(0x1a2b3c4d, 0x0001_0000, 0xffffffff, 0xffffffff)),
    block(1, words(linkType << 16, 0)),
    block(0x0bad_cafe, words(1, 2, 3)),
  ];
  for (const [i, { bytes, originalLength }] of packets.entries()) {
    const length = originalLength ?? bytes.length;
    const padded = join(bytes, new Uint8Array(-bytes.length & 3));
    if (i % 3 === 0 && length === bytes.length) blocks.push(block(3, join(words(length), padded)));
    else blocks.push(block(2, join(words(0, 0, i, bytes.length, length), padded)));
  }
  return join(...blocks);
}

function block(type: number, body: Uint8Array): Uint8Array {
  const length = body.length + 12;
  return join(words(type, length), body, words(length));
}

function words(...values: readonly number[]): Uint8Array {
  const out = new Uint8Array(values.length * 4);
  const view = new DataView(out.buffer);
  for (const [i, value] of values.entries()) view.setUint32(i * 4, value);
  return out;
}
