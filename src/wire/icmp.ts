import { setU16, setU32, u16, u32 } from "./bytes.ts";
import { internetChecksum } from "./checksum.ts";
import { ipv4HeaderBytes, readIpv4Header } from "./ipv4.ts";
import { isMalformed, type Malformed, malformed } from "./malformed.ts";

/*
 * ICMP (RFC 792)
 *
 *   0  type      1      4  echo: identifier 2, sequence 2
 *   1  code      1         errors: unused, pointer, gateway or next-hop MTU
 *   2  checksum  2      8  echo: data; errors: the packet's header and at least 8 bytes more
 */
export const ICMP_HEADER_BYTES = 8;
const CHECKSUM_AT = 2;

export const ICMP_TYPE = {
  echoReply: 0,
  destinationUnreachable: 3,
  sourceQuench: 4,
  redirect: 5,
  echoRequest: 8,
  timeExceeded: 11,
  parameterProblem: 12,
} as const;

/** Codes of destination unreachable. */
export const UNREACHABLE_CODE = {
  network: 0,
  host: 1,
  protocol: 2,
  port: 3,
  fragmentationNeeded: 4,
  administrativelyProhibited: 13,
} as const;

export interface IcmpEcho {
  readonly kind: "echo";
  /** 8 request, 0 reply. */
  readonly type: number;
  readonly code: number;
  readonly identifier: number;
  readonly sequence: number;
  readonly payload: Uint8Array;
}

interface IcmpError {
  readonly kind: "error";
  /** 3, 4, 5, 11 or 12. */
  readonly type: number;
  readonly code: number;
  /** The second word: next-hop MTU in its low half (3/4), gateway (5), pointer in its high byte (12), else 0. */
  readonly rest: number;
  /** The IPv4 packet that it is about, cut: `parseQuoted`. */
  readonly payload: Uint8Array;
}

interface IcmpOther {
  readonly kind: "other";
  readonly type: number;
  readonly code: number;
  readonly rest: number;
  readonly payload: Uint8Array;
}

export type Icmp = IcmpEcho | IcmpError | IcmpOther;

const ERROR_TYPES: ReadonlySet<number> = new Set([
  ICMP_TYPE.destinationUnreachable,
  ICMP_TYPE.sourceQuench,
  ICMP_TYPE.redirect,
  ICMP_TYPE.timeExceeded,
  ICMP_TYPE.parameterProblem,
]);

export function parseIcmp(bytes: Uint8Array): Icmp | Malformed {
  if (bytes.length < ICMP_HEADER_BYTES) {
    return malformed(`ICMP: ${bytes.length} bytes are less than a header of ${ICMP_HEADER_BYTES}`);
  }
  const type = bytes[0]!;
  const code = bytes[1]!;
  const payload = bytes.subarray(ICMP_HEADER_BYTES);
  if (type === ICMP_TYPE.echoRequest || type === ICMP_TYPE.echoReply) {
    const identifier = u16(bytes, 4);
    return { kind: "echo", type, code, identifier, sequence: u16(bytes, 6), payload };
  }
  const kind = ERROR_TYPES.has(type) ? "error" : "other";
  return { kind, type, code, rest: u32(bytes, 4), payload };
}

export function verifyIcmp(bytes: Uint8Array): boolean {
  return internetChecksum(bytes) === 0;
}

/** The message at `bytes[at, …)` with its checksum. `bytes` ends with it. */
export function writeIcmp(bytes: Uint8Array, at: number, value: Icmp): void {
  bytes[at] = value.type;
  bytes[at + 1] = value.code;
  if (value.kind === "echo") {
    setU16(bytes, at + 4, value.identifier);
    setU16(bytes, at + 6, value.sequence);
  } else {
    setU32(bytes, at + 4, value.rest);
  }
  bytes.set(value.payload, at + ICMP_HEADER_BYTES);
  setU16(bytes, at + CHECKSUM_AT, internetChecksum(bytes, at));
}

export function emitIcmp(value: Icmp): Uint8Array {
  const bytes = new Uint8Array(ICMP_HEADER_BYTES + value.payload.length);
  writeIcmp(bytes, 0, value);
  return bytes;
}

/** The flow that an ICMP error is about. */
export interface Quoted {
  readonly source: string;
  readonly destination: string;
  readonly protocol: number;
  /** Ports of TCP and UDP; for ICMP echo the identifier is in both; 0 otherwise. */
  readonly sourcePort: number;
  readonly destinationPort: number;
}

/** Reads the packet that an ICMP error quotes: its header and the 8 bytes behind it. */
export function parseQuoted(quoted: Uint8Array): Quoted | Malformed {
  const header = readIpv4Header(quoted);
  if (isMalformed(header)) return malformed(`quoted ${header.malformed}`);
  const { source, destination, protocol } = header;
  const at = ipv4HeaderBytes(header);
  if (quoted.length < at + 8) return malformed("quoted IPv4: less than 8 bytes behind the header");
  const icmp = protocol === 1;
  const ports = icmp || protocol === 6 || protocol === 17;
  return {
    source,
    destination,
    protocol,
    sourcePort: ports ? u16(quoted, at + (icmp ? 4 : 0)) : 0,
    destinationPort: ports ? u16(quoted, at + (icmp ? 4 : 2)) : 0,
  };
}

/** The part of an IPv4 packet that an ICMP error about it quotes. The packet has been parsed. */
export function quote(packet: Uint8Array): Uint8Array {
  return packet.subarray(0, (packet[0]! & 0xf) * 4 + 8);
}
