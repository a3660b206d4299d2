import { FIELDS, type Field, fieldNamed, fieldNames, findField, fullMask } from "./field.ts";
import { ETH_TYPE, exactValue, type FieldMatch, type Match, SHORTHANDS } from "./match.ts";
import { nearest, type Piece } from "./piece.ts";
import { PORT, type PortRef, reservedPort } from "./port.ts";
import { meets, prerequisiteWords } from "./prerequisite.ts";
import { type MaskedValue, parseMasked, parseNumber } from "./value.ts";

export type PortNames = ReadonlyMap<string, number>;

/** One `key` or `key=value` of a match. */
export interface MatchToken {
  readonly key: Piece;
  readonly value: Piece | null;
}

interface Condition extends MaskedValue {
  readonly field: Field;
  readonly at: Piece;
}

/** Fields whose name means another one under the given protocol. */
const BY_PROTOCOL: Record<
  string,
  readonly (readonly [when: (m: Match) => boolean, name: string])[]
> = {
  nw_src: [[(m) => meets(m, "arp"), "arp_spa"]],
  nw_dst: [[(m) => meets(m, "arp"), "arp_tpa"]],
  nw_proto: [[(m) => meets(m, "arp"), "arp_op"]],
  icmp_type: [[(m) => meets(m, "icmp6"), "icmpv6_type"]],
  icmp_code: [[(m) => meets(m, "icmp6"), "icmpv6_code"]],
  tp_src: [
    [(m) => meets(m, "tcp"), "tcp_src"],
    [(m) => meets(m, "udp"), "udp_src"],
    [(m) => meets(m, "sctp"), "sctp_src"],
    [(m) => meets(m, "icmp"), "icmp_type"],
    [(m) => meets(m, "icmp6"), "icmpv6_type"],
  ],
  tp_dst: [
    [(m) => meets(m, "tcp"), "tcp_dst"],
    [(m) => meets(m, "udp"), "udp_dst"],
    [(m) => meets(m, "sctp"), "sctp_dst"],
    [(m) => meets(m, "icmp"), "icmp_code"],
    [(m) => meets(m, "icmp6"), "icmpv6_code"],
  ],
};

/** Keys that are no field by that name but a way to write a part of one. */
const SPECIAL = ["dl_vlan", "dl_vlan_pcp", "tp_src", "tp_dst"];

/**
 * The match of a rule. Throws InputError for an unknown key, a bad value, a field given twice with different values,
 * or a field whose prerequisite is missing (`tcp_dst` without `tcp`).
 */
export function parseMatch(tokens: readonly MatchToken[], ports?: PortNames): Match {
  let inPort: PortRef | null = null;
  const conditions: Condition[] = [];
  const rest: MatchToken[] = [];
  for (const token of tokens) {
    const shorthand = SHORTHANDS.get(token.key.text.toLowerCase());
    if (shorthand !== undefined) {
      if (token.value !== null) throw token.value.error(`${token.key.text} takes no value`);
      const [ethType, ipProto] = shorthand;
      conditions.push(exact("eth_type", ethType, token.key));
      if (ipProto !== null) conditions.push(exact("nw_proto", ipProto, token.key));
    } else if (findField(token.key.text)?.name === "in_port") {
      inPort = parsePort(needValue(token), ports);
    } else rest.push(token);
  }
  // The protocol first: it decides what `tp_src` or `nw_proto` means, wherever it stands.
  rest.sort((a, b) => protocolRank(a) - protocolRank(b));
  for (const token of rest) {
    const soFar = { inPort, fields: conditions };
    conditions.push(parseCondition(token, soFar));
  }
  const match = { inPort, fields: merge(conditions) };
  for (const { field, at } of conditions) {
    if (!meets(match, field.prerequisite)) {
      throw at.error(`${at.text} needs ${prerequisiteWords(field)} in the same match`);
    }
  }
  return match;
}

/** A port's number or name. With `ports`, names become numbers, and an unknown one is an error. */
export function parsePort(piece: Piece, ports?: PortNames): PortRef {
  if (/^(0x[0-9a-f]+|\d+)$/i.test(piece.text)) {
    const number = Number(piece.text);
    // OpenFlow 1.1 and later write reserved ports in 32 bits.
    if (number >= 0xffffff00 && number <= 0xffffffff) return number & 0xffff;
    if (number > PORT.none) throw piece.expected("a port number of at most 16 bits");
    return number;
  }
  const quoted = /^"(.+)"$/.exec(piece.text);
  const name = quoted?.[1] ?? piece.text;
  const reserved = quoted ? undefined : reservedPort(name);
  if (reserved !== undefined) return reserved;
  if (!quoted && !/^[\w.@-]+$/.test(name)) throw piece.expected("a port number or name");
  if (ports === undefined) return name;
  const number = ports.get(name);
  if (number !== undefined) return number;
  const near = nearest(name, ports.keys());
  throw piece.expected(`a port of the bridge${near === null ? "" : ` (nearest: ${near})`}`);
}

