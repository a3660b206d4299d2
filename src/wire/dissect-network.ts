import { WIRE_LIMITS } from "../base/limits.ts";
import { dissectTransport } from "./dissect-transport.ts";
import { type Dissection, OUTCOME, type Outcome } from "./dissection.ts";

export const ETHER_TYPE = {
  ipv4: 0x0800,
  vlan: 0x8100,
  ipv6: 0x86dd,
  mpls: 0x8847,
  mplsMulticast: 0x8848,
  pppoe: 0x8864,
  serviceVlan: 0x88a8,
  /** Cisco FabricPath: a tag of two bytes, then a whole Ethernet frame. */
  fabricPath: 0x8903,
  vlanOld: 0x9100,
  vlanOlder: 0x9200,
  /** Ethernet in a tunnel (GRE, Geneve). */
  bridged: 0x6558,
  ppp: 0x880b,
} as const;

/** IPv6 extension headers that are skipped (RFC 8200 §4, RFC 6275, RFC 7401, RFC 5533). */
const EXTENSION = {
  hopByHop: 0,
  routing: 43,
  fragment: 44,
  authentication: 51,
  options: 60,
} as const;
const EXTENSIONS_MAX = WIRE_LIMITS.extensionHeadersMax;

/** What an EtherType announces, from bytes[at] on; the end is `d.end`. */
export function dissectNetwork(
  d: Dissection,
  etherType: number,
  bytes: Uint8Array,
  start: number,
): Outcome {
  let type = etherType;
  let at = start;
  for (;;) {
    switch (type) {
      case ETHER_TYPE.ipv4:
        return dissectIpv4(d, bytes, at);
      case ETHER_TYPE.ipv6:
        return dissectIpv6(d, bytes, at);
      case ETHER_TYPE.vlan:
      case ETHER_TYPE.serviceVlan:
      case ETHER_TYPE.vlanOld:
      case ETHER_TYPE.vlanOlder:
        if (d.end - at < 4) return OUTCOME.cutLinkHeader;
        d.addVlan(((bytes[at]! & 0x0f) << 8) | bytes[at + 1]!);
        type = (bytes[at + 2]! << 8) | bytes[at + 3]!;
        at += 4;
        break;
      case ETHER_TYPE.mpls:
      case ETHER_TYPE.mplsMulticast:
        return mpls(d, bytes, at);
      case ETHER_TYPE.pppoe:
        if (d.end - at < 8) return OUTCOME.cutLinkHeader;
        at += 6;
        return dissectPpp(d, bytes, at);
      case ETHER_TYPE.ppp:
        return dissectPpp(d, bytes, at);
      case ETHER_TYPE.fabricPath:
        type = ETHER_TYPE.bridged;
        at += 2;
        break;
      case ETHER_TYPE.bridged:
        if (d.end - at < 14) return OUTCOME.cutLinkHeader;
        type = (bytes[at + 12]! << 8) | bytes[at + 13]!;
        at += 14;
        break;
      default:
        return type < 0x0600 ? dissectLlc(d, bytes, at) : OUTCOME.notIp;
    }
  }
}

/** IEEE 802.2 LLC; only SNAP carries IP. */
export function dissectLlc(d: Dissection, bytes: Uint8Array, at: number): Outcome {
  if (d.end - at < 8 || bytes[at] !== 0xaa || bytes[at + 1] !== 0xaa || bytes[at + 2] !== 3) {
    return OUTCOME.notIp;
  }
  d.innerType = (bytes[at + 6]! << 8) | bytes[at + 7]!;
  d.innerAt = at + 8;
  // A length here would lead back to LLC.
  return d.innerType < 0x0600 ? OUTCOME.notIp : OUTCOME.inner;
}

/** PPP: optional address and control, a protocol of one or two bytes (RFC 1661 §2, RFC 1662 §3). */
export function dissectPpp(d: Dissection, bytes: Uint8Array, start: number): Outcome {
  let at = start;
  if (d.end - at < 4) return OUTCOME.cutLinkHeader;
  if (bytes[at] === 0xff && bytes[at + 1] === 0x03) at += 2;
  let protocol = bytes[at++]!;
  if ((protocol & 1) === 0) protocol = (protocol << 8) | bytes[at++]!;
  if (protocol === 0x21) d.innerType = ETHER_TYPE.ipv4;
  else if (protocol === 0x57) d.innerType = ETHER_TYPE.ipv6;
  else if (protocol === 0x281) d.innerType = ETHER_TYPE.mpls;
  else return OUTCOME.notIp;
  d.innerAt = at;
  return OUTCOME.inner;
}

