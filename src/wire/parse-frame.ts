import { type Arp, parseArp } from "./arp.ts";
import { NO_BYTES } from "./bytes.ts";
import {
  ETHER_TYPE,
  type EthernetHeader,
  ethernetHeaderBytes,
  readEthernetHeader,
} from "./ethernet.ts";
import { type Icmp, parseIcmp } from "./icmp.ts";
import { type Icmpv6, parseIcmpv6 } from "./icmpv6.ts";
import { IP_PROTOCOL } from "./ip-protocol.ts";
import { cutIpv4, type Ipv4Header, ipv4HeaderBytes, readIpv4Header } from "./ipv4.ts";
import { cutIpv6, IPV6_HEADER_BYTES, type Ipv6Header, readIpv6Header } from "./ipv6.ts";
import { type Ipv6Fragment, skipIpv6Extensions } from "./ipv6-extension.ts";
import { isMalformed, type Malformed } from "./malformed.ts";
import { readTcpHeader, type TcpHeader, tcpHeaderBytes } from "./tcp.ts";
import { readUdpHeader, UDP_HEADER_BYTES, type UdpHeader, udpEnd } from "./udp.ts";

/** A frame's layers as values. What is not there is `undefined`. */
export interface ParsedFrame {
  readonly ethernet: EthernetHeader;
  readonly arp: Arp | undefined;
  readonly ipv4: Ipv4Header | undefined;
  readonly ipv6: Ipv6Header | undefined;
  /** Set where an IPv6 packet carries a fragment header. */
  readonly ipv6Fragment: Ipv6Fragment | undefined;
  /** The transport protocol: of IPv4's header, or behind IPv6's extension headers. */
  readonly protocol: number | undefined;
  readonly tcp: TcpHeader | undefined;
  readonly udp: UdpHeader | undefined;
  readonly icmp: Icmp | undefined;
  readonly icmpv6: Icmpv6 | undefined;
  /** What the innermost header carries, without Ethernet padding: a view on the frame's bytes. */
  readonly payload: Uint8Array;
  /** Where the network header and the transport header begin, and the IP packet ends; -1 where there is none. */
  readonly networkAt: number;
  readonly transportAt: number;
  readonly packetEnd: number;
  /** Which layer is malformed, and how; the layers within it are `undefined`. */
  readonly broken: string | undefined;
}

type Layers = { -readonly [K in keyof ParsedFrame]: ParsedFrame[K] };

/**
 * Reads a frame. Malformed only where not even the Ethernet header is whole; an inner layer that is not what it should
 * be is told by `broken`. Checksums are not looked at: see `wrongChecksum`. Of a fragment but the first no transport
 * header is read; of the first the header is read, its payload is what the fragment has.
 */
export function parseFrame(bytes: Uint8Array): ParsedFrame | Malformed {
  const ethernet = readEthernetHeader(bytes);
  if (isMalformed(ethernet)) return ethernet;
  const at = ethernetHeaderBytes(ethernet);
  const layers: Layers = {
    ethernet,
    arp: undefined,
    ipv4: undefined,
    ipv6: undefined,
    ipv6Fragment: undefined,
    protocol: undefined,
    tcp: undefined,
    udp: undefined,
    icmp: undefined,
    icmpv6: undefined,
    payload: NO_BYTES,
    networkAt: -1,
    transportAt: -1,
    packetEnd: -1,
    broken: undefined,
  };
  switch (ethernet.etherType) {
    case ETHER_TYPE.ipv4:
      parseNetwork4(layers, bytes, at);
      break;
    case ETHER_TYPE.ipv6:
      parseNetwork6(layers, bytes, at);
      break;
    case ETHER_TYPE.arp: {
      const arp = parseArp(bytes, at);
      layers.networkAt = at;
      if (!breaksOff(layers, arp, bytes, at, bytes.length)) layers.arp = arp;
      break;
    }
    default:
      layers.payload = bytes.subarray(at);
  }
  return layers;
}

