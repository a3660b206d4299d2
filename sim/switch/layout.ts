import { FIELDS, type Field } from "../../src/rule/field.ts";
import { PORT } from "../../src/rule/port.ts";

/**
 * Where each field stands in a flow key. A key is an Int32Array of `WORDS` 32-bit words (signed, so that V8 keeps them
 * as small integers); a field wider than 32 bits takes several, the most significant first. What cannot occur together
 * shares words, as in Open vSwitch: `arp_spa` is `ip_src`, `arp_op` is `nw_proto`, `icmp_type` is `tcp_src`.
 */
export const W = {
  inPort: 0,
  metadata: 1,
  tunId: 3,
  pktMark: 5,
  reg: 6,
  dpHash: 22,
  ctState: 23,
  ctZone: 24,
  ctMark: 25,
  ctLabel: 26,
  ctSrc: 30,
  ctDst: 34,
  ctProto: 38,
  ctTpSrc: 39,
  ctTpDst: 40,
  ethSrc: 41,
  ethDst: 43,
  ethType: 45,
  vlanTci: 46,
  ipSrc: 47,
  ipDst: 51,
  ipv6Label: 55,
  nwProto: 56,
  nwTos: 57,
  nwTtl: 58,
  ipFrag: 59,
  tpSrc: 60,
  tpDst: 61,
  tcpFlags: 62,
  arpSha: 63,
  arpTha: 65,
  ndTarget: 67,
} as const;

export const WORDS = 71;
/** Words below this one belong to the pipeline (port, registers) and survive recirculation. */
export const PIPELINE_WORDS = W.dpHash;
/** Words from here on come from the packet's bytes. */
export const PACKET_WORD = W.ethSrc;

/** In the word `vlanTci`, above the TCI: the tag has the type 0x88a8. */
export const SERVICE_TAG = 0x10000;

/** The place of a field: `words` words from `word` on; in the last one the field starts at bit `shift`. */
export interface Place {
  readonly word: number;
  readonly words: number;
  readonly shift: number;
  readonly bits: number;
}

const WORD_OF: Readonly<Record<string, number>> = {
  pkt_mark: W.pktMark,
  ct_state: W.ctState,
  ct_zone: W.ctZone,
  ct_mark: W.ctMark,
  ct_label: W.ctLabel,
  ct_nw_src: W.ctSrc,
  ct_nw_dst: W.ctDst,
  ct_ipv6_src: W.ctSrc,
  ct_ipv6_dst: W.ctDst,
  ct_nw_proto: W.ctProto,
  ct_tp_src: W.ctTpSrc,
  ct_tp_dst: W.ctTpDst,
  tun_id: W.tunId,
  metadata: W.metadata,
  in_port: W.inPort,
  in_port_oxm: W.inPort,
  vlan_tci: W.vlanTci,
  vlan_vid: W.vlanTci,
  eth_src: W.ethSrc,
  eth_dst: W.ethDst,
  eth_type: W.ethType,
  ip_src: W.ipSrc,
  ip_dst: W.ipDst,
  arp_spa: W.ipSrc,
  arp_tpa: W.ipDst,
  ipv6_src: W.ipSrc,
  ipv6_dst: W.ipDst,
  ipv6_label: W.ipv6Label,
  nw_proto: W.nwProto,
  arp_op: W.nwProto,
  arp_sha: W.arpSha,
  arp_tha: W.arpTha,
  nw_tos: W.nwTos,
  nw_ecn: W.nwTos,
  nw_ttl: W.nwTtl,
  ip_frag: W.ipFrag,
  tcp_src: W.tpSrc,
  tcp_dst: W.tpDst,
  udp_src: W.tpSrc,
  udp_dst: W.tpDst,
  sctp_src: W.tpSrc,
  sctp_dst: W.tpDst,
  icmp_type: W.tpSrc,
  icmp_code: W.tpDst,
  icmpv6_type: W.tpSrc,
  icmpv6_code: W.tpDst,
  nd_target: W.ndTarget,
  nd_sll: W.arpSha,
  nd_tll: W.arpTha,
  tcp_flags: W.tcpFlags,
};

/** Fields that do not start at bit 0 of their word. */
const SHIFTED: Readonly<Record<string, readonly [word: number, shift: number]>> = {
  vlan_pcp: [W.vlanTci, 13],
  ip_dscp: [W.nwTos, 2],
};

function placeOf(field: Field): Place {
  const words = Math.ceil(field.bits / 32);
  const register = /^(x{0,2})reg(\d+)$/.exec(field.name);
  if (register !== null)
    return { word: W.reg + Number(register[2]) * words, words, shift: 0, bits: field.bits };
  const [word, shift] = SHIFTED[field.name] ?? [WORD_OF[field.name], 0];
  if (word === undefined) throw new RangeError(`${field.name} has no place in the flow key`);
  return { word, words, shift, bits: field.bits };
}

const PLACES: ReadonlyMap<Field, Place> = new Map(FIELDS.map((field) => [field, placeOf(field)]));

export function place(field: Field): Place {
  return PLACES.get(field) ?? placeOf(field);
}

/** Calls `visit(word, value, mask)` for each word that `value/mask`, shifted left by `start`, touches in `field`. */
export function forEachWord(
  field: Field,
  value: bigint,
  mask: bigint,
  visit: (word: number, value: number, mask: number) => void,
  start = 0,
): void {
  const { word, words, shift } = place(field);
  const by = BigInt(shift + start);
  const [wide, wideMask] = [value << by, mask << by];
  for (let i = 0; i < words; i++) {
    const down = BigInt(32 * (words - 1 - i));
    const m = Number(BigInt.asIntN(32, wideMask >> down));
    if (m !== 0) visit(word + i, Number(BigInt.asIntN(32, wide >> down)) & m, m);
  }
}

/** The bits `start` to `start + bits - 1` of a field in `key`. */
export function readBits(key: Int32Array, field: Field, start: number, bits: number): bigint {
  const { word, words, shift } = place(field);
  let value = 0n;
  for (let i = 0; i < words; i++) value = (value << 32n) | BigInt((key[word + i] ?? 0) >>> 0);
  // In 32 bits the reserved ports stand at the end of these.
  if (field.name === "in_port_oxm" && value >= PORT.max) value |= 0xffff0000n;
  return (value >> BigInt(shift + start)) & ((1n << BigInt(bits)) - 1n);
}

export const CT_STATE = {
  new: 1,
  est: 2,
  rel: 4,
  rpl: 8,
  inv: 16,
  trk: 32,
  snat: 64,
  dnat: 128,
} as const;
