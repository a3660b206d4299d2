import { foldSum, sumBytes } from "../../../src/wire/checksum.ts";
import type { Packet } from "../packet.ts";
import type { TcpSegment } from "./tcp.ts";
import { IPV6, type TupleBuffer } from "./tuple.ts";

/** ICMP types that ask, with the type of the answer; each pair with an identifier is a connection. */
const ECHO4: Readonly<Record<number, number>> = { 8: 0, 0: 8, 13: 14, 14: 13, 15: 16, 16: 15 };
const ECHO6: Readonly<Record<number, number>> = { 128: 129, 129: 128 };

const ERRORS4 = new Set([3, 4, 5, 11, 12]);
const ERRORS6 = new Set([1, 2, 3, 4]);

/** An ICMP error quotes at least this much of the transport header (RFC 792). */
const QUOTED_BYTES = 8;

/** In ICMPv6 Open vSwitch wants all of a quoted TCP header. */
const QUOTED_BYTES_TCP6 = 20;

export type Extracted = "invalid" | "plain" | "related";

/**
 * Fills `tuple` from the packet's headers. `related`: an ICMP error; the tuple is the reply to the packet that it
 * quotes. `invalid`: headers cut off, a bad checksum, a fragment, a port 0 where that is not taken, or an ICMP type
 * that is neither question, answer nor error.
 */
export function extractTuple(
  packet: Packet,
  zone: number,
  tuple: TupleBuffer,
  takesPortZero: boolean,
): Extracted {
  const v4 = packet.ethType === 0x0800;
  if ((!v4 && packet.ethType !== 0x86dd) || packet.l4 === 0 || packet.fragment !== 0) {
    return "invalid";
  }
  if (!checksumsRight(packet)) return "invalid";
  tuple.zone = zone;
  readAddresses(packet, packet.l3, v4, tuple);
  const extracted = readTransport(packet, packet.l4, packet.end, packet.protocol, v4, tuple);
  return !takesPortZero && hasPortZero(tuple) ? "invalid" : extracted;
}

function readAddresses(packet: Packet, at: number, v4: boolean, tuple: TupleBuffer): void {
  if (v4) {
    tuple.source = packet.get32(at + 12);
    tuple.destination = packet.get32(at + 16);
    tuple.wide = null;
    return;
  }
  tuple.setWide((i) => packet.get32(at + (i < 3 ? 8 : 12) + 4 * i));
  tuple.source = packet.get32(at + 20);
  tuple.destination = packet.get32(at + 36);
}

function readTransport(
  packet: Packet,
  at: number,
  end: number,
  protocol: number,
  v4: boolean,
  tuple: TupleBuffer,
): Extracted {
  tuple.protocol = v4 ? protocol : protocol | IPV6;
  switch (protocol) {
    case 6:
    case 17: {
      if (protocol === 6 ? !tcpHeaderFits(packet, at, end) : end - at < 8) return "invalid";
      readPorts(packet, at, tuple);
      return "plain";
    }
    case 1:
      return v4 ? readIcmp(packet, at, end, v4, tuple) : generic(tuple);
    case 58:
      return v4 ? generic(tuple) : readIcmp(packet, at, end, v4, tuple);
    default:
      return generic(tuple);
  }
}

function readPorts(packet: Packet, at: number, tuple: TupleBuffer): void {
  tuple.sourcePort = packet.get16(at);
  tuple.destinationPort = packet.get16(at + 2);
}

function hasPortZero(tuple: TupleBuffer): boolean {
  const protocol = tuple.protocol & ~IPV6;
  if (protocol !== 6 && protocol !== 17) return false;
  return tuple.sourcePort === 0 || tuple.destinationPort === 0;
}

/** Every other protocol, SCTP too: all packets between two hosts are one connection. */
function generic(tuple: TupleBuffer): Extracted {
  tuple.sourcePort = 0;
  tuple.destinationPort = 0;
  return "plain";
}

function tcpHeaderFits(packet: Packet, at: number, end: number): boolean {
  if (end - at < 20) return false;
  const length = (packet.bytes[at + 12]! >>> 4) * 4;
  return length >= 20 && length <= end - at;
}

function readIcmp(
  packet: Packet,
  at: number,
  end: number,
  v4: boolean,
  tuple: TupleBuffer,
): Extracted {
  if (end - at < 8) return "invalid";
  const type = packet.bytes[at]!;
  if ((v4 ? ERRORS4 : ERRORS6).has(type)) return readQuoted(packet, at + 8, end, v4, tuple);
  const answer = (v4 ? ECHO4 : ECHO6)[type];
  if (answer === undefined || packet.bytes[at + 1] !== 0) return "invalid";
  const id = packet.get16(at + 4);
  tuple.sourcePort = (type << 16) | id;
  tuple.destinationPort = (answer << 16) | id;
  return "plain";
}

