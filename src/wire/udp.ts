import { setU16, u16 } from "./bytes.ts";
import { checksumOf, sumBytes } from "./checksum.ts";
import { IP_PROTOCOL } from "./ip-protocol.ts";
import { isMalformed, type Malformed, malformed } from "./malformed.ts";
import { pseudoHeaderSum } from "./pseudo-header.ts";

/*
 * UDP (RFC 768)
 *
 *   0  source port       2      4  length    2
 *   2  destination port  2      6  checksum  2 (0: none, IPv4 only)
 */
export const UDP_HEADER_BYTES = 8;
const CHECKSUM_AT = 6;
const LENGTH_MAX = 65_535;

export interface UdpHeader {
  readonly sourcePort: number;
  readonly destinationPort: number;
}

export interface Udp extends UdpHeader {
  readonly payload: Uint8Array;
}

/** The header at `bytes[at, …)`; the datagram ends at `udpEnd`. A fragment's datagram is longer than what is there. */
export function readUdpHeader(
  bytes: Uint8Array,
  at: number,
  end: number,
  fragment = false,
): UdpHeader | Malformed {
  const available = end - at;
  if (available < UDP_HEADER_BYTES) {
    return malformed(`UDP: ${available} bytes are less than a header of ${UDP_HEADER_BYTES}`);
  }
  const length = u16(bytes, at + 4);
  if (length < UDP_HEADER_BYTES) return malformed(`UDP: a length of ${length} is less than 8`);
  if (length > available && !fragment) {
    return malformed(`UDP: a length of ${length}, ${available} bytes are there`);
  }
  return { sourcePort: u16(bytes, at), destinationPort: u16(bytes, at + 2) };
}

/** Where the datagram at `bytes[at, end)` ends: bytes behind its length do not belong to it. */
export function udpEnd(bytes: Uint8Array, at: number, end: number): number {
  return Math.min(end, at + u16(bytes, at + 4));
}

export function parseUdp(bytes: Uint8Array): Udp | Malformed {
  const header = readUdpHeader(bytes, 0, bytes.length);
  if (isMalformed(header)) return header;
  return { ...header, payload: bytes.subarray(UDP_HEADER_BYTES, udpEnd(bytes, 0, bytes.length)) };
}

/** Whether the checksum of a whole datagram between these addresses is right; none is right over IPv4 only. */
export function verifyUdp(datagram: Uint8Array, source: string, destination: string): boolean {
  if (u16(datagram, CHECKSUM_AT) === 0) return !source.includes(":");
  const length = udpEnd(datagram, 0, datagram.length);
  const pseudo = pseudoHeaderSum(IP_PROTOCOL.udp, length, source, destination);
  return checksumOf(pseudo + sumBytes(datagram, 0, length)) === 0;
}

/** The header at `bytes[at, …)`, without its checksum yet. Throws RangeError for more than 65535 bytes. */
export function writeUdpHeader(
  bytes: Uint8Array,
  at: number,
  fields: UdpHeader,
  payloadLength: number,
): number {
  const length = UDP_HEADER_BYTES + payloadLength;
  if (length > LENGTH_MAX) throw new RangeError(`a UDP datagram of ${length} bytes`);
  setU16(bytes, at, fields.sourcePort);
  setU16(bytes, at + 2, fields.destinationPort);
  setU16(bytes, at + 4, length);
  return UDP_HEADER_BYTES;
}

/** Puts in the checksum of the datagram `bytes[at, end)`. A checksum of 0 would say that there is none. */
export function fillUdpChecksum(bytes: Uint8Array, at: number, end: number, pseudo: number): void {
  setU16(bytes, at + CHECKSUM_AT, checksumOf(pseudo + sumBytes(bytes, at, end)) || 0xffff);
}

/** A datagram between these two addresses (IPv4 or IPv6). */
export function emitUdp(value: Udp, source: string, destination: string): Uint8Array {
  const bytes = new Uint8Array(UDP_HEADER_BYTES + value.payload.length);
  bytes.set(value.payload, writeUdpHeader(bytes, 0, value, value.payload.length));
  const pseudo = pseudoHeaderSum(IP_PROTOCOL.udp, bytes.length, source, destination);
  fillUdpChecksum(bytes, 0, bytes.length, pseudo);
  return bytes;
}
