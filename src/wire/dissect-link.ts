import { dissectLlc, dissectNetwork, dissectPpp, ETHER_TYPE } from "./dissect-network.ts";
import { dissectWlan } from "./dissect-wlan.ts";
import { type Dissection, OUTCOME, type Outcome } from "./dissection.ts";

/** Link types that are read (https://www.tcpdump.org/linktypes.html). */
export const LINK_TYPE = {
  null: 0,
  ethernet: 1,
  ppp: 9,
  rawOld: 12,
  rawBsd: 14,
  pppHdlc: 50,
  pppEther: 51,
  raw: 101,
  ciscoHdlc: 104,
  wlan: 105,
  loop: 108,
  cooked: 113,
  pflog: 117,
  prism: 119,
  radiotap: 127,
  ppi: 192,
  ipv4: 228,
  ipv6: 229,
  nflog: 239,
  ipoib: 242,
  pktap: 258,
  cooked2: 276,
} as const;

/** The link-layer header, then what it carries. */
export function dissectLink(
  d: Dissection,
  linkType: number,
  bytes: Uint8Array,
  at: number,
  end: number,
): Outcome {
  if (linkType === LINK_TYPE.ethernet) {
    if (end - at < 14) return OUTCOME.cutLinkHeader;
    return dissectNetwork(d, (bytes[at + 12]! << 8) | bytes[at + 13]!, bytes, at + 14);
  }
  switch (linkType) {
    case LINK_TYPE.raw:
    case LINK_TYPE.rawOld:
    case LINK_TYPE.rawBsd:
    case LINK_TYPE.ipv4:
    case LINK_TYPE.ipv6:
      return bareIp(d, bytes, at, end);
    case LINK_TYPE.null:
    case LINK_TYPE.loop:
      return end - at < 4 ? OUTCOME.cutLinkHeader : addressFamily(d, bytes, at);
    case LINK_TYPE.cooked:
      return end - at < 16
        ? OUTCOME.cutLinkHeader
        : cooked(d, (bytes[at + 14]! << 8) | bytes[at + 15]!, bytes, at + 16);
    case LINK_TYPE.cooked2:
      return end - at < 20
        ? OUTCOME.cutLinkHeader
        : cooked(d, (bytes[at]! << 8) | bytes[at + 1]!, bytes, at + 20);
    case LINK_TYPE.ppp:
    case LINK_TYPE.pppHdlc:
      // Cisco's HDLC under the same link type: its address is 0x0f or, to all, 0x8f; PPP's is 0xff.
      return bytes[at] === 0x0f || bytes[at] === 0x8f
        ? ciscoHdlc(d, bytes, at, end)
        : dissectPpp(d, bytes, at);
    case LINK_TYPE.pppEther:
      return dissectNetwork(d, ETHER_TYPE.pppoe, bytes, at);
    case LINK_TYPE.ciscoHdlc:
      return ciscoHdlc(d, bytes, at, end);
    case LINK_TYPE.ipoib:
      // IP over InfiniBand (RFC 4391 §6): a global routing header, an EtherType, two bytes reserved.
      return end - at < 44
        ? OUTCOME.cutLinkHeader
        : dissectNetwork(d, (bytes[at + 40]! << 8) | bytes[at + 41]!, bytes, at + 44);
    case LINK_TYPE.nflog:
      return nflog(d, bytes, at, end);
    case LINK_TYPE.wlan:
    case LINK_TYPE.radiotap:
    case LINK_TYPE.prism:
      return dissectWlan(d, linkType, bytes, at, end);
    case LINK_TYPE.ppi:
      if (end - at < 8) return OUTCOME.cutLinkHeader;
      return nested(d, u32le(bytes, at + 4), bytes, at, u16le(bytes, at + 2), end);
    case LINK_TYPE.pktap:
      if (end - at < 12) return OUTCOME.cutLinkHeader;
      return nested(d, u32le(bytes, at + 8), bytes, at, u32le(bytes, at), end);
    case LINK_TYPE.pflog:
      return pflog(d, bytes, at, end);
    default:
      return OUTCOME.unknownLinkType;
  }
}

function ciscoHdlc(d: Dissection, bytes: Uint8Array, at: number, end: number): Outcome {
  if (end - at < 4) return OUTCOME.cutLinkHeader;
  return dissectNetwork(d, (bytes[at + 2]! << 8) | bytes[at + 3]!, bytes, at + 4);
}

/** A header that names the link type of what follows it. */
function nested(
  d: Dissection,
  linkType: number,
  bytes: Uint8Array,
  at: number,
  headerLength: number,
  end: number,
): Outcome {
  // Refuse such a type again: only a broken file nests them, and then without end.
  const isAgain = linkType === LINK_TYPE.ppi || linkType === LINK_TYPE.pktap;
  if (isAgain || headerLength < 8) return OUTCOME.unknownLinkType;
  if (headerLength > end - at) return OUTCOME.cutLinkHeader;
  return dissectLink(d, linkType, bytes, at + headerLength, end);
}

function bareIp(d: Dissection, bytes: Uint8Array, at: number, end: number): Outcome {
  if (at >= end) return OUTCOME.cutIpHeader;
  const version = bytes[at]! >> 4;
  if (version === 4) return dissectNetwork(d, ETHER_TYPE.ipv4, bytes, at);
  if (version === 6) return dissectNetwork(d, ETHER_TYPE.ipv6, bytes, at);
  return OUTCOME.badIpVersion;
}

/** A BSD address family in the byte order of the machine that captured: 2 is IPv4; 10, 24, 28, 30 are IPv6. */
function addressFamily(d: Dissection, bytes: Uint8Array, at: number): Outcome {
  const family = bytes[at]! !== 0 ? bytes[at]! : bytes[at + 3]!;
  return family === 2 || family === 10 || family === 24 || family === 28 || family === 30
    ? bareIp(d, bytes, at + 4, d.end)
    : OUTCOME.notIp;
}

/** Linux cooked: an EtherType, or 4 for an 802.2 LLC header. */
function cooked(d: Dissection, protocol: number, bytes: Uint8Array, at: number): Outcome {
  return protocol === 4 ? dissectLlc(d, bytes, at) : dissectNetwork(d, protocol, bytes, at);
}

/** NFLOG: a 4-byte header, then type-length-values; the packet is in number 9, in the byte order of the host. */
function nflog(d: Dissection, bytes: Uint8Array, start: number, end: number): Outcome {
  if (end - start < 4) return OUTCOME.cutLinkHeader;
  let at = start + 4;
  while (end - at >= 4) {
    const little = u16le(bytes, at);
    const isLittle = little >= 4 && bytes[at + 3] === 0;
    const length = isLittle ? little : (bytes[at]! << 8) | bytes[at + 1]!;
    const type = isLittle ? bytes[at + 2]! : bytes[at + 3]!;
    if (length < 4) return OUTCOME.cutLinkHeader;
    if (type === 9) return bareIp(d, bytes, at + 4, end);
    at += (length + 3) & ~3;
  }
  return OUTCOME.notIp;
}

/** OpenBSD pflog: its own length (padded to 4) and an address family. */
function pflog(d: Dissection, bytes: Uint8Array, at: number, end: number): Outcome {
  if (end - at < 4) return OUTCOME.cutLinkHeader;
  const length = (bytes[at]! + 3) & ~3;
  return length < 4 || length > end - at
    ? OUTCOME.cutLinkHeader
    : bareIp(d, bytes, at + length, end);
}

function u16le(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8);
}

function u32le(bytes: Uint8Array, at: number): number {
  return (u16le(bytes, at) | (u16le(bytes, at + 2) << 16)) >>> 0;
}