/** The packet that an ICMP error quotes: its sender must be the one to whom the error goes. */
function readQuoted(
  packet: Packet,
  at: number,
  end: number,
  v4: boolean,
  tuple: TupleBuffer,
): Extracted {
  const inner = quotedTransport(packet, at, end, v4);
  if (inner === null) return "invalid";
  const to = tuple.destination;
  const toWide = tuple.wide === null ? null : tuple.wide.slice();
  readAddresses(packet, at, v4, tuple);
  if (tuple.source !== to) return "invalid";
  for (let i = 0; i < 3; i++) {
    if (toWide !== null && tuple.wide?.[i] !== toWide[3 + i]) return "invalid";
  }
  const { l4, protocol } = inner;
  tuple.protocol = v4 ? protocol : protocol | IPV6;
  if (protocol === 6 || protocol === 17) {
    const least = protocol === 6 && !v4 ? QUOTED_BYTES_TCP6 : QUOTED_BYTES;
    if (end - l4 < least) return "invalid";
    readPorts(packet, l4, tuple);
  } else if (protocol === (v4 ? 1 : 58)) {
    const type = end - l4 < QUOTED_BYTES ? -1 : packet.bytes[l4]!;
    const answer = (v4 ? ECHO4 : ECHO6)[type];
    if (answer === undefined || packet.bytes[l4 + 1] !== 0) return "invalid";
    const id = packet.get16(l4 + 4);
    tuple.sourcePort = (type << 16) | id;
    tuple.destinationPort = (answer << 16) | id;
  } else generic(tuple);
  tuple.reverse();
  return "related";
}

/** Where the transport header of the packet quoted at `at` starts, and its protocol. */
export function quotedTransport(
  packet: Packet,
  at: number,
  end: number,
  v4: boolean,
): { l4: number; protocol: number } | null {
  if (v4) {
    const headerLength = ((packet.bytes[at] ?? 0) % 16) * 4;
    if (end - at < 20 || headerLength < 20 || end - at < headerLength) return null;
    if ((packet.get16(at + 6) & 0x3fff) !== 0) return null;
    return { l4: at + headerLength, protocol: packet.bytes[at + 9]! };
  }
  if (end - at < 40) return null;
  let protocol = packet.bytes[at + 6]!;
  let l4 = at + 40;
  // Extension headers (RFC 8200 section 4); of a real fragment it is not known what it carries.
  while (EXTENSIONS.has(protocol)) {
    if (l4 + 8 > end) return null;
    const here = protocol;
    protocol = packet.bytes[l4]!;
    if (here === FRAGMENT && packet.get16(l4 + 2) !== 0) return null;
    const length = packet.bytes[l4 + 1]!;
    l4 += here === FRAGMENT ? 8 : here === AUTHENTICATION ? (length + 2) * 4 : (length + 1) * 8;
    if (l4 > end) return null;
  }
  return { l4, protocol };
}

const FRAGMENT = 44;
const AUTHENTICATION = 51;
const EXTENSIONS: ReadonlySet<number> = new Set([0, 43, 60, AUTHENTICATION, FRAGMENT]);

/** Header and transport checksum; looked at once per packet, since what the switch changes it corrects. */
function checksumsRight(packet: Packet): boolean {
  if (packet.checksums === 0) packet.checksums = verify(packet) ? 1 : 2;
  return packet.checksums === 1;
}

function verify(packet: Packet): boolean {
  const { bytes, l3, l4, end, protocol } = packet;
  const v4 = packet.ethType === 0x0800;
  if (v4) {
    const headerEnd = l3 + (bytes[l3]! & 0x0f) * 4;
    if (foldSum(sumBytes(bytes, l3, headerEnd)) !== 0xffff) return false;
  }
  const length = end - l4;
  if (protocol === 1) return !v4 || foldSum(sumBytes(bytes, l4, end)) === 0xffff;
  if (protocol === 17) {
    if (length < 8) return false;
    const claimed = packet.get16(l4 + 4);
    if (claimed < 8 || claimed > length) return false;
    // No checksum (RFC 768); IPv6 forbids that (RFC 8200 section 8.1).
    if (packet.get16(l4 + 6) === 0) return v4;
  } else if (protocol !== 6 && protocol !== 58) return true;
  const addresses = v4 ? sumBytes(bytes, l3 + 12, l3 + 20) : sumBytes(bytes, l3 + 8, l3 + 40);
  return foldSum(sumBytes(bytes, l4, end) + addresses + protocol + length) === 0xffff;
}

/** Fills `segment` from the TCP header, whose length `extractTuple` has checked. */
export function readSegment(packet: Packet, segment: TcpSegment): void {
  const at = packet.l4;
  const headerLength = (packet.bytes[at + 12]! >>> 4) * 4;
  segment.flags = packet.bytes[at + 13]!;
  segment.sequence = packet.get32(at + 4);
  segment.acknowledgement = packet.get32(at + 8);
  segment.window = packet.get16(at + 14);
  segment.payloadBytes = packet.end - at - headerLength;
  segment.scale = segment.flags & 2 ? windowScale(packet, at + 20, at + headerLength) : -1;
}

/** The value of the window scale option (RFC 7323 section 2.2), -1 without one. */
function windowScale(packet: Packet, start: number, end: number): number {
  const b = packet.bytes;
  let scale = -1;
  let at = start;
  while (end - at >= 3) {
    const kind = b[at]!;
    if (kind === 0) return scale;
    if (kind === 1) {
      at++;
      continue;
    }
    if (kind === 3) scale = b[at + 2]!;
    at += Math.max(b[at + 1]!, 2);
  }
  return scale;
}
