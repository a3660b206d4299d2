import type { Random } from "../../src/base/random.ts";
import { checksumOf, sumBytes } from "../../src/wire/checksum.ts";
import { isMalformed } from "../../src/wire/malformed.ts";
import { parseFrame } from "../../src/wire/packet.ts";
import { pseudoHeaderSumAt } from "../../src/wire/pseudo-header.ts";
import type { Packet } from "../seeds/capture.ts";
import { HTTP_WORDS } from "../seeds/talks.ts";
import { EDGE_NUMBERS, join, mutateBytes, stretch } from "./bytes.ts";
import { mutateText } from "./text.ts";

type Change = (random: Random, packets: Packet[]) => Packet[];

/** One to six changes of the packets of a capture: their order, their headers, what they carry. */
export function mutatePackets(random: Random, packets: readonly Packet[]): readonly Packet[] {
  let mutated = [...packets];
  for (let left = random.int(1, 6); left > 0 && mutated.length > 0; left--) {
    mutated = random.pick(CHANGES)(random, mutated);
  }
  return mutated.slice(0, PACKETS_MAX);
}

/** More packets make slower inputs, and hardly new cases. */
const PACKETS_MAX = 100;

const CHANGES: readonly Change[] = [
  function lose(random, packets) {
    const [start, end] = stretch(random, packets.length);
    packets.splice(start, random.chance(0.7) ? 1 : end - start);
    return packets;
  },
  function duplicate(random, packets) {
    const at = random.int(0, packets.length - 1);
    packets.splice(random.int(0, packets.length), 0, packets[at]!);
    return packets;
  },
  function move(random, packets) {
    const [packet] = packets.splice(random.int(0, packets.length - 1), 1);
    packets.splice(random.int(0, packets.length), 0, packet!);
    return packets;
  },
  function reverse(random, packets) {
    const [start, end] = stretch(random, packets.length);
    packets.splice(start, end - start, ...packets.slice(start, end).reverse());
    return packets;
  },
  function repeat(random, packets) {
    const [start, end] = stretch(random, packets.length);
    const piece = packets.slice(start, end);
    const times = Math.min(random.int(1, 20), Math.ceil(PACKETS_MAX / piece.length));
    packets.splice(end, 0, ...Array<Packet[]>(times).fill(piece).flat());
    return packets;
  },
  function cut(random, packets) {
    return onOne(random, packets, (packet) => ({
      ...packet,
      bytes: packet.bytes.subarray(0, random.int(0, packet.bytes.length)),
      originalLength: random.chance(0.8) ? packet.bytes.length : random.pick(EDGE_NUMBERS),
    }));
  },
  function relink(random, packets) {
    const linkType = random.pick(LINK_TYPES);
    return onOne(random, packets, (packet) => ({ ...packet, linkType }));
  },
  function damage(random, packets) {
    const other = random.pick(packets).bytes;
    return onOne(random, packets, (packet) => ({
      ...packet,
      bytes: mutateBytes(random, packet.bytes, other),
    }));
  },
  tamperHeader,
  tamperHeader,
  tamperHeader,
  changePayload,
  changePayload,
];

const LINK_TYPES = [
  0, 1, 9, 12, 14, 50, 51, 101, 104, 105, 108, 113, 117, 119, 127, 147, 192, 228, 229, 239, 258,
  276, 0xffff,
];

function onOne(random: Random, packets: Packet[], change: (packet: Packet) => Packet): Packet[] {
  const at = random.int(0, packets.length - 1);
  packets[at] = change(packets[at]!);
  return packets;
}

/** Where the headers of an Ethernet frame with IP and TCP are; `null` for anything else. */
interface Places {
  readonly networkAt: number;
  readonly transportAt: number;
  readonly payloadAt: number;
  readonly end: number;
  readonly isIpv4: boolean;
}

function placesOf(packet: Packet): Places | null {
  if (packet.linkType !== 1) return null;
  const frame = parseFrame(packet.bytes);
  if (isMalformed(frame) || frame.tcp === undefined) return null;
  const { networkAt, transportAt, packetEnd } = frame;
  const payloadAt = packetEnd - frame.payload.length;
  return { networkAt, transportAt, payloadAt, end: packetEnd, isIpv4: frame.ipv4 !== undefined };
}

