import { FIELDS, type Field, fieldNamed, fieldNames, findField, fullMask } from "./field.ts";
import { exactValue, type FieldMatch, type Match, SHORTHANDS } from "./match.ts";
import { nearest, type Piece } from "./piece.ts";
import { PORT, type PortRef, reservedPort } from "./port.ts";
import { meets, prerequisiteWords } from "./prerequisite.ts";
import { MAX_TABLE } from "./rule.ts";
import { CT_STATE_SINCE_2_6, fieldSince, type OvsVersion, requireVersion } from "./since.ts";
import { type MaskedValue, parseMasked, parseNumber } from "./value.ts";

export type PortNames = ReadonlyMap<string, number>;

export interface MatchOptions {
  readonly version?: OvsVersion | undefined;
  /** As ovs-ofctl: a condition that cannot be is left out, and of two about one field the later counts. */
  readonly lenient?: boolean | undefined;
}

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
export function parseMatch(
  tokens: readonly MatchToken[],
  ports?: PortNames,
  options: MatchOptions = {},
): Match {
  let inPort: PortRef | null = null;
  const conditions: Condition[] = [];
  const rest: MatchToken[] = [];
  for (const token of tokens) {
    const shorthand = SHORTHANDS.get(token.key.text);
    if (shorthand !== undefined) {
      if (token.value !== null) throw token.value.error(`${token.key.text} takes no value`);
      const [ethType, ipProto] = shorthand;
      conditions.push(exact("eth_type", ethType, token.key));
      if (ipProto !== null) conditions.push(exact("nw_proto", ipProto, token.key));
    } else if (isInPort(token.key)) {
      const port = parsePort(needValue(token), ports, options.version);
      if (inPort !== null && port !== inPort && options.lenient !== true)
        throw token.key.error("in_port contradicts an earlier part of the same match");
      inPort = port;
    } else if (token.key.text !== "eth") rest.push(token);
  }
  // The protocol first: it decides what `tp_src` or `nw_proto` means, wherever it stands.
  rest.sort((a, b) => protocolRank(a) - protocolRank(b));
  for (const token of rest) {
    const soFar = { inPort, fields: merge(conditions, true) };
    conditions.push(...parseCondition(token, soFar, options));
  }
  const merged = merge(conditions, options.lenient === true);
  const match = {
    inPort,
    fields: merged
      .map((field) => asCarried(field, conditions, options))
      .filter(({ mask }) => mask !== 0n),
  };
  const homeless = conditions.filter(({ field }) => !meets(match, field.prerequisite));
  // Open vSwitch leaves those of conntrack out only where ct_nw_proto gives a port no meaning.
  const refused = homeless.find(
    ({ field }) =>
      options.lenient !== true ||
      (/^ct_/.test(field.name) && !(field.prerequisite === "ct_ports" && !hasProtocol(match))),
  );
  if (refused !== undefined)
    throw refused.at.error(
      `${refused.at.text} needs ${prerequisiteWords(refused.field)} in the same match`,
    );
  if (homeless.length === 0) return match;
  const gone = new Set(homeless.map(({ field }) => field));
  return { inPort, fields: match.fields.filter(({ field }) => !gone.has(field)) };
}

/**
 * A condition on the VLAN tag as OpenFlow 1.2 and later carry it: the priority is whole or not there, and only where
 * there is a tag.
 */
function asCarried(
  condition: FieldMatch,
  conditions: readonly Condition[],
  { lenient }: MatchOptions,
): FieldMatch {
  const { field, value, mask } = condition;
  const priority = mask & 0xe000n;
  if (field.name !== "vlan_tci" || priority === 0n) return condition;
  const tagged = (value & 0x1000n) !== 0n;
  if (tagged && priority === 0xe000n) return condition;
  // "No tag" leaves nothing to say of a priority.
  const bare = { field, value: value & 0x1fffn, mask: mask & 0x1fffn };
  if (value === 0n && mask === 0xffffn) return bare;
  const at = conditions.find((c) => c.field === field)!.at;
  if (lenient === true && tagged) return { ...condition, mask: mask | 0xe000n };
  if (lenient === true && bare.value === 0n && ((mask & 0x1000n) !== 0n || bare.mask === 0n))
    return bare;
  throw at.error(`${at.text}: a VLAN priority can be matched only as a whole, and with a tag`);
}

