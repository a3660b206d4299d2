import { type Field, fieldNamed } from "./field.ts";
import type { PortRef } from "./port.ts";

/** One condition: `(packet's field & mask) == value`. Bits of `value` outside `mask` are zero. */
export interface FieldMatch {
  readonly field: Field;
  readonly value: bigint;
  /** All ones: exact. Never zero: then there is no condition. */
  readonly mask: bigint;
}

/** What a packet must look like. No condition at all: every packet. */
export interface Match {
  /** `null`: any port. */
  readonly inPort: PortRef | null;
  /** In the order of `FIELDS`, each field at most once. */
  readonly fields: readonly FieldMatch[];
}

export const ETH_TYPE = {
  ipv4: 0x0800,
  arp: 0x0806,
  rarp: 0x8035,
  ipv6: 0x86dd,
  vlan: 0x8100,
  qinq: 0x88a8,
  mpls: 0x8847,
  mplsMulticast: 0x8848,
} as const;
export const IP_PROTO = { icmp: 1, igmp: 2, tcp: 6, udp: 17, icmp6: 58, sctp: 132 } as const;

/** Shorthands for protocols (ovs-ofctl(8)): Ethernet type and, where there is one, IP protocol. */
export const SHORTHANDS: ReadonlyMap<string, readonly [ethType: number, ipProto: number | null]> =
  new Map([
    ["ip", [ETH_TYPE.ipv4, null]],
    ["ipv4", [ETH_TYPE.ipv4, null]],
    ["icmp", [ETH_TYPE.ipv4, IP_PROTO.icmp]],
    ["icmp4", [ETH_TYPE.ipv4, IP_PROTO.icmp]],
    ["tcp", [ETH_TYPE.ipv4, IP_PROTO.tcp]],
    ["tcp4", [ETH_TYPE.ipv4, IP_PROTO.tcp]],
    ["udp", [ETH_TYPE.ipv4, IP_PROTO.udp]],
    ["udp4", [ETH_TYPE.ipv4, IP_PROTO.udp]],
    ["sctp", [ETH_TYPE.ipv4, IP_PROTO.sctp]],
    ["sctp4", [ETH_TYPE.ipv4, IP_PROTO.sctp]],
    ["arp", [ETH_TYPE.arp, null]],
    ["rarp", [ETH_TYPE.rarp, null]],
    ["ipv6", [ETH_TYPE.ipv6, null]],
    ["ip6", [ETH_TYPE.ipv6, null]],
    ["tcp6", [ETH_TYPE.ipv6, IP_PROTO.tcp]],
    ["udp6", [ETH_TYPE.ipv6, IP_PROTO.udp]],
    ["sctp6", [ETH_TYPE.ipv6, IP_PROTO.sctp]],
    ["icmp6", [ETH_TYPE.ipv6, IP_PROTO.icmp6]],
    ["icmpv6", [ETH_TYPE.ipv6, IP_PROTO.icmp6]],
    ["mpls", [ETH_TYPE.mpls, null]],
    ["mplsm", [ETH_TYPE.mplsMulticast, null]],
  ]);

export function findFieldMatch(match: Match, name: string): FieldMatch | undefined {
  const wanted = fieldNamed(name);
  return match.fields.find((m) => m.field === wanted);
}

/** The value of a field that the match fixes exactly, or `null`. */
export function exactValue(match: Match, name: string): number | null {
  const found = findFieldMatch(match, name);
  if (found === undefined) return null;
  return found.mask === (1n << BigInt(found.field.bits)) - 1n ? Number(found.value) : null;
}

export const CT_STATE_BITS = [
  ["new", 0x01],
  ["est", 0x02],
  ["rel", 0x04],
  ["rpl", 0x08],
  ["inv", 0x10],
  ["trk", 0x20],
  ["snat", 0x40],
  ["dnat", 0x80],
] as const;

export const TCP_FLAG_BITS = [
  ["fin", 0x001],
  ["syn", 0x002],
  ["rst", 0x004],
  ["psh", 0x008],
  ["ack", 0x010],
  ["urg", 0x020],
  ["ece", 0x040],
  ["cwr", 0x080],
  ["ns", 0x100],
] as const;

/** `ip_frag`: bit 0, a fragment of any kind; bit 1, not the first one. */
export const FRAG_WORDS = [
  ["no", 0n, 3n],
  ["yes", 1n, 1n],
  ["first", 1n, 3n],
  ["later", 3n, 3n],
  ["not_later", 0n, 2n],
] as const;
