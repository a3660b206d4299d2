/**
 * The fields that a rule can match or change, under the names that `ovs-ofctl` knows (ovs-fields(7)).
 * Where the names differ in OpenFlow versions (`dl_src`, `eth_src`, `NXM_OF_ETH_SRC`) they are aliases of one field.
 */

/** How a value is written. */
export type FieldFormat =
  | "decimal"
  | "hex"
  | "mac"
  | "ipv4"
  | "ipv6"
  | "port"
  | "ct_state"
  | "tcp_flags"
  | "frag";

/** What a packet must be for the field to exist. */
export type Prerequisite =
  | "none"
  | "vlan"
  | "arp"
  | "ipv4"
  | "ipv6"
  | "ip"
  | "tcp"
  | "udp"
  | "sctp"
  | "icmp"
  | "icmp6"
  | "nd"
  | "nd_solicit"
  | "nd_advert"
  /** The original direction of a connection. */
  | "ct"
  | "ct_ipv4"
  | "ct_ipv6"
  | "ct_ports";

export interface Field {
  /** The name that `format` writes for the target of `set_field`. */
  readonly name: string;
  readonly bits: number;
  readonly format: FieldFormat;
  readonly maskable: boolean;
  readonly writable: boolean;
  readonly prerequisite: Prerequisite;
  /** The name that `format` writes for subfields (`move`, `load`). */
  readonly nxm: string;
  readonly aliases: readonly string[];
}

type Flags = "" | "m" | "w" | "mw";

function field(
  name: string,
  bits: number,
  format: FieldFormat,
  flags: Flags,
  prerequisite: Prerequisite,
  nxm: string,
  ...aliases: string[]
): Field {
  return {
    name,
    bits,
    format,
    maskable: flags.includes("m"),
    writable: flags.includes("w"),
    prerequisite,
    nxm,
    aliases,
  };
}

const REGISTERS: Field[] = [
  ...Array.from({ length: 16 }, (_, i) =>
    field(`reg${i}`, 32, "hex", "mw", "none", `NXM_NX_REG${i}`, `OXM_OF_REG${i}`),
  ),
  ...Array.from({ length: 8 }, (_, i) =>
    field(`xreg${i}`, 64, "hex", "mw", "none", `OXM_OF_PKT_REG${i}`, `NXM_NX_XREG${i}`),
  ),
  ...Array.from({ length: 4 }, (_, i) =>
    field(`xxreg${i}`, 128, "hex", "mw", "none", `NXM_NX_XXREG${i}`),
  ),
];

