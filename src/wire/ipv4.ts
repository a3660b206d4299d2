import { NO_BYTES, setU16, u16 } from "./bytes.ts";
import { internetChecksum } from "./checksum.ts";
import { readIpv4Address, writeIpv4Address } from "./ip-address.ts";
import { isMalformed, type Malformed, malformed } from "./malformed.ts";

/*
 * IPv4 (RFC 791 §3.1)
 *
 *   0  version, header length  1 (4 bits each; the length in words)
 *   1  DSCP, ECN               1 (6 and 2 bits)
 *   2  total length            2
 *   4  identification          2
 *   6  flags, fragment offset  2 (0, DF, MF; 13 bits in units of 8 bytes)
 *   8  time to live            1
 *   9  protocol                1
 *  10  header checksum         2
 *  12  source                  4
 *  16  destination             4
 *  20  options                 0 to 40
 */
export const IPV4_HEADER_BYTES_MIN = 20;
const OPTION_BYTES_MAX = 40;
const TOTAL_BYTES_MAX = 65_535;

const DEFAULT_TTL = 64;

export interface Ipv4Header {
  readonly source: string;
  readonly destination: string;
  readonly protocol: number;
  readonly ttl: number;
  readonly identification: number;
  readonly dontFragment: boolean;
  readonly moreFragments: boolean;
  /** In bytes, a multiple of 8. */
  readonly fragmentOffset: number;
  readonly dscp: number;
  readonly ecn: number;
  /** As they are, padding included: a multiple of 4 bytes. */
  readonly options: Uint8Array;
  /** What the header claims; header included. */
  readonly totalLength: number;
}

export interface Ipv4 extends Ipv4Header {
  readonly payload: Uint8Array;
}

/** What is needed to emit. Without the others: TTL 64, don't fragment, no options, the rest 0. */
export interface Ipv4Fields {
  readonly source: string;
  readonly destination: string;
  readonly ttl?: number;
  readonly identification?: number;
  readonly dontFragment?: boolean;
  readonly moreFragments?: boolean;
  readonly fragmentOffset?: number;
  readonly dscp?: number;
  readonly ecn?: number;
  readonly options?: Uint8Array;
}

export function ipv4HeaderBytes(header: Ipv4Header): number {
  return IPV4_HEADER_BYTES_MIN + header.options.length;
}

export function isFragment(header: Ipv4Header): boolean {
  return header.moreFragments || header.fragmentOffset > 0;
}

/**
 * The header alone, at `bytes[at, …)`. The payload may be cut off: an ICMP error quotes no more than its first bytes.
 */
export function readIpv4Header(bytes: Uint8Array, at = 0): Ipv4Header | Malformed {
  const available = bytes.length - at;
  if (available < IPV4_HEADER_BYTES_MIN) {
    return malformed(`IPv4: ${available} bytes are less than a header of ${IPV4_HEADER_BYTES_MIN}`);
  }
  const first = bytes[at]!;
  if (first >>> 4 !== 4) return malformed(`IPv4: the version is ${first >>> 4}`);
  const headerLength = (first & 0xf) * 4;
  if (headerLength < IPV4_HEADER_BYTES_MIN) {
    return malformed(`IPv4: a header length of ${headerLength} is less than 20`);
  }
  if (headerLength > available) {
    return malformed(`IPv4: a header of ${headerLength} bytes, ${available} are there`);
  }
  const totalLength = u16(bytes, at + 2);
  if (totalLength < headerLength) {
    return malformed(`IPv4: a total length of ${totalLength} is less than the header's`);
  }
  const service = bytes[at + 1]!;
  const fragment = u16(bytes, at + 6);
  return {
    source: readIpv4Address(bytes, at + 12),
    destination: readIpv4Address(bytes, at + 16),
    protocol: bytes[at + 9]!,
    ttl: bytes[at + 8]!,
    identification: u16(bytes, at + 4),
    dontFragment: (fragment & 0x4000) !== 0,
    moreFragments: (fragment & 0x2000) !== 0,
    fragmentOffset: (fragment & 0x1fff) * 8,
    dscp: service >>> 2,
    ecn: service & 3,
    options:
      headerLength === IPV4_HEADER_BYTES_MIN
        ? NO_BYTES
        : bytes.subarray(at + IPV4_HEADER_BYTES_MIN, at + headerLength),
    totalLength,
  };
}

