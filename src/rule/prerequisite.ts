import type { Field, Prerequisite } from "./field.ts";
import { ETH_TYPE, exactValue, findFieldMatch, IP_PROTO, type Match } from "./match.ts";

const WORDS: Record<Prerequisite, string> = {
  none: "nothing",
  vlan: "a VLAN tag (dl_vlan or vlan_tci)",
  arp: "arp",
  ipv4: "ip",
  ipv6: "ipv6",
  ip: "ip or ipv6",
  tcp: "tcp or tcp6",
  udp: "udp or udp6",
  sctp: "sctp or sctp6",
  icmp: "icmp",
  icmp6: "icmp6",
  nd: "icmp6 with icmp_type 135 or 136",
};

/** What the match must say before it may use the field, in words. */
export function prerequisiteWords(field: Field): string {
  return WORDS[field.prerequisite];
}

/** Whether every packet of `match` has `field` (ovs-fields(7), "Prerequisites"). */
export function meets(match: Match, prerequisite: Prerequisite): boolean {
  const ethType = exactValue(match, "eth_type");
  const v4 = ethType === ETH_TYPE.ipv4;
  const v6 = ethType === ETH_TYPE.ipv6;
  const proto = v4 || v6 ? exactValue(match, "nw_proto") : null;
  switch (prerequisite) {
    case "none":
      return true;
    case "vlan": {
      const tci = findFieldMatch(match, "vlan_tci");
      return tci !== undefined && (tci.value & 0x1000n) !== 0n;
    }
    case "arp":
      return ethType === ETH_TYPE.arp || ethType === ETH_TYPE.rarp;
    case "ipv4":
      return v4;
    case "ipv6":
      return v6;
    case "ip":
      return v4 || v6;
    case "tcp":
      return proto === IP_PROTO.tcp;
    case "udp":
      return proto === IP_PROTO.udp;
    case "sctp":
      return proto === IP_PROTO.sctp;
    case "icmp":
      return v4 && proto === IP_PROTO.icmp;
    case "icmp6":
      return v6 && proto === IP_PROTO.icmp6;
    case "nd": {
      const type = exactValue(match, "icmpv6_type");
      return v6 && proto === IP_PROTO.icmp6 && (type === 135 || type === 136);
    }
  }
}
