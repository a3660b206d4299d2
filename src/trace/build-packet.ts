import { formatIpv4, formatIpv6, formatMac } from "../rule/value.ts";
import { ARP_OPERATION, emitArp } from "../wire/arp.ts";
import { NO_BYTES } from "../wire/bytes.ts";
import { ETHER_TYPE, emitEthernet, type VlanTag } from "../wire/ethernet.ts";
import { emitIcmp, ICMP_TYPE } from "../wire/icmp.ts";
import {
  emitIcmpv6,
  emitLinkAddressOption,
  ICMPV6_TYPE,
  type Icmpv6,
  LINK_ADDRESS_OPTION,
} from "../wire/icmpv6.ts";
import { IP_PROTOCOL } from "../wire/ip-protocol.ts";
import { emitIpv4 } from "../wire/ipv4.ts";
import { emitIpv6 } from "../wire/ipv6.ts";
import { emitTcp } from "../wire/tcp.ts";
import { emitUdp } from "../wire/udp.ts";
import type { Conversations } from "./conversation.ts";
import type { PacketSpec } from "./packet-text.ts";

/** For experiments: RFC 3692 (IP protocol), IEEE 802 (EtherType). Nobody takes such a packet for something else. */
const EXPERIMENTAL_PROTOCOL = 253n;
const EXPERIMENTAL_TYPE = 0x88b5n;

const WINDOW = 65_535;
const CLIENT_PORT = 49_152n;
/** 10.0.0.0 and fd00::. */
const ADDRESS_4 = 0x0a000000n;
const ADDRESS_6 = 0xfd00n << 112n;
const BROADCAST = 0xffffffffffffn;
/** What a fragment carries where the link takes 1,500 bytes; where the one after the first begins. */
const FRAGMENT_BYTES = 1_480;

/** The value that the text gives, or what takes its place. */
type Get = (name: string, otherwise: bigint) => bigint;

/**
 * The frame that a text describes, checksums included. What the text leaves open:
 * addresses 10.0.0.1 to 10.0.0.2 (fd00::1 to fd00::2), a MAC address made of the IP address (02:00 and its last four
 * bytes), ports 49152 to 80 (UDP: 53), TTL 64, a TCP segment that continues the conversation, an echo request, an ARP
 * question.
 */
export function buildPacket(spec: PacketSpec, conversations: Conversations): Uint8Array {
  if (spec.frame !== null) return spec.frame;
  const get: Get = (name, otherwise) => spec.fields.get(name) ?? otherwise;
  const etherType = Number(get("eth_type", EXPERIMENTAL_TYPE));
  switch (etherType) {
    case ETHER_TYPE.ipv4: {
      const [from, to] = [get("ip_src", ADDRESS_4 | 1n), get("ip_dst", ADDRESS_4 | 2n)];
      const ends = { source: formatIpv4(from), destination: formatIpv4(to) };
      const payload = ipv4({ spec, get, ends, conversations });
      return ethernet(get, etherType, macOf(from), macOf(to), payload);
    }
    case ETHER_TYPE.ipv6: {
      const [from, to] = [get("ipv6_src", ADDRESS_6 | 1n), get("ipv6_dst", ADDRESS_6 | 2n)];
      const ends = { source: formatIpv6(from), destination: formatIpv6(to) };
      const payload = ipv6({ spec, get, ends, conversations });
      return ethernet(get, etherType, macOf(from), macOf(to), payload);
    }
    case ETHER_TYPE.arp:
      return arp(get);
    default: {
      const payload = spec.extras.payload ?? NO_BYTES;
      return ethernet(get, etherType, macOf(ADDRESS_4 | 1n), macOf(ADDRESS_4 | 2n), payload);
    }
  }
}

/** 02:00 (locally administered) and the last four bytes of the address. */
function macOf(address: bigint): bigint {
  return 0x020000000000n | (address & 0xffffffffn);
}

function arp(get: Get): Uint8Array {
  const operation = Number(get("arp_op", BigInt(ARP_OPERATION.request)));
  const asks = operation === ARP_OPERATION.request;
  const [from, to] = [get("arp_spa", ADDRESS_4 | 1n), get("arp_tpa", ADDRESS_4 | 2n)];
  const senderMac = get("arp_sha", get("eth_src", macOf(from)));
  const targetMac = get("arp_tha", asks ? 0n : macOf(to));
  const payload = emitArp({
    operation,
    senderMac: formatMac(senderMac),
    senderAddress: formatIpv4(from),
    targetMac: formatMac(targetMac),
    targetAddress: formatIpv4(to),
  });
  return ethernet(get, ETHER_TYPE.arp, senderMac, asks ? BROADCAST : targetMac, payload);
}

function ethernet(
  get: Get,
  etherType: number,
  source: bigint,
  destination: bigint,
  payload: Uint8Array,
): Uint8Array {
  const tci = Number(get("vlan_tci", 0n));
  const tag: VlanTag = {
    tpid: ETHER_TYPE.vlan,
    priority: tci >>> 13,
    dropEligible: false,
    vlan: tci & 0xfff,
  };
  return emitEthernet({
    source: formatMac(get("eth_src", source)),
    destination: formatMac(get("eth_dst", destination)),
    // The bit of "canonical format" says in rules that there is a tag.
    tags: (tci & 0x1000) === 0 ? [] : [tag],
    etherType,
    payload,
  });
}

/** What the layers above Ethernet are made of. */
interface Inner {
  readonly spec: PacketSpec;
  readonly get: Get;
  readonly ends: { readonly source: string; readonly destination: string };
  readonly conversations: Conversations;
}

