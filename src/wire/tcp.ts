import { NO_BYTES, setU16, setU32, u16, u32 } from "./bytes.ts";
import { checksumOf, sumBytes } from "./checksum.ts";
import { IP_PROTOCOL } from "./ip-protocol.ts";
import { isMalformed, type Malformed, malformed } from "./malformed.ts";
import { pseudoHeaderSum } from "./pseudo-header.ts";

/*
 * TCP (RFC 9293 §3.1)
 *
 *   0  source port       2     12  data offset, flags  2 (4 bits in words; 12 bits)
 *   2  destination port  2     14  window              2
 *   4  sequence          4     16  checksum            2
 *   8  acknowledgement   4     18  urgent pointer      2
 *                              20  options             0 to 40
 */
const TCP_HEADER_BYTES_MIN = 20;
const CHECKSUM_AT = 16;
const OPTION_BYTES_MAX = 40;

export const TCP_FLAG = {
  fin: 0x001,
  syn: 0x002,
  rst: 0x004,
  psh: 0x008,
  ack: 0x010,
  urg: 0x020,
  ece: 0x040,
  cwr: 0x080,
} as const;

export interface TcpHeader {
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly sequence: number;
  readonly acknowledgement: number;
  /** The bits of TCP_FLAG; 12 bits with the reserved ones, as in OpenFlow. */
  readonly flags: number;
  /** As in the header: not yet scaled. */
  readonly window: number;
  readonly urgentPointer: number;
  /** As they are, padding included: a multiple of 4 bytes. See tcp-options.ts. */
  readonly options: Uint8Array;
}

export interface Tcp extends TcpHeader {
  readonly payload: Uint8Array;
}

/** What is needed to emit. Options are padded with zeros to a multiple of 4 bytes. */
export interface TcpFields {
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly sequence: number;
  readonly acknowledgement: number;
  readonly flags: number;
  readonly window: number;
  readonly urgentPointer?: number;
  readonly options?: Uint8Array;
}

/** Length of the header that `fields` give. Throws RangeError for more than 40 bytes of options. */
export function tcpHeaderBytes(fields: TcpFields): number {
  const options = fields.options;
  if (options === undefined) return TCP_HEADER_BYTES_MIN;
  if (options.length > OPTION_BYTES_MAX) {
    throw new RangeError(`TCP options of ${options.length} bytes: at most ${OPTION_BYTES_MAX}`);
  }
  return TCP_HEADER_BYTES_MIN + ((options.length + 3) & ~3);
}

/** The header at `bytes[at, end)`; the payload follows it. */
export function readTcpHeader(bytes: Uint8Array, at: number, end: number): TcpHeader | Malformed {
  const available = end - at;
  if (available < TCP_HEADER_BYTES_MIN) {
    return malformed(`TCP: ${available} bytes are less than a header of ${TCP_HEADER_BYTES_MIN}`);
  }
  const offsetAndFlags = u16(bytes, at + 12);
  const headerLength = (offsetAndFlags >>> 12) * 4;
  if (headerLength < TCP_HEADER_BYTES_MIN) {
    return malformed(`TCP: a data offset of ${headerLength} bytes is less than 20`);
  }
  if (headerLength > available) {
    return malformed(`TCP: a header of ${headerLength} bytes, ${available} are there`);
  }
  return {
    sourcePort: u16(bytes, at),
    destinationPort: u16(bytes, at + 2),
    sequence: u32(bytes, at + 4),
    acknowledgement: u32(bytes, at + 8),
    flags: offsetAndFlags & 0xfff,
    window: u16(bytes, at + 14),
    urgentPointer: u16(bytes, at + 18),
    options:
      headerLength === TCP_HEADER_BYTES_MIN
        ? NO_BYTES
        : bytes.subarray(at + TCP_HEADER_BYTES_MIN, at + headerLength),
  };
}

export function parseTcp(bytes: Uint8Array): Tcp | Malformed {
  const header = readTcpHeader(bytes, 0, bytes.length);
  if (isMalformed(header)) return header;
  return { ...header, payload: bytes.subarray(tcpHeaderBytes(header)) };
}

/** Whether the checksum of a whole segment between these two addresses (IPv4 or IPv6) is right. */
export function verifyTcp(segment: Uint8Array, source: string, destination: string): boolean {
  const pseudo = pseudoHeaderSum(IP_PROTOCOL.tcp, segment.length, source, destination);
  return checksumOf(pseudo + sumBytes(segment)) === 0;
}

/** The header at `bytes[at, …)`, without its checksum yet (`fillTcpChecksum`); gives the header's length. */
export function writeTcpHeader(bytes: Uint8Array, at: number, fields: TcpFields): number {
  const headerLength = tcpHeaderBytes(fields);
  setU16(bytes, at, fields.sourcePort);
  setU16(bytes, at + 2, fields.destinationPort);
  setU32(bytes, at + 4, fields.sequence);
  setU32(bytes, at + 8, fields.acknowledgement);
  setU16(bytes, at + 12, (headerLength << 10) | (fields.flags & 0xfff));
  setU16(bytes, at + 14, fields.window);
  setU16(bytes, at + 18, fields.urgentPointer ?? 0);
  if (fields.options !== undefined) bytes.set(fields.options, at + TCP_HEADER_BYTES_MIN);
  return headerLength;
}

/** Puts in the checksum of the segment `bytes[at, end)`, its pseudo header's sum being `pseudo`. */
export function fillTcpChecksum(bytes: Uint8Array, at: number, end: number, pseudo: number): void {
  setU16(bytes, at + CHECKSUM_AT, checksumOf(pseudo + sumBytes(bytes, at, end)));
}

/** A segment between these two addresses (IPv4 or IPv6). */
export function emitTcp(
  value: TcpFields & { readonly payload: Uint8Array },
  source: string,
  destination: string,
): Uint8Array {
  const bytes = new Uint8Array(tcpHeaderBytes(value) + value.payload.length);
  bytes.set(value.payload, writeTcpHeader(bytes, 0, value));
  const pseudo = pseudoHeaderSum(IP_PROTOCOL.tcp, bytes.length, source, destination);
  fillTcpChecksum(bytes, 0, bytes.length, pseudo);
  return bytes;
}