/** A whole packet. Bytes behind the total length are Ethernet padding; fewer are malformed. */
export function parseIpv4(bytes: Uint8Array): Ipv4 | Malformed {
  const header = readIpv4Header(bytes);
  if (isMalformed(header)) return header;
  if (header.totalLength > bytes.length) return cutIpv4(header, bytes.length);
  return { ...header, payload: bytes.subarray(ipv4HeaderBytes(header), header.totalLength) };
}

export function cutIpv4(header: Ipv4Header, available: number): Malformed {
  return malformed(`IPv4: a total length of ${header.totalLength}, ${available} bytes are there`);
}

/** Whether the header checksum is right. The header has been parsed. */
export function verifyIpv4(bytes: Uint8Array, at = 0): boolean {
  return internetChecksum(bytes, at, at + (bytes[at]! & 0xf) * 4) === 0;
}

/**
 * The header with its checksum, for a payload of `payloadLength` bytes; gives the header's length.
 * Throws RangeError for a packet of more than 65535 bytes or options that do not fit.
 */
export function writeIpv4Header(
  bytes: Uint8Array,
  at: number,
  fields: Ipv4Fields,
  protocol: number,
  payloadLength: number,
): number {
  const options = fields.options;
  const headerLength = IPV4_HEADER_BYTES_MIN + (options === undefined ? 0 : options.length);
  checkLengths(headerLength, payloadLength);
  bytes[at] = 0x40 | (headerLength >>> 2);
  bytes[at + 1] = ((fields.dscp ?? 0) << 2) | (fields.ecn ?? 0);
  setU16(bytes, at + 2, headerLength + payloadLength);
  setU16(bytes, at + 4, fields.identification ?? 0);
  setU16(
    bytes,
    at + 6,
    ((fields.dontFragment ?? true) ? 0x4000 : 0) |
      (fields.moreFragments === true ? 0x2000 : 0) |
      ((fields.fragmentOffset ?? 0) >>> 3),
  );
  bytes[at + 8] = fields.ttl ?? DEFAULT_TTL;
  bytes[at + 9] = protocol;
  writeIpv4Address(fields.source, bytes, at + 12);
  writeIpv4Address(fields.destination, bytes, at + 16);
  if (options !== undefined) bytes.set(options, at + IPV4_HEADER_BYTES_MIN);
  setU16(bytes, at + 10, internetChecksum(bytes, at, at + headerLength));
  return headerLength;
}

function checkLengths(headerLength: number, payloadLength: number): void {
  const optionLength = headerLength - IPV4_HEADER_BYTES_MIN;
  if (optionLength > OPTION_BYTES_MAX || optionLength % 4 !== 0) {
    throw new RangeError(`IPv4 options of ${optionLength} bytes: not a multiple of 4 up to 40`);
  }
  if (headerLength + payloadLength > TOTAL_BYTES_MAX) {
    throw new RangeError(`an IPv4 packet of ${headerLength + payloadLength} bytes`);
  }
}

/** Throws as writeIpv4Header. */
export function emitIpv4(
  value: Ipv4Fields & { readonly protocol: number; readonly payload: Uint8Array },
): Uint8Array {
  const optionLength = value.options?.length ?? 0;
  const bytes = new Uint8Array(IPV4_HEADER_BYTES_MIN + optionLength + value.payload.length);
  const at = writeIpv4Header(bytes, 0, value, value.protocol, value.payload.length);
  bytes.set(value.payload, at);
  return bytes;
}
