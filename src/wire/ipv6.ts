import { setU16, setU32, u16, u32 } from "./bytes.ts";
import { readIpv6Address, writeIpv6Address } from "./ipv6-address.ts";
import { isMalformed, type Malformed, malformed } from "./malformed.ts";

/*
 * IPv6 (RFC 8200 §3)
 *
 *   0  version, traffic class, flow label  4 (4, 8 and 20 bits)
 *   4  payload length                      2
 *   6  next header                         1
 *   7  hop limit                           1
 *   8  source                             16
 *  24  destination                        16
 */
export const IPV6_HEADER_BYTES = 40;
const PAYLOAD_BYTES_MAX = 65_535;
const DEFAULT_HOP_LIMIT = 64;

export interface Ipv6Header {
  readonly source: string;
  readonly destination: string;
  /** Of the header behind this one: an extension or the transport protocol. */
  readonly nextHeader: number;
  readonly hopLimit: number;
  readonly trafficClass: number;
  readonly flowLabel: number;
  /** What the header claims; without the header. */
  readonly payloadLength: number;
}

export interface Ipv6 extends Ipv6Header {
  readonly payload: Uint8Array;
}

/** What is needed to emit. Without the others: hop limit 64, the rest 0. */
export interface Ipv6Fields {
  readonly source: string;
  readonly destination: string;
  readonly nextHeader: number;
  readonly hopLimit?: number;
  readonly trafficClass?: number;
  readonly flowLabel?: number;
}

/** The header alone, at `bytes[at, …)`. The payload may be cut off. */
export function readIpv6Header(bytes: Uint8Array, at = 0): Ipv6Header | Malformed {
  const available = bytes.length - at;
  if (available < IPV6_HEADER_BYTES) {
    return malformed(`IPv6: ${available} bytes are less than a header of ${IPV6_HEADER_BYTES}`);
  }
  const first = u32(bytes, at);
  if (first >>> 28 !== 6) return malformed(`IPv6: the version is ${first >>> 28}`);
  return {
    source: readIpv6Address(bytes, at + 8),
    destination: readIpv6Address(bytes, at + 24),
    nextHeader: bytes[at + 6]!,
    hopLimit: bytes[at + 7]!,
    trafficClass: (first >>> 20) & 0xff,
    flowLabel: first & 0xfffff,
    payloadLength: u16(bytes, at + 4),
  };
}

/** A whole packet. Bytes behind the payload length are Ethernet padding; fewer are malformed. */
export function parseIpv6(bytes: Uint8Array): Ipv6 | Malformed {
  const header = readIpv6Header(bytes);
  if (isMalformed(header)) return header;
  const end = IPV6_HEADER_BYTES + header.payloadLength;
  if (end > bytes.length) return cutIpv6(header, bytes.length - IPV6_HEADER_BYTES);
  return { ...header, payload: bytes.subarray(IPV6_HEADER_BYTES, end) };
}

export function cutIpv6(header: Ipv6Header, available: number): Malformed {
  return malformed(
    `IPv6: a payload length of ${header.payloadLength}, ${available} bytes are there`,
  );
}

/** Gives the header's length. Throws RangeError for a payload of more than 65535 bytes. */
export function writeIpv6Header(
  bytes: Uint8Array,
  at: number,
  fields: Ipv6Fields,
  payloadLength: number,
): number {
  if (payloadLength > PAYLOAD_BYTES_MAX) {
    throw new RangeError(`an IPv6 payload of ${payloadLength} bytes`);
  }
  setU32(bytes, at, (6 << 28) | ((fields.trafficClass ?? 0) << 20) | (fields.flowLabel ?? 0));
  setU16(bytes, at + 4, payloadLength);
  bytes[at + 6] = fields.nextHeader;
  bytes[at + 7] = fields.hopLimit ?? DEFAULT_HOP_LIMIT;
  writeIpv6Address(fields.source, bytes, at + 8);
  writeIpv6Address(fields.destination, bytes, at + 24);
  return IPV6_HEADER_BYTES;
}

export function emitIpv6(value: Ipv6Fields & { readonly payload: Uint8Array }): Uint8Array {
  const bytes = new Uint8Array(IPV6_HEADER_BYTES + value.payload.length);
  bytes.set(value.payload, writeIpv6Header(bytes, 0, value, value.payload.length));
  return bytes;
}
