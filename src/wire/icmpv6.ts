import { setU16, setU32, u16, u32 } from "./bytes.ts";
import { checksumOf, sumBytes } from "./checksum.ts";
import { IP_PROTOCOL } from "./ip-protocol.ts";
import { readIpv6Address, writeIpv6Address } from "./ipv6-address.ts";
import { readMac, writeMac } from "./mac.ts";
import { type Malformed, malformed } from "./malformed.ts";
import { pseudoHeaderSum } from "./pseudo-header.ts";

/*
 * ICMPv6 (RFC 4443), neighbour discovery (RFC 4861 §4.3, §4.4)
 *
 *   0  type      1      4  echo: identifier 2, sequence 2
 *   1  code      1         advertisement: router, solicited, override (3 bits)
 *   2  checksum  2      8  neighbour messages: target 16, then options
 */
const ICMPV6_HEADER_BYTES = 8;
const NEIGHBOUR_BYTES_MIN = 24;
const CHECKSUM_AT = 2;

export const ICMPV6_TYPE = {
  destinationUnreachable: 1,
  packetTooBig: 2,
  timeExceeded: 3,
  parameterProblem: 4,
  echoRequest: 128,
  echoReply: 129,
  routerSolicitation: 133,
  routerAdvertisement: 134,
  neighbourSolicitation: 135,
  neighbourAdvertisement: 136,
} as const;

interface Icmpv6Echo {
  readonly kind: "echo";
  /** 128 request, 129 reply. */
  readonly type: number;
  readonly code: number;
  readonly identifier: number;
  readonly sequence: number;
  readonly payload: Uint8Array;
}

interface Icmpv6Neighbour {
  readonly kind: "neighbour";
  /** 135 solicitation, 136 advertisement. */
  readonly type: number;
  readonly code: number;
  /** The second word: 0 in a solicitation, bits of NEIGHBOUR_FLAG in an advertisement. */
  readonly flags: number;
  readonly target: string;
  /** Options as they are: `linkAddressOption` reads the one that matters. */
  readonly payload: Uint8Array;
}

/** Errors (types below 128) and everything else. */
interface Icmpv6Other {
  readonly kind: "error" | "other";
  readonly type: number;
  readonly code: number;
  readonly rest: number;
  readonly payload: Uint8Array;
}

export type Icmpv6 = Icmpv6Echo | Icmpv6Neighbour | Icmpv6Other;

export const NEIGHBOUR_FLAG = {
  router: 0x80000000,
  solicited: 0x40000000,
  override: 0x20000000,
} as const;

export function parseIcmpv6(bytes: Uint8Array): Icmpv6 | Malformed {
  if (bytes.length < ICMPV6_HEADER_BYTES) {
    return malformed(
      `ICMPv6: ${bytes.length} bytes are less than a header of ${ICMPV6_HEADER_BYTES}`,
    );
  }
  const type = bytes[0]!;
  const code = bytes[1]!;
  if (type === ICMPV6_TYPE.echoRequest || type === ICMPV6_TYPE.echoReply) {
    const payload = bytes.subarray(ICMPV6_HEADER_BYTES);
    const identifier = u16(bytes, 4);
    return { kind: "echo", type, code, identifier, sequence: u16(bytes, 6), payload };
  }
  const rest = u32(bytes, 4);
  if (type === ICMPV6_TYPE.neighbourSolicitation || type === ICMPV6_TYPE.neighbourAdvertisement) {
    if (bytes.length < NEIGHBOUR_BYTES_MIN) {
      return malformed(`ICMPv6: a neighbour message of ${bytes.length} bytes, less than 24`);
    }
    const target = readIpv6Address(bytes, 8);
    const payload = bytes.subarray(NEIGHBOUR_BYTES_MIN);
    return { kind: "neighbour", type, code, flags: rest, target, payload };
  }
  const kind = type < 128 ? "error" : "other";
  return { kind, type, code, rest, payload: bytes.subarray(ICMPV6_HEADER_BYTES) };
}

/** Whether the checksum of a whole message between these two addresses is right. */
export function verifyIcmpv6(message: Uint8Array, source: string, destination: string): boolean {
  const pseudo = pseudoHeaderSum(IP_PROTOCOL.icmpv6, message.length, source, destination);
  return checksumOf(pseudo + sumBytes(message)) === 0;
}

export function icmpv6Bytes(value: Icmpv6): number {
  const head = value.kind === "neighbour" ? NEIGHBOUR_BYTES_MIN : ICMPV6_HEADER_BYTES;
  return head + value.payload.length;
}

/** The message at `bytes[at, …)` with its checksum; `pseudo` is its pseudo header's sum. `bytes` ends with it. */
export function writeIcmpv6(bytes: Uint8Array, at: number, value: Icmpv6, pseudo: number): void {
  bytes[at] = value.type;
  bytes[at + 1] = value.code;
  switch (value.kind) {
    case "echo":
      setU16(bytes, at + 4, value.identifier);
      setU16(bytes, at + 6, value.sequence);
      break;
    case "neighbour":
      setU32(bytes, at + 4, value.flags);
      writeIpv6Address(value.target, bytes, at + 8);
      break;
    case "error":
    case "other":
      setU32(bytes, at + 4, value.rest);
  }
  bytes.set(value.payload, bytes.length - value.payload.length);
  setU16(bytes, at + CHECKSUM_AT, checksumOf(pseudo + sumBytes(bytes, at)));
}

/** A message between these two addresses. */
export function emitIcmpv6(value: Icmpv6, source: string, destination: string): Uint8Array {
  const bytes = new Uint8Array(icmpv6Bytes(value));
  const pseudo = pseudoHeaderSum(IP_PROTOCOL.icmpv6, bytes.length, source, destination);
  writeIcmpv6(bytes, 0, value, pseudo);
  return bytes;
}

/** Types of the link-layer address option (RFC 4861 §4.6.1). */
export const LINK_ADDRESS_OPTION = { source: 1, target: 2 } as const;

/** The option that carries a MAC address: the payload of a neighbour message. */
export function emitLinkAddressOption(type: 1 | 2, mac: string): Uint8Array {
  const bytes = new Uint8Array(8);
  bytes[0] = type;
  bytes[1] = 1;
  writeMac(mac, bytes, 2);
  return bytes;
}

/** The MAC address in the options of a neighbour message, or `null` where there is none. */
export function linkAddressOption(options: Uint8Array, type: 1 | 2): string | null {
  let at = 0;
  while (at + 8 <= options.length) {
    const length = options[at + 1]! * 8;
    if (length === 0) return null;
    if (options[at] === type && length === 8) return readMac(options, at + 2);
    at += length;
  }
  return null;
}