function ipv4(inner: Inner): Uint8Array {
  const { spec, get, ends } = inner;
  const protocol = Number(get("nw_proto", EXPERIMENTAL_PROTOCOL));
  const fragment = get("ip_frag", 0n);
  const first = fragment === 1n;
  const later = fragment === 3n;
  const filler = first ? FRAGMENT_BYTES - (HEADER_BYTES.get(protocol) ?? 0) : later ? 8 : 0;
  const payload = spec.extras.payload ?? new Uint8Array(filler);
  return emitIpv4({
    ...ends,
    protocol,
    ttl: Number(get("nw_ttl", 64n)),
    dscp: Number(get("nw_tos", 0n) >> 2n),
    ecn: Number(get("nw_ecn", 0n)),
    dontFragment: !first && !later,
    moreFragments: first,
    fragmentOffset: later ? FRAGMENT_BYTES : 0,
    payload: later ? payload : transport(inner, protocol, payload),
  });
}

function ipv6(inner: Inner): Uint8Array {
  const { get, ends } = inner;
  const protocol = Number(get("nw_proto", EXPERIMENTAL_PROTOCOL));
  return emitIpv6({
    ...ends,
    nextHeader: protocol,
    // Neighbour discovery is believed with 255 only (RFC 4861, 7.1.1).
    hopLimit: Number(get("nw_ttl", protocol === IP_PROTOCOL.icmpv6 ? 255n : 64n)),
    trafficClass: Number(get("nw_tos", 0n) | get("nw_ecn", 0n)),
    flowLabel: Number(get("ipv6_label", 0n)),
    payload: transport(inner, protocol, inner.spec.extras.payload ?? NO_BYTES),
  });
}

/** Of the headers that `transport` writes before the payload. */
const HEADER_BYTES: ReadonlyMap<number, number> = new Map([
  [IP_PROTOCOL.tcp, 20],
  [IP_PROTOCOL.udp, 8],
  [IP_PROTOCOL.icmp, 8],
]);

function transport(inner: Inner, protocol: number, payload: Uint8Array): Uint8Array {
  const { spec, get, ends } = inner;
  switch (protocol) {
    case IP_PROTOCOL.tcp:
      return tcp(inner, payload);
    case IP_PROTOCOL.udp: {
      const sourcePort = Number(get("udp_src", CLIENT_PORT));
      const destinationPort = Number(get("udp_dst", 53n));
      return emitUdp({ sourcePort, destinationPort, payload }, ends.source, ends.destination);
    }
    case IP_PROTOCOL.icmp: {
      const type = Number(get("icmp_type", BigInt(ICMP_TYPE.echoRequest)));
      const code = Number(get("icmp_code", 0n));
      const isEcho = type === ICMP_TYPE.echoRequest || type === ICMP_TYPE.echoReply;
      return isEcho
        ? emitIcmp({ kind: "echo", type, code, ...echoNumbers(spec), payload })
        : emitIcmp({ kind: "other", type, code, rest: 0, payload });
    }
    case IP_PROTOCOL.icmpv6:
      return emitIcmpv6(icmpv6(inner, payload), ends.source, ends.destination);
    default:
      return payload;
  }
}

function tcp({ spec, get, ends, conversations }: Inner, payload: Uint8Array): Uint8Array {
  const { extras } = spec;
  const sourcePort = Number(get("tcp_src", CLIENT_PORT));
  const destinationPort = Number(get("tcp_dst", 80n));
  const given = { flags: extras.tcpFlags, seq: extras.seq };
  const next = conversations.next({ ...ends, sourcePort, destinationPort }, given);
  const segment = {
    sourcePort,
    destinationPort,
    sequence: next.seq,
    acknowledgement: extras.ack ?? next.ack,
    flags: next.flags,
    window: extras.window ?? WINDOW,
    payload,
  };
  return emitTcp(segment, ends.source, ends.destination);
}

function icmpv6({ spec, get }: Inner, payload: Uint8Array): Icmpv6 {
  const type = Number(get("icmpv6_type", BigInt(ICMPV6_TYPE.echoRequest)));
  const code = Number(get("icmpv6_code", 0n));
  switch (type) {
    case ICMPV6_TYPE.echoRequest:
    case ICMPV6_TYPE.echoReply:
      return { kind: "echo", type, code, ...echoNumbers(spec), payload };
    case ICMPV6_TYPE.neighbourSolicitation:
    case ICMPV6_TYPE.neighbourAdvertisement: {
      const target = formatIpv6(get("nd_target", ADDRESS_6 | 2n));
      return { kind: "neighbour", type, code, flags: 0, target, payload: neighbourOptions(get) };
    }
    default:
      return { kind: "other", type, code, rest: 0, payload };
  }
}

function neighbourOptions(get: Get): Uint8Array {
  const [source, target] = [get("nd_sll", 0n), get("nd_tll", 0n)];
  const options: number[] = [];
  if (source !== 0n)
    options.push(...emitLinkAddressOption(LINK_ADDRESS_OPTION.source, formatMac(source)));
  if (target !== 0n)
    options.push(...emitLinkAddressOption(LINK_ADDRESS_OPTION.target, formatMac(target)));
  return Uint8Array.from(options);
}

function echoNumbers({ extras }: PacketSpec): { identifier: number; sequence: number } {
  return { identifier: extras.icmpId ?? 1, sequence: extras.icmpSeq ?? 1 };
}
