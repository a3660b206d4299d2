import { type Dissection, OUTCOME, type Outcome } from "./dissection.ts";

const PROTOCOL = {
  ipip: 4,
  tcp: 6,
  udp: 17,
  ipv6: 41,
  gre: 47,
  authentication: 51,
  etherip: 97,
  mpls: 137,
} as const;

/** UDP ports of tunnels: VXLAN (RFC 7348, and Linux' older default), Geneve (RFC 8926), GTP-U (3GPP TS 29.281). */
const TUNNEL_PORT = { vxlan: 4789, vxlanOld: 8472, geneve: 6081, gtp: 2152 } as const;

const IPV4 = 0x0800;
const IPV6 = 0x86dd;
const BRIDGED = 0x6558;
const MPLS = 0x8847;

/**
 * What an IP protocol number announces, from bytes[at] on; present bytes end at `d.end`, those on the wire at
 * `d.claimedEnd`. Also the way in for a reassembled datagram, after `d.begin` and the addresses are set.
 */
export function dissectTransport(
  d: Dissection,
  protocol: number,
  bytes: Uint8Array,
  at: number,
): Outcome {
  d.protocol = protocol;
  switch (protocol) {
    case PROTOCOL.tcp:
      return tcp(d, bytes, at);
    case PROTOCOL.udp:
      return udp(d, bytes, at);
    case PROTOCOL.ipip:
      return inner(d, IPV4, at);
    case PROTOCOL.ipv6:
      return inner(d, IPV6, at);
    case PROTOCOL.gre:
      return gre(d, bytes, at);
    case PROTOCOL.authentication:
      if (d.end - at < 12) return OUTCOME.cutTransportHeader;
      // A second AH in the same datagram is not expected and would only serve to keep us busy.
      return bytes[at] === PROTOCOL.authentication
        ? OUTCOME.otherIp
        : dissectTransport(d, bytes[at]!, bytes, at + ((bytes[at + 1]! + 2) << 2));
    case PROTOCOL.etherip:
      return inner(d, BRIDGED, at + 2);
    case PROTOCOL.mpls:
      return inner(d, MPLS, at);
    default:
      return OUTCOME.otherIp;
  }
}

function inner(d: Dissection, etherType: number, at: number): Outcome {
  d.innerType = etherType;
  d.innerAt = at;
  return OUTCOME.inner;
}

function tcp(d: Dissection, bytes: Uint8Array, at: number): Outcome {
  // Ports to flags: with these the segment can be placed, even if its options are cut away.
  if (d.end - at < 14) return OUTCOME.cutTransportHeader;
  const headerLength = (bytes[at + 12]! >> 4) << 2;
  const payloadStart = at + headerLength;
  if (headerLength < 20 || payloadStart > d.claimedEnd) return OUTCOME.badTcpHeaderLength;
  d.sourcePort = (bytes[at]! << 8) | bytes[at + 1]!;
  d.destinationPort = (bytes[at + 2]! << 8) | bytes[at + 3]!;
  d.sequence =
    (bytes[at + 4]! << 24) | (bytes[at + 5]! << 16) | (bytes[at + 6]! << 8) | bytes[at + 7]!;
  d.acknowledgement =
    (bytes[at + 8]! << 24) | (bytes[at + 9]! << 16) | (bytes[at + 10]! << 8) | bytes[at + 11]!;
  d.flags = bytes[at + 13]! & 0x3f;
  d.payloadStart = payloadStart;
  const presentEnd = Math.max(d.end, payloadStart);
  d.payloadEnd = presentEnd;
  d.cutBytes = d.claimedEnd - presentEnd;
  return OUTCOME.tcp;
}

