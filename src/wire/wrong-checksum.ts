import { u16 } from "./bytes.ts";
import { checksumOf, internetChecksum, sumBytes } from "./checksum.ts";
import { IP_PROTOCOL } from "./ip-protocol.ts";
import { verifyIpv4 } from "./ipv4.ts";
import type { ParsedFrame } from "./parse-frame.ts";
import { pseudoHeaderSumAt } from "./pseudo-header.ts";
import { udpEnd } from "./udp.ts";

export type ChecksummedLayer = "ipv4" | "tcp" | "udp" | "icmp" | "icmpv6";

/**
 * The outermost layer of a parsed frame whose checksum is wrong, `undefined` where all are right. The transport's
 * checksum of a fragment covers bytes that are not in the frame: it is not looked at.
 */
export function wrongChecksum(bytes: Uint8Array, frame: ParsedFrame): ChecksummedLayer | undefined {
  const { ipv4, networkAt, transportAt, packetEnd } = frame;
  if (ipv4 !== undefined && !verifyIpv4(bytes, networkAt)) return "ipv4";
  if (transportAt < 0 || ipv4?.moreFragments === true || frame.ipv6Fragment?.more === true) {
    return undefined;
  }
  if (frame.icmp !== undefined) {
    return internetChecksum(bytes, transportAt, packetEnd) === 0 ? undefined : "icmp";
  }
  if (frame.tcp !== undefined) {
    return transportIsRight(bytes, frame, IP_PROTOCOL.tcp, packetEnd) ? undefined : "tcp";
  }
  if (frame.icmpv6 !== undefined) {
    return transportIsRight(bytes, frame, IP_PROTOCOL.icmpv6, packetEnd) ? undefined : "icmpv6";
  }
  if (frame.udp !== undefined) {
    // RFC 768: zero says that the sender made none; RFC 8200 §8.1 forbids that over IPv6.
    if (u16(bytes, transportAt + 6) === 0) return ipv4 === undefined ? "udp" : undefined;
    const end = udpEnd(bytes, transportAt, packetEnd);
    return transportIsRight(bytes, frame, IP_PROTOCOL.udp, end) ? undefined : "udp";
  }
  return undefined;
}

function transportIsRight(
  bytes: Uint8Array,
  frame: ParsedFrame,
  protocol: number,
  end: number,
): boolean {
  const { networkAt, transportAt } = frame;
  const addressesAt = networkAt + (frame.ipv4 === undefined ? 8 : 12);
  const addressesEnd = addressesAt + (frame.ipv4 === undefined ? 32 : 8);
  const length = end - transportAt;
  const pseudo = pseudoHeaderSumAt(bytes, addressesAt, addressesEnd, protocol, length);
  return checksumOf(pseudo + sumBytes(bytes, transportAt, end)) === 0;
}