/** Notes what is malformed; its bytes become the payload. */
function breaksOff(
  layers: Layers,
  layer: object,
  bytes: Uint8Array,
  at: number,
  end: number,
): layer is Malformed {
  if (!isMalformed(layer)) return false;
  layers.broken = layer.malformed;
  layers.payload = bytes.subarray(at, end);
  return true;
}

function parseNetwork4(layers: Layers, bytes: Uint8Array, at: number): void {
  layers.networkAt = at;
  const header = readIpv4Header(bytes, at);
  if (breaksOff(layers, header, bytes, at, bytes.length)) return;
  layers.ipv4 = header;
  layers.protocol = header.protocol;
  const transportAt = at + ipv4HeaderBytes(header);
  const end = at + header.totalLength;
  if (end > bytes.length) {
    breaksOff(layers, cutIpv4(header, bytes.length - at), bytes, transportAt, bytes.length);
    return;
  }
  layers.packetEnd = end;
  if (header.fragmentOffset > 0) layers.payload = bytes.subarray(transportAt, end);
  else parseTransport(layers, bytes, transportAt, end, header.protocol, header.moreFragments);
}

function parseNetwork6(layers: Layers, bytes: Uint8Array, at: number): void {
  layers.networkAt = at;
  const header = readIpv6Header(bytes, at);
  if (breaksOff(layers, header, bytes, at, bytes.length)) return;
  layers.ipv6 = header;
  const contentAt = at + IPV6_HEADER_BYTES;
  const end = contentAt + header.payloadLength;
  if (end > bytes.length) {
    breaksOff(layers, cutIpv6(header, bytes.length - contentAt), bytes, contentAt, bytes.length);
    return;
  }
  layers.packetEnd = end;
  const transport = skipIpv6Extensions(bytes, contentAt, end, header.nextHeader);
  if (breaksOff(layers, transport, bytes, contentAt, end)) return;
  layers.protocol = transport.protocol;
  layers.ipv6Fragment = transport.fragment;
  const fragment = transport.fragment;
  if (fragment !== undefined && fragment.offset > 0) {
    layers.payload = bytes.subarray(transport.at, end);
    return;
  }
  const more = fragment?.more === true;
  parseTransport(layers, bytes, transport.at, end, transport.protocol, more);
}

function parseTransport(
  layers: Layers,
  bytes: Uint8Array,
  at: number,
  end: number,
  protocol: number,
  firstFragment: boolean,
): void {
  layers.transportAt = at;
  switch (protocol) {
    case IP_PROTOCOL.tcp: {
      const tcp = readTcpHeader(bytes, at, end);
      if (breaksOff(layers, tcp, bytes, at, end)) return;
      layers.tcp = tcp;
      const payloadAt = at + tcpHeaderBytes(tcp);
      if (payloadAt < end) layers.payload = bytes.subarray(payloadAt, end);
      return;
    }
    case IP_PROTOCOL.udp: {
      const udp = readUdpHeader(bytes, at, end, firstFragment);
      if (breaksOff(layers, udp, bytes, at, end)) return;
      layers.udp = udp;
      layers.payload = bytes.subarray(at + UDP_HEADER_BYTES, udpEnd(bytes, at, end));
      return;
    }
    case IP_PROTOCOL.icmp: {
      const icmp = parseIcmp(bytes.subarray(at, end));
      if (breaksOff(layers, icmp, bytes, at, end)) return;
      layers.icmp = icmp;
      layers.payload = icmp.payload;
      return;
    }
    case IP_PROTOCOL.icmpv6: {
      const icmpv6 = parseIcmpv6(bytes.subarray(at, end));
      if (breaksOff(layers, icmpv6, bytes, at, end)) return;
      layers.icmpv6 = icmpv6;
      layers.payload = icmpv6.payload;
      return;
    }
    default:
      layers.payload = bytes.subarray(at, end);
  }
}