/** Changes one field of IP or TCP to something that lies near, or at an edge. */
function tamperHeader(random: Random, packets: Packet[]): Packet[] {
  return onOne(random, packets, (packet) => {
    const places = placesOf(packet);
    if (places === null) return packet;
    const { networkAt: ip, transportAt: tcp, isIpv4 } = places;
    const bytes = packet.bytes.slice();
    const view = new DataView(bytes.buffer);
    const near = (value: number, most: number) =>
      random.chance(0.8) ? value + random.int(-most, most) : random.pick(EDGE_NUMBERS);
    const fields: (() => void)[] = [
      () => view.setUint32(tcp + 4, near(view.getUint32(tcp + 4), 20)),
      () => view.setUint32(tcp + 4, near(view.getUint32(tcp + 4), 70_000)),
      () => view.setUint32(tcp + 8, near(view.getUint32(tcp + 8), 70_000)),
      () => view.setUint8(tcp + 13, random.int(0, 255)),
      () => view.setUint8(tcp + 13, view.getUint8(tcp + 13) ^ (1 << random.int(0, 5))),
      () => view.setUint8(tcp + 12, random.int(0, 15) << 4),
      () => view.setUint16(tcp + 14, random.pick(EDGE_NUMBERS)),
      () => view.setUint16(tcp + random.pick([0, 2]), near(80, 2)),
      () => view.setUint16(ip + (isIpv4 ? 2 : 4), near(view.getUint16(ip + (isIpv4 ? 2 : 4)), 30)),
      () => view.setUint8(ip, random.int(0, 255)),
      () =>
        view.setUint8(
          ip + (isIpv4 ? 9 : 6),
          random.pick([0, 1, 4, 6, 17, 41, 43, 44, 47, 50, 51, 58, 59, 60, 135]),
        ),
      () => view.setUint8(ip + (isIpv4 ? 8 : 7), random.pick([0, 1, 255])),
      () => view.setUint16(ip + (isIpv4 ? 6 : 40), random.int(0, 0xffff)),
      () => view.setUint8(ip + random.int(isIpv4 ? 12 : 8, isIpv4 ? 19 : 39), random.int(0, 255)),
    ];
    random.pick(fields)();
    const mutated = { ...packet, bytes };
    return random.chance(0.85) ? rightChecksums(mutated) : mutated;
  });
}

/** Changes what a segment carries, as text; lengths and checksums mostly stay right. */
function changePayload(random: Random, packets: Packet[]): Packet[] {
  const other = random.pick(packets).bytes.subarray(54);
  return onOne(random, packets, (packet) => {
    const places = placesOf(packet);
    if (places === null) return packet;
    const { networkAt, payloadAt, end, isIpv4 } = places;
    const payload = Buffer.from(packet.bytes.subarray(payloadAt, end)).toString("latin1");
    const spliced = Buffer.from(other).toString("latin1");
    const text = mutateText(random, payload, HTTP_WORDS, spliced).slice(0, SEGMENT_BYTES_MAX);
    const bytes = join(packet.bytes.subarray(0, payloadAt), Buffer.from(text, "latin1"));
    const length = bytes.length - networkAt - (isIpv4 ? 0 : 40);
    new DataView(bytes.buffer).setUint16(networkAt + (isIpv4 ? 2 : 4), length);
    const mutated = { ...packet, bytes };
    return random.chance(0.95) ? rightChecksums(mutated) : mutated;
  });
}

const SEGMENT_BYTES_MAX = 9_000;

/** The packet with the checksums that belong to what is in it now, as far as it can be read. */
function rightChecksums(packet: Packet): Packet {
  const places = placesOf(packet);
  if (places === null) return packet;
  const { networkAt, transportAt, end, isIpv4 } = places;
  const bytes = packet.bytes.slice();
  const view = new DataView(bytes.buffer);
  if (isIpv4) {
    view.setUint16(networkAt + 10, 0);
    const headerEnd = networkAt + (bytes[networkAt]! & 15) * 4;
    view.setUint16(networkAt + 10, checksumOf(sumBytes(bytes, networkAt, headerEnd)));
  }
  const addressesAt = networkAt + (isIpv4 ? 12 : 8);
  const addressesEnd = addressesAt + (isIpv4 ? 8 : 32);
  view.setUint16(transportAt + 16, 0);
  const pseudo = pseudoHeaderSumAt(bytes, addressesAt, addressesEnd, 6, end - transportAt);
  view.setUint16(transportAt + 16, checksumOf(pseudo + sumBytes(bytes, transportAt, end)));
  return { ...packet, bytes };
}