function udp(d: Dissection, bytes: Uint8Array, at: number): Outcome {
  if (d.end - at < 8) return OUTCOME.cutTransportHeader;
  d.sourcePort = (bytes[at]! << 8) | bytes[at + 1]!;
  d.destinationPort = (bytes[at + 2]! << 8) | bytes[at + 3]!;
  d.payloadStart = at + 8;
  d.payloadEnd = d.end;
  d.cutBytes = Math.max(0, d.claimedEnd - d.end);
  switch (d.destinationPort) {
    case TUNNEL_PORT.vxlan:
    case TUNNEL_PORT.vxlanOld:
      return vxlan(d, bytes, at + 8);
    case TUNNEL_PORT.geneve:
      return geneve(d, bytes, at + 8);
    case TUNNEL_PORT.gtp:
      return gtp(d, bytes, at + 8);
    default:
      return OUTCOME.udp;
  }
}

/** RFC 7348 §5. What does not look like it stays UDP. */
function vxlan(d: Dissection, bytes: Uint8Array, at: number): Outcome {
  if (d.end - at < 22 || (bytes[at]! & 0x08) === 0 || bytes[at + 7] !== 0) return OUTCOME.udp;
  d.addNetwork((bytes[at + 4]! << 16) | (bytes[at + 5]! << 8) | bytes[at + 6]!);
  return inner(d, BRIDGED, at + 8);
}

/** RFC 8926 §3.4. */
function geneve(d: Dissection, bytes: Uint8Array, at: number): Outcome {
  if (d.end - at < 8 || bytes[at]! >> 6 !== 0) return OUTCOME.udp;
  const length = 8 + ((bytes[at]! & 0x3f) << 2);
  if (d.end - at < length) return OUTCOME.cutTransportHeader;
  d.addNetwork((bytes[at + 4]! << 16) | (bytes[at + 5]! << 8) | bytes[at + 6]!);
  return inner(d, (bytes[at + 2]! << 8) | bytes[at + 3]!, at + length);
}

/** GTP version 1, message type 255 (a user's packet), 3GPP TS 29.281 §5. */
function gtp(d: Dissection, bytes: Uint8Array, start: number): Outcome {
  if (d.end - start < 12 || bytes[start]! >> 4 !== 3 || bytes[start + 1] !== 255)
    return OUTCOME.udp;
  let at = start + 8;
  if ((bytes[start]! & 0x07) !== 0) {
    let next = (bytes[start]! & 0x04) !== 0 ? bytes[start + 11]! : 0;
    at += 4;
    while (next !== 0) {
      if (at >= d.end) return OUTCOME.cutTransportHeader;
      const length = bytes[at]! << 2;
      if (length === 0 || at + length > d.end) return OUTCOME.cutTransportHeader;
      next = bytes[at + length - 1]!;
      at += length;
    }
  }
  if (at >= d.end) return OUTCOME.cutTransportHeader;
  return inner(d, bytes[at]! >> 4 === 6 ? IPV6 : IPV4, at);
}

/** RFC 2784 and 2890 (version 0), RFC 2637 (version 1, PPP). */
function gre(d: Dissection, bytes: Uint8Array, start: number): Outcome {
  if (d.end - start < 4) return OUTCOME.cutTransportHeader;
  const flags = bytes[start]!;
  const version = bytes[start + 1]! & 7;
  const type = (bytes[start + 2]! << 8) | bytes[start + 3]!;
  let at = start + 4;
  if (version === 0) {
    // Checksum (or routing), key, sequence number: four bytes each.
    if ((flags & 0xc0) !== 0) at += 4;
    if ((flags & 0x20) !== 0) at += 4;
    if ((flags & 0x10) !== 0) at += 4;
    // ERSPAN II is a mirrored Ethernet frame behind eight bytes; without a sequence number (type I) behind none.
    if (type === 0x88be) return inner(d, BRIDGED, (flags & 0x10) !== 0 ? at + 8 : at);
    if (type === 0x22eb) return inner(d, BRIDGED, at + 12);
    return inner(d, type, at);
  }
  if (version === 1) {
    at += 4;
    if ((flags & 0x10) !== 0) at += 4;
    if ((bytes[start + 1]! & 0x80) !== 0) at += 4;
    return inner(d, 0x880b, at);
  }
  return OUTCOME.otherIp;
}
