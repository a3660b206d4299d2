import { ARP_BYTES, type Arp, writeArp } from "./arp.ts";
import { ETHER_TYPE, writeEthernetHeader } from "./ethernet.ts";
import { allocateFrame } from "./frame-memory.ts";
import { ICMP_HEADER_BYTES, type Icmp, writeIcmp } from "./icmp.ts";
import { type Icmpv6, icmpv6Bytes, writeIcmpv6 } from "./icmpv6.ts";
import { IP_PROTOCOL } from "./ip-protocol.ts";
import { IPV4_HEADER_BYTES_MIN, writeIpv4Header } from "./ipv4.ts";
import { IPV6_HEADER_BYTES, writeIpv6Header } from "./ipv6.ts";
import { pseudoHeaderSumAt } from "./pseudo-header.ts";
import { fillTcpChecksum, type TcpFields, tcpHeaderBytes, writeTcpHeader } from "./tcp.ts";
import { fillUdpChecksum, UDP_HEADER_BYTES, type UdpHeader, writeUdpHeader } from "./udp.ts";

export { type ParsedFrame, parseFrame } from "./parse-frame.ts";
export { wrongChecksum } from "./wrong-checksum.ts";

/*
 * Whole frames, written in one piece: headers, payload and checksums go straight into the frame's memory.
 */

/** Where a frame goes, on the link and on the network. Two IPv6 addresses give an IPv6 packet. */
export interface Route {
  readonly destinationMac: string;
  readonly sourceMac: string;
  /** VLAN identifier of one 802.1Q tag; for more tags see `emitEthernet`. */
  readonly vlan?: number;
  readonly source: string;
  readonly destination: string;
  /** TTL or hop limit; 64. */
  readonly ttl?: number;
  /** IPv4 only; 0. */
  readonly identification?: number;
  /** IPv4 only; true. */
  readonly dontFragment?: boolean;
}

export interface TcpFrame extends Route {
  readonly tcp: TcpFields;
  readonly payload: Uint8Array;
}

export interface UdpFrame extends Route {
  readonly udp: UdpHeader;
  readonly payload: Uint8Array;
}

export interface IcmpFrame extends Route {
  readonly icmp: Icmp;
}

export interface Icmpv6Frame extends Route {
  readonly icmpv6: Icmpv6;
}

export interface ArpFrame {
  readonly destinationMac: string;
  readonly sourceMac: string;
  readonly vlan?: number;
  readonly arp: Arp;
}

/** Throws RangeError for a text that is no address, and for a packet of more than 65535 bytes. */
export function emitTcpFrame(frame: TcpFrame): Uint8Array {
  const { tcp, payload } = frame;
  const length = tcpHeaderBytes(tcp) + payload.length;
  const bytes = allocateFor(frame, length);
  const at = bytes.length - length;
  writeNetwork(bytes, frame, IP_PROTOCOL.tcp, length);
  const payloadAt = at + writeTcpHeader(bytes, at, tcp);
  if (payload.length > 0) bytes.set(payload, payloadAt);
  fillTcpChecksum(bytes, at, bytes.length, pseudoSum(bytes, at, frame, IP_PROTOCOL.tcp));
  return bytes;
}

/** Throws as emitTcpFrame. */
export function emitUdpFrame(frame: UdpFrame): Uint8Array {
  const { udp, payload } = frame;
  const length = UDP_HEADER_BYTES + payload.length;
  const bytes = allocateFor(frame, length);
  const at = bytes.length - length;
  writeNetwork(bytes, frame, IP_PROTOCOL.udp, length);
  bytes.set(payload, at + writeUdpHeader(bytes, at, udp, payload.length));
  fillUdpChecksum(bytes, at, bytes.length, pseudoSum(bytes, at, frame, IP_PROTOCOL.udp));
  return bytes;
}

/** Throws as emitTcpFrame. */
export function emitIcmpFrame(frame: IcmpFrame): Uint8Array {
  const length = ICMP_HEADER_BYTES + frame.icmp.payload.length;
  const bytes = allocateFor(frame, length);
  writeNetwork(bytes, frame, IP_PROTOCOL.icmp, length);
  writeIcmp(bytes, bytes.length - length, frame.icmp);
  return bytes;
}

/** Throws as emitTcpFrame. */
export function emitIcmpv6Frame(frame: Icmpv6Frame): Uint8Array {
  const length = icmpv6Bytes(frame.icmpv6);
  const bytes = allocateFor(frame, length);
  const at = bytes.length - length;
  writeNetwork(bytes, frame, IP_PROTOCOL.icmpv6, length);
  writeIcmpv6(bytes, at, frame.icmpv6, pseudoSum(bytes, at, frame, IP_PROTOCOL.icmpv6));
  return bytes;
}

/** Throws RangeError for a text that is no address. */
export function emitArpFrame(frame: ArpFrame): Uint8Array {
  const bytes = allocateFrame(linkBytes(frame.vlan) + ARP_BYTES);
  const { destinationMac, sourceMac, vlan } = frame;
  const at = writeEthernetHeader(bytes, destinationMac, sourceMac, vlan, ETHER_TYPE.arp);
  writeArp(bytes, at, frame.arp);
  return bytes;
}

function isIpv6(route: Route): boolean {
  return route.source.includes(":");
}

function linkBytes(vlan: number | undefined): number {
  return vlan === undefined ? 14 : 18;
}

function allocateFor(route: Route, transportLength: number): Uint8Array {
  const network = isIpv6(route) ? IPV6_HEADER_BYTES : IPV4_HEADER_BYTES_MIN;
  return allocateFrame(linkBytes(route.vlan) + network + transportLength);
}

/** Link and network header. */
function writeNetwork(bytes: Uint8Array, route: Route, protocol: number, length: number): void {
  const { destinationMac, sourceMac, vlan } = route;
  if (isIpv6(route)) {
    const at = writeEthernetHeader(bytes, destinationMac, sourceMac, vlan, ETHER_TYPE.ipv6);
    const { source, destination, ttl } = route;
    const hopLimit = ttl === undefined ? {} : { hopLimit: ttl };
    writeIpv6Header(bytes, at, { source, destination, nextHeader: protocol, ...hopLimit }, length);
    return;
  }
  const at = writeEthernetHeader(bytes, destinationMac, sourceMac, vlan, ETHER_TYPE.ipv4);
  writeIpv4Header(bytes, at, route, protocol, length);
}

/** The transport header stands at `at`: the addresses are the last bytes of the network header before it. */
function pseudoSum(bytes: Uint8Array, at: number, route: Route, protocol: number): number {
  const addressesAt = at - (isIpv6(route) ? 32 : 8);
  return pseudoHeaderSumAt(bytes, addressesAt, at, protocol, bytes.length - at);
}
