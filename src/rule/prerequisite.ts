import type { Field, Prerequisite } from "./field.ts";
import {
  CT_STATE_BITS,
  ETH_TYPE,
  exactValue,
  findFieldMatch,
  IP_PROTO,
  type Match,
} from "./match.ts";

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
  nd: "icmp6 with icmp_type 135 or 136, and no icmp_code but 0",
  nd_solicit: "icmp6 with icmp_type 135, and no icmp_code but 0",
  nd_advert: "icmp6 with icmp_type 136, and no icmp_code but 0",
  ct: "a ct_state that means a valid connection (+trk-inv, or one of +new, +est, +rel, +rpl, +snat, +dnat)",
  ct_ipv4: "ip, and a ct_state that means a valid connection (such as +trk-inv)",
  ct_ipv6: "ipv6, and a ct_state that means a valid connection (such as +trk-inv)",
  ct_ports: "ct_nw_proto, and a ct_state that means a valid connection (such as +trk-inv)",
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
      return proto === IP_PROTO.tcp && !isLater(match);
    case "udp":
      return proto === IP_PROTO.udp && !isLater(match);
    case "sctp":
      return proto === IP_PROTO.sctp && !isLater(match);
    case "icmp":
      return v4 && proto === IP_PROTO.icmp;
    case "icmp6":
      return v6 && proto === IP_PROTO.icmp6;
    case "nd":
      return isNd(match, proto, [135, 136]);
    case "nd_solicit":
      return isNd(match, proto, [135]);
    case "nd_advert":
      return isNd(match, proto, [136]);
    case "ct":
      return isTracked(match);
    case "ct_ipv4":
      return v4 && isTracked(match);
    case "ct_ipv6":
      return v6 && isTracked(match);
    case "ct_ports":
      return isTracked(match) && exactValue(match, "ct_nw_proto") !== null;
  }
}

/** Whether the match is for fragments without a transport header. */
function isLater(match: Match): boolean {
  return ((findFieldMatch(match, "ip_frag")?.value ?? 0n) & 2n) !== 0n;
}

function isNd(match: Match, proto: number | null, types: readonly number[]): boolean {
  if (exactValue(match, "eth_type") !== ETH_TYPE.ipv6 || proto !== IP_PROTO.icmp6) return false;
  const type = exactValue(match, "icmpv6_type");
  const code = findFieldMatch(match, "icmpv6_code");
  return type !== null && types.includes(type) && (code === undefined || code.value === 0n);
}

/** The bits that only a packet with a connection has. */
const CONNECTED = CT_STATE_BITS.reduce(
  (sum, [name, bit]) => (name === "inv" || name === "trk" ? sum : sum | BigInt(bit)),
  0n,
);

function isTracked(match: Match): boolean {
  const state = findFieldMatch(match, "ct_state");
  if (state === undefined) return false;
  const { value, mask } = state;
  const [inv, trk] = [0x10n, 0x20n];
  return (value & CONNECTED) !== 0n || ((value & trk) !== 0n && (mask & ~value & inv) !== 0n);
}

/** Whether the match is for packets that conntrack can look at. */
export function isIp(match: Match): boolean {
  return meets(match, "ip");
}