function hasProtocol(match: Match): boolean {
  return exactValue(match, "ct_nw_proto") !== null;
}

function isInPort(key: Piece): boolean {
  return /^in_port/.test(matchField(key)?.name ?? "");
}

const RESERVED_IN_32_BITS = 0xffffff00;

/** A port's number or name. With `ports`, names become numbers, and an unknown one is an error. */
export function parsePort(piece: Piece, ports?: PortNames, version?: OvsVersion): PortRef {
  if (/^(0x[0-9a-f]+|\d+)$/i.test(piece.text)) {
    const wide = Number(parseNumber(piece, 32, "a port number"));
    // OpenFlow has the reserved ports at the end of its 32 bits.
    const number = wide >= RESERVED_IN_32_BITS ? wide & PORT.none : wide;
    if (number > PORT.none) throw piece.expected("a port number of at most 16 bits");
    return number;
  }
  const quoted = /^"(.+)"$/.exec(piece.text);
  const name = quoted?.[1] ?? piece.text;
  const reserved = quoted ? undefined : reservedPort(name);
  if (reserved !== undefined) return reserved;
  if (!quoted && !/^[\w.@][\w.@-]*$/.test(name)) throw piece.expected("a port number or name");
  if (ports === undefined) {
    requireVersion(piece, version, "2.8", "the name of a port");
    return name;
  }
  const number = ports.get(name);
  if (number !== undefined) return number;
  const near = nearest(name, ports.keys());
  throw piece.expected(`a port of the bridge${near === null ? "" : ` (nearest: ${near})`}`);
}

/** The field of that name in a match, where only small letters count and NXM's names do not. */
function matchField({ text }: Piece): Field | undefined {
  return text === text.toLowerCase() ? findField(text) : undefined;
}

/** A table's number. Throws InputError. */
export function parseTable(piece: Piece): number {
  const table = Number(parseNumber(piece, 8, "a table number"));
  if (table > MAX_TABLE) throw piece.expected(`a table number of at most ${MAX_TABLE}`);
  return table;
}

function parseCondition(
  token: MatchToken,
  soFar: Match,
  { version, lenient }: MatchOptions,
): readonly Condition[] {
  const key = token.key.text;
  const value = needValue(token);
  const at = token.key;
  if (value.text === "*") return [];
  switch (key) {
    case "dl_vlan": {
      const vid = parseNumber(value, 16, "a VLAN number");
      if (vid === 0xffffn) return [tci(0n, 0xffffn, at)];
      if (vid > 0xfffn) throw value.expected("a VLAN number of at most 4095, or 0xffff for none");
      return [tci(0x1000n | vid, 0x1fffn, at)];
    }
    case "dl_vlan_pcp":
      return [tci(0x1000n | (parseNumber(value, 3, "a VLAN priority") << 13n), 0xf000n, at)];
    case "tp_src":
    case "tp_dst": {
      const name = BY_PROTOCOL[key]?.find(([when]) => when(soFar))?.[1] ?? `tcp_${key.slice(3)}`;
      return parseField(fieldNamed(name), value, at);
    }
  }
  const field = matchField(at);
  if (field === undefined) throw unknownKey(at);
  const since = fieldSince(field);
  if (since !== null) requireVersion(at, version, since);
  const other = BY_PROTOCOL[field.name.replace("ip_", "nw_")]?.find(([when]) => when(soFar))?.[1];
  const conditions = parseField(other === undefined ? field : fieldNamed(other), value, at);
  if (field.name === "ct_nw_proto" && conditions[0]?.value === 0n) {
    // Open vSwitch carries no such condition to the switch: the rule would match more than it says.
    if (lenient !== true) throw value.expected("a protocol other than 0");
    return [];
  }
  const isNew = field.name === "ct_state" && conditions.some((c) => c.mask & CT_STATE_SINCE_2_6);
  // A mask over all bits says nothing about those that were not known.
  if (isNew && /snat|dnat/.test(value.text))
    requireVersion(value, version, "2.6", "snat and dnat in ct_state");
  return conditions;
}