/** Every field. The order is the order in which `format` writes a match, after the protocol. */
export const FIELDS: readonly Field[] = [
  field("pkt_mark", 32, "hex", "mw", "none", "NXM_NX_PKT_MARK"),
  field("ct_state", 32, "ct_state", "m", "none", "NXM_NX_CT_STATE"),
  field("ct_zone", 16, "hex", "", "none", "NXM_NX_CT_ZONE"),
  field("ct_mark", 32, "hex", "mw", "none", "NXM_NX_CT_MARK"),
  field("ct_label", 128, "hex", "mw", "none", "NXM_NX_CT_LABEL"),
  field("ct_nw_src", 32, "ipv4", "m", "ct_ipv4", "NXM_NX_CT_NW_SRC"),
  field("ct_nw_dst", 32, "ipv4", "m", "ct_ipv4", "NXM_NX_CT_NW_DST"),
  field("ct_ipv6_src", 128, "ipv6", "m", "ct_ipv6", "NXM_NX_CT_IPV6_SRC"),
  field("ct_ipv6_dst", 128, "ipv6", "m", "ct_ipv6", "NXM_NX_CT_IPV6_DST"),
  field("ct_nw_proto", 8, "decimal", "", "ct", "NXM_NX_CT_NW_PROTO"),
  field("ct_tp_src", 16, "decimal", "m", "ct_ports", "NXM_NX_CT_TP_SRC"),
  field("ct_tp_dst", 16, "decimal", "m", "ct_ports", "NXM_NX_CT_TP_DST"),
  ...REGISTERS,
  field("tun_id", 64, "hex", "mw", "none", "NXM_NX_TUN_ID", "tunnel_id"),
  field("metadata", 64, "hex", "mw", "none", "OXM_OF_METADATA"),
  field("in_port", 16, "port", "w", "none", "NXM_OF_IN_PORT"),
  // The same in OpenFlow's 32 bits; only to be read.
  field("in_port_oxm", 32, "port", "", "none", "OXM_OF_IN_PORT"),
  field("vlan_tci", 16, "hex", "mw", "none", "NXM_OF_VLAN_TCI"),
  field("vlan_vid", 13, "decimal", "mw", "none", "OXM_OF_VLAN_VID"),
  field("vlan_pcp", 3, "decimal", "w", "vlan", "OXM_OF_VLAN_PCP"),
  field("eth_src", 48, "mac", "mw", "none", "NXM_OF_ETH_SRC", "dl_src", "OXM_OF_ETH_SRC"),
  field("eth_dst", 48, "mac", "mw", "none", "NXM_OF_ETH_DST", "dl_dst", "OXM_OF_ETH_DST"),
  field("eth_type", 16, "hex", "", "none", "NXM_OF_ETH_TYPE", "dl_type", "OXM_OF_ETH_TYPE"),
  field("ip_src", 32, "ipv4", "mw", "ipv4", "NXM_OF_IP_SRC", "nw_src", "OXM_OF_IPV4_SRC"),
  field("ip_dst", 32, "ipv4", "mw", "ipv4", "NXM_OF_IP_DST", "nw_dst", "OXM_OF_IPV4_DST"),
  field("arp_spa", 32, "ipv4", "mw", "arp", "NXM_OF_ARP_SPA", "OXM_OF_ARP_SPA"),
  field("arp_tpa", 32, "ipv4", "mw", "arp", "NXM_OF_ARP_TPA", "OXM_OF_ARP_TPA"),
  field("ipv6_src", 128, "ipv6", "mw", "ipv6", "NXM_NX_IPV6_SRC", "OXM_OF_IPV6_SRC"),
  field("ipv6_dst", 128, "ipv6", "mw", "ipv6", "NXM_NX_IPV6_DST", "OXM_OF_IPV6_DST"),
  field("ipv6_label", 20, "hex", "mw", "ipv6", "NXM_NX_IPV6_LABEL", "OXM_OF_IPV6_FLABEL"),
  field("nw_proto", 8, "decimal", "", "ip", "NXM_OF_IP_PROTO", "ip_proto", "OXM_OF_IP_PROTO"),
  field("arp_op", 16, "decimal", "w", "arp", "NXM_OF_ARP_OP", "OXM_OF_ARP_OP"),
  field("arp_sha", 48, "mac", "mw", "arp", "NXM_NX_ARP_SHA", "OXM_OF_ARP_SHA"),
  field("arp_tha", 48, "mac", "mw", "arp", "NXM_NX_ARP_THA", "OXM_OF_ARP_THA"),
  field("nw_tos", 8, "decimal", "w", "ip", "NXM_OF_IP_TOS"),
  field("ip_dscp", 6, "decimal", "w", "ip", "OXM_OF_IP_DSCP"),
  field("nw_ecn", 2, "decimal", "w", "ip", "NXM_NX_IP_ECN", "ip_ecn", "OXM_OF_IP_ECN"),
  field("nw_ttl", 8, "decimal", "w", "ip", "NXM_NX_IP_TTL"),
  field("ip_frag", 2, "frag", "m", "ip", "NXM_NX_IP_FRAG", "nw_frag"),
  field("tcp_src", 16, "decimal", "mw", "tcp", "NXM_OF_TCP_SRC", "OXM_OF_TCP_SRC", "tp_src"),
  field("tcp_dst", 16, "decimal", "mw", "tcp", "NXM_OF_TCP_DST", "OXM_OF_TCP_DST", "tp_dst"),
  field("udp_src", 16, "decimal", "mw", "udp", "NXM_OF_UDP_SRC", "OXM_OF_UDP_SRC"),
  field("udp_dst", 16, "decimal", "mw", "udp", "NXM_OF_UDP_DST", "OXM_OF_UDP_DST"),
  field("sctp_src", 16, "decimal", "mw", "sctp", "OXM_OF_SCTP_SRC"),
  field("sctp_dst", 16, "decimal", "mw", "sctp", "OXM_OF_SCTP_DST"),
  field("icmp_type", 8, "decimal", "w", "icmp", "NXM_OF_ICMP_TYPE", "OXM_OF_ICMPV4_TYPE"),
  field("icmp_code", 8, "decimal", "w", "icmp", "NXM_OF_ICMP_CODE", "OXM_OF_ICMPV4_CODE"),
  field("icmpv6_type", 8, "decimal", "w", "icmp6", "NXM_NX_ICMPV6_TYPE", "OXM_OF_ICMPV6_TYPE"),
  field("icmpv6_code", 8, "decimal", "w", "icmp6", "NXM_NX_ICMPV6_CODE", "OXM_OF_ICMPV6_CODE"),
  field("nd_target", 128, "ipv6", "mw", "nd", "NXM_NX_ND_TARGET", "OXM_OF_IPV6_ND_TARGET"),
  field("nd_sll", 48, "mac", "mw", "nd_solicit", "NXM_NX_ND_SLL", "OXM_OF_IPV6_ND_SLL"),
  field("nd_tll", 48, "mac", "mw", "nd_advert", "NXM_NX_ND_TLL", "OXM_OF_IPV6_ND_TLL"),
  field("tcp_flags", 12, "tcp_flags", "m", "tcp", "NXM_NX_TCP_FLAGS", "OXM_OF_TCP_FLAGS"),
];

const BY_NAME: ReadonlyMap<string, Field> = new Map(
  FIELDS.flatMap((f) => [f.name, f.nxm, ...f.aliases].map((name) => [name.toLowerCase(), f])),
);

/** The field of that name or alias (case does not matter), if there is one. */
export function findField(name: string): Field | undefined {
  return BY_NAME.get(name.toLowerCase());
}

/** The field of that name; for names written in this program. */
export function fieldNamed(name: string): Field {
  const found = findField(name);
  if (found === undefined) throw new RangeError(`no field ${name}`);
  return found;
}

/** All names and aliases, for a suggestion when one is misspelt. */
export function fieldNames(): string[] {
  return FIELDS.flatMap((f) => [f.name, ...f.aliases.filter((a) => a === a.toLowerCase())]);
}

/** All ones in the width of the field. */
export function fullMask(f: Field): bigint {
  return (1n << BigInt(f.bits)) - 1n;
}