/** A label stack says nothing of its content: an IP version, else Ethernet, with or without a control word (RFC 4385). */
function mpls(d: Dissection, bytes: Uint8Array, start: number): Outcome {
  let at = start;
  let isBottom = false;
  while (!isBottom) {
    if (d.end - at < 5) return OUTCOME.cutLinkHeader;
    isBottom = (bytes[at + 2]! & 1) !== 0;
    at += 4;
  }
  const nibble = bytes[at]! >> 4;
  if (nibble === 4) d.innerType = ETHER_TYPE.ipv4;
  else if (nibble === 6) d.innerType = ETHER_TYPE.ipv6;
  else {
    d.innerType = ETHER_TYPE.bridged;
    if (nibble === 0) at += 4;
  }
  d.innerAt = at;
  return OUTCOME.inner;
}

function dissectIpv4(d: Dissection, bytes: Uint8Array, at: number): Outcome {
  const present = d.end - at;
  if (present < 20) return OUTCOME.cutIpHeader;
  const first = bytes[at]!;
  if (first >> 4 !== 4) return OUTCOME.badIpVersion;
  const headerLength = (first & 15) << 2;
  if (headerLength < 20) return OUTCOME.badIpHeaderLength;
  const total = (bytes[at + 2]! << 8) | bytes[at + 3]!;
  // A total length of 0 is what a network card that segments leaves behind: then the frame's length holds.
  if (total !== 0) {
    if (total < headerLength) return OUTCOME.badIpLength;
    d.claimedEnd = at + total;
    if (d.claimedEnd < d.end) d.end = d.claimedEnd;
  }
  if (headerLength > d.end - at) return OUTCOME.cutIpHeader;
  d.family = 4;
  d.sourceAt = at + 12;
  d.destinationAt = at + 16;
  const protocol = bytes[at + 9]!;
  const fragment = (bytes[at + 6]! << 8) | bytes[at + 7]!;
  if ((fragment & 0x3fff) !== 0) {
    d.protocol = protocol;
    d.fragmentId = (bytes[at + 4]! << 8) | bytes[at + 5]!;
    d.fragmentOffset = (fragment & 0x1fff) << 3;
    d.moreFragments = (fragment & 0x2000) !== 0;
    return fragmentPayload(d, at + headerLength);
  }
  return dissectTransport(d, protocol, bytes, at + headerLength);
}

function fragmentPayload(d: Dissection, start: number): Outcome {
  d.payloadStart = start;
  d.payloadEnd = d.end;
  d.cutBytes = d.claimedEnd - d.end;
  return OUTCOME.fragment;
}

function dissectIpv6(d: Dissection, bytes: Uint8Array, start: number): Outcome {
  if (d.end - start < 40) return OUTCOME.cutIpHeader;
  if (bytes[start]! >> 4 !== 6) return OUTCOME.badIpVersion;
  const length = (bytes[start + 4]! << 8) | bytes[start + 5]!;
  // 0: a jumbogram, or a card that segments.
  if (length !== 0) {
    d.claimedEnd = start + 40 + length;
    if (d.claimedEnd < d.end) d.end = d.claimedEnd;
  }
  d.family = 6;
  d.sourceAt = start + 8;
  d.destinationAt = start + 24;
  let next = bytes[start + 6]!;
  let at = start + 40;
  for (let count = 0; count < EXTENSIONS_MAX; count++) {
    switch (next) {
      case EXTENSION.hopByHop:
      case EXTENSION.routing:
      case EXTENSION.options:
      case 135:
      case 139:
      case 140:
        if (d.end - at < 8) return OUTCOME.cutIpHeader;
        next = bytes[at]!;
        at += (bytes[at + 1]! + 1) << 3;
        break;
      case EXTENSION.authentication:
        if (d.end - at < 8) return OUTCOME.cutIpHeader;
        next = bytes[at]!;
        at += (bytes[at + 1]! + 2) << 2;
        break;
      case EXTENSION.fragment: {
        if (d.end - at < 8) return OUTCOME.cutIpHeader;
        const field = (bytes[at + 2]! << 8) | bytes[at + 3]!;
        next = bytes[at]!;
        at += 8;
        // Offset 0 and nothing more to come is a whole datagram (RFC 6946).
        if ((field & 0xfff9) === 0) break;
        d.protocol = next;
        d.fragmentId =
          (bytes[at - 4]! << 24) | (bytes[at - 3]! << 16) | (bytes[at - 2]! << 8) | bytes[at - 1]!;
        d.fragmentOffset = field & 0xfff8;
        d.moreFragments = (field & 1) !== 0;
        return fragmentPayload(d, at);
      }
      default:
        return dissectTransport(d, next, bytes, at);
    }
  }
  return OUTCOME.tooManyHeaders;
}