function parseCondition(token: MatchToken, soFar: Match): Condition {
  const key = token.key.text.toLowerCase();
  const value = needValue(token);
  const at = token.key;
  switch (key) {
    case "dl_vlan": {
      const vid = parseNumber(value, 16, "a VLAN number");
      if (vid === 0xffffn) return tci(0n, 0xffffn, at);
      if (vid > 0xfffn) throw value.expected("a VLAN number of at most 4095, or 0xffff for none");
      return tci(0x1000n | vid, 0x1fffn, at);
    }
    case "dl_vlan_pcp":
      return tci(0x1000n | (parseNumber(value, 3, "a VLAN priority") << 13n), 0xf000n, at);
    case "tp_src":
    case "tp_dst": {
      const name = BY_PROTOCOL[key]?.find(([when]) => when(soFar))?.[1];
      if (name === undefined) throw at.error(`${key} needs tcp, udp, sctp, icmp or icmp6`);
      return parseField(fieldNamed(name), value, at);
    }
  }
  const field = findField(key);
  if (field === undefined) {
    const near = nearest(key, [...fieldNames(), ...SHORTHANDS.keys(), ...SPECIAL]);
    throw at.expected(`a match field${near === null ? "" : ` (nearest: ${near})`}`);
  }
  const other = BY_PROTOCOL[field.name.replace("ip_", "nw_")]?.find(([when]) => when(soFar))?.[1];
  return parseField(other === undefined ? field : fieldNamed(other), value, at);
}

function parseField(field: Field, value: Piece, at: Piece): Condition {
  const { value: bits, mask } = parseMasked(field, value);
  switch (field.name) {
    case "vlan_vid":
      return tci(bits, mask, at);
    case "vlan_pcp":
      return tci(0x1000n | (bits << 13n), 0xf000n, at);
    case "ip_dscp":
      return { field: fieldNamed("nw_tos"), value: bits << 2n, mask: 0xfcn, at };
    case "nw_tos":
      return { field, value: bits & 0xfcn, mask: 0xfcn, at };
    default:
      return { field, value: bits & mask, mask, at };
  }
}

function tci(value: bigint, mask: bigint, at: Piece): Condition {
  return { field: fieldNamed("vlan_tci"), value: value & mask, mask, at };
}

function exact(name: string, value: number, at: Piece): Condition {
  const field = fieldNamed(name);
  return { field, value: BigInt(value), mask: fullMask(field), at };
}

function needValue(token: MatchToken): Piece {
  if (token.value !== null) return token.value;
  if (findField(token.key.text) !== undefined || SPECIAL.includes(token.key.text)) {
    throw token.key.error(`${token.key.text} needs a value: ${token.key.text}=…`);
  }
  const near = nearest(token.key.text, [...SHORTHANDS.keys(), ...fieldNames()]);
  throw token.key.expected(
    `a match field or protocol${near === null ? "" : ` (nearest: ${near})`}`,
  );
}

function protocolRank(token: MatchToken): number {
  const name = findField(token.key.text)?.name;
  if (name === "eth_type") return 0;
  if (name === "nw_proto") return 1;
  return name === "icmp_type" || name === "icmpv6_type" ? 2 : 3;
}

/** Conditions in the order of `FIELDS`, those of one field combined. */
function merge(conditions: readonly Condition[]): FieldMatch[] {
  const byField = new Map<Field, FieldMatch>();
  for (const { field, value, mask, at } of conditions) {
    const earlier = byField.get(field);
    if (earlier !== undefined && ((earlier.value ^ value) & earlier.mask & mask) !== 0n) {
      throw at.error(`${at.text} contradicts an earlier part of the same match`);
    }
    byField.set(field, {
      field,
      value: value | (earlier?.value ?? 0n),
      mask: mask | (earlier?.mask ?? 0n),
    });
  }
  return FIELDS.flatMap((field) => {
    const found = byField.get(field);
    return found === undefined || found.mask === 0n ? [] : [found];
  });
}

/** Whether the match is for packets that conntrack can look at. */
export function isIp(match: Match): boolean {
  const type = exactValue(match, "eth_type");
  return type === ETH_TYPE.ipv4 || type === ETH_TYPE.ipv6;
}