function unknownKey(at: Piece) {
  if (UNSUPPORTED.has(at.text)) return at.error(`matching ${at.text} is not supported here`);
  const near = nearest(at.text, [...fieldNames(), ...SHORTHANDS.keys(), ...SPECIAL]);
  return at.expected(`a match field${near === null ? "" : ` (nearest: ${near})`}`);
}

/** What Open vSwitch can match beside, of its inner working or of protocols that nobody here speaks. */
const UNSUPPORTED = new Set(
  `recirc_id dp_hash conj_id skb_priority packet_type actset_output mpls_label mpls_tc mpls_bos mpls_ttl nsh_flags
   nsh_ttl nsh_mdtype nsh_np nsh_spi nsh_si tun_src tun_dst tun_ipv6_src tun_ipv6_dst tun_flags tun_gbp_id
   nd_reserved nd_options_type`.split(/\s+/),
);

function parseField(field: Field, value: Piece, at: Piece): readonly Condition[] {
  const { value: bits, mask } = parseMasked(field, value);
  switch (field.name) {
    case "vlan_vid":
      return [tci(bits, mask, at)];
    case "vlan_pcp":
      return [tci(0x1000n | (bits << 13n), 0xf000n, at)];
    case "ip_dscp":
      return [{ field: fieldNamed("nw_tos"), value: bits << 2n, mask: 0xfcn, at }];
    case "nw_tos":
      if ((bits & 3n) !== 0n)
        throw value.expected("a multiple of 4: the two lowest bits are nw_ecn");
      return [{ field, value: bits, mask: 0xfcn, at }];
    case "arp_op":
      if (bits > 0xffn) throw value.expected("an ARP operation of at most 255");
      break;
  }
  return narrowRegisters({ field, value: bits & mask, mask }).map((part) => ({ ...part, at }));
}

/** `xreg0` and `xxreg0` are two and four registers; a match holds only those, so that each bit is in one place. */
function narrowRegisters(condition: FieldMatch): readonly FieldMatch[] {
  const found = /^(x{1,2})reg(\d+)$/.exec(condition.field.name);
  if (found === null) return [condition];
  const count = found[1] === "x" ? 2 : 4;
  return Array.from({ length: count }, (_, i) => {
    const down = BigInt(32 * (count - 1 - i));
    const word = (value: bigint) => (value >> down) & 0xffffffffn;
    const field = fieldNamed(`reg${Number(found[2]) * count + i}`);
    return { field, value: word(condition.value), mask: word(condition.mask) };
  });
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
  if (matchField(token.key) !== undefined || SPECIAL.includes(token.key.text)) {
    throw token.key.error(`${token.key.text} needs a value: ${token.key.text}=…`);
  }
  const near = nearest(token.key.text, [...SHORTHANDS.keys(), ...fieldNames()]);
  throw token.key.expected(
    `a match field or protocol${near === null ? "" : ` (nearest: ${near})`}`,
  );
}

function protocolRank(token: MatchToken): number {
  const name = matchField(token.key)?.name;
  if (name === "eth_type") return 0;
  if (name === "nw_proto") return 1;
  return name === "icmp_type" || name === "icmpv6_type" ? 2 : 3;
}

/** Conditions in the order of `FIELDS`, those of one field combined, or (`latest`) only the last one of each field. */
function merge(conditions: readonly Condition[], latest: boolean): FieldMatch[] {
  const byField = new Map<Field, FieldMatch>();
  for (const { field, value, mask, at } of conditions) {
    const earlier = latest && field.name !== "vlan_tci" ? undefined : byField.get(field);
    if (
      earlier !== undefined &&
      ((earlier.value ^ value) & earlier.mask & mask) !== 0n &&
      !latest
    ) {
      throw at.error(`${at.text} contradicts an earlier part of the same match`);
    }
    byField.set(field, {
      field,
      value: value | ((earlier?.value ?? 0n) & ~mask),
      mask: mask | (earlier?.mask ?? 0n),
    });
  }
  return FIELDS.flatMap((field) => {
    const found = byField.get(field);
    return found === undefined || found.mask === 0n ? [] : [found];
  });
}
