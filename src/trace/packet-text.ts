import { type Field, findField } from "../rule/field.ts";
import { SHORTHANDS, TCP_FLAG_BITS } from "../rule/match.ts";
import { type MatchToken, type PortNames, parseMatch } from "../rule/parse-match.ts";
import { nearest, Piece, splitList } from "../rule/piece.ts";
import type { PortRef } from "../rule/port.ts";
import { parseNumber } from "../rule/value.ts";

/** What a text says of a packet; what it leaves open, `buildPacket` fills in. */
export interface PacketSpec {
  readonly inPort: PortRef | null;
  /** The whole frame, where it was given in hexadecimal. The rest is then empty. */
  readonly frame: Uint8Array | null;
  /** Exact values by the field's name (`eth_type`, `ip_src`, `tcp_dst`, `vlan_tci` …). */
  readonly fields: ReadonlyMap<string, bigint>;
  readonly extras: PacketExtras;
}

/** What no rule can match, but a frame has. */
export interface PacketExtras {
  readonly tcpFlags?: number;
  readonly seq?: number;
  readonly ack?: number;
  readonly window?: number;
  readonly icmpId?: number;
  readonly icmpSeq?: number;
  readonly payload?: Uint8Array;
}

type NumberExtra = Exclude<keyof PacketExtras, "payload" | "tcpFlags">;

const NUMBERS: Readonly<Record<string, readonly [name: NumberExtra, bits: number]>> = {
  seq: ["seq", 32],
  ack: ["ack", 32],
  window: ["window", 16],
  icmp_id: ["icmpId", 16],
  icmp_seq: ["icmpSeq", 16],
};

const PAYLOAD_BYTES_MAX = 9_000;
/** An Ethernet header. */
const FRAME_BYTES_MIN = 14;
const FRAME_BYTES_MAX = 65_550;

/**
 * A packet in flow text (`in_port=1,tcp,nw_src=10.0.0.1,tp_dst=80,tcp_flags=syn,payload=20`) or in hexadecimal
 * (with blanks, colons or dots between the bytes if you like), with `in_port=` before it. Throws InputError with the
 * column and what was expected.
 */
export function parsePacket(
  text: string,
  options: { readonly origin: string; readonly ports?: PortNames },
): PacketSpec {
  const whole = new Piece(text, options.origin).trim();
  if (whole.text === "")
    throw whole.expected(
      "a packet: flow text such as tcp,nw_dst=10.0.0.2,tp_dst=80, or hexadecimal",
    );
  const tokens: MatchToken[] = [];
  const hex: Piece[] = [];
  let inPort: MatchToken | null = null;
  const extras: { -readonly [K in keyof PacketExtras]: PacketExtras[K] } = {};
  for (const piece of splitList(whole)) {
    const [key, value] = piece.cut("=") ?? [piece, null];
    const name = key.text.toLowerCase();
    if (value === null && isHex(piece.text)) hex.push(piece);
    else if (name === "in_port") inPort = { key, value };
    else if (!readExtra(name, key, value, extras)) tokens.push(checked(key, value));
  }
  const port = inPort === null ? null : parseMatch([inPort], options.ports).inPort;
  if (hex.length > 0) {
    const other = tokens[0]?.key;
    if (other !== undefined || Object.keys(extras).length > 0)
      throw (other ?? whole).error("a packet in hexadecimal takes nothing but in_port= beside it");
    return { inPort: port, frame: parseHex(hex, whole), fields: new Map(), extras: {} };
  }
  const { fields } = parseMatch(tokens, options.ports);
  return {
    inPort: port,
    frame: null,
    fields: new Map(fields.map((f) => [f.field.name, f.value])),
    extras,
  };
}

function isHex(text: string): boolean {
  return !SHORTHANDS.has(text.toLowerCase()) && /^(0x)?[0-9a-f]{2}[0-9a-f:.]*$/i.test(text);
}

function parseHex(pieces: readonly Piece[], whole: Piece): Uint8Array {
  const digits = pieces.map(({ text }) => text.replace(/^0x/i, "").replace(/[:.]/g, "")).join("");
  if (digits.length % 2 === 1)
    throw whole.error(`${digits.length} hexadecimal digits are no whole number of bytes`);
  const size = digits.length / 2;
  if (size < FRAME_BYTES_MIN || size > FRAME_BYTES_MAX)
    throw whole.error(
      `a frame has ${FRAME_BYTES_MIN} to ${FRAME_BYTES_MAX} bytes, this one ${size}`,
    );
  return Uint8Array.from({ length: size }, (_, i) =>
    Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16),
  );
}

/** A key that only packets have. False: it is none. */
function readExtra(
  name: string,
  key: Piece,
  value: Piece | null,
  extras: { -readonly [K in keyof PacketExtras]: PacketExtras[K] },
): boolean {
  const number = NUMBERS[name];
  if (number !== undefined) {
    extras[number[0]] = Number(parseNumber(needed(key, value), number[1], `a value for ${name}`));
  } else if (name === "tcp_flags") extras.tcpFlags = parseFlags(needed(key, value));
  else if (name === "payload") extras.payload = parsePayload(needed(key, value));
  else return false;
  return true;
}

function needed(key: Piece, value: Piece | null): Piece {
  if (value === null || value.text === "")
    throw key.slice(key.text.length).expected(`a value for ${key.text}`);
  return value;
}

/** `syn`, `syn|ack`, `+syn+ack` or a number. */
function parseFlags(piece: Piece): number {
  if (/^\d/.test(piece.text)) return Number(parseNumber(piece, 12, "TCP flags"));
  const names = TCP_FLAG_BITS.map(([name]) => name);
  let flags = 0;
  for (const found of piece.text.matchAll(/[^|+]+/g)) {
    const word = piece.slice(found.index, found.index + found[0].length);
    const bit = TCP_FLAG_BITS.find(([name]) => name === word.text.toLowerCase())?.[1];
    if (bit === undefined) throw word.expected(`TCP flags such as syn|ack, of ${names.join(", ")}`);
    flags |= bit;
  }
  return flags;
}

/** A number of bytes (zeros), or the bytes as 0x…. */
function parsePayload(piece: Piece): Uint8Array {
  const hex = /^0x((?:[0-9a-f]{2})*)$/i.exec(piece.text)?.[1];
  const size =
    hex === undefined
      ? Number(parseNumber(piece, 32, "a number of bytes, or whole bytes as 0x…"))
      : hex.length / 2;
  if (size > PAYLOAD_BYTES_MAX) throw piece.expected(`at most ${PAYLOAD_BYTES_MAX} bytes`);
  const bytes = new Uint8Array(size);
  if (hex !== undefined)
    for (let i = 0; i < size; i++) bytes[i] = Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16);
  return bytes;
}

/** Only what a packet on the wire has, and only exact values. */
function checked(key: Piece, value: Piece | null): MatchToken {
  const field = findField(key.text);
  if (field === undefined) {
    unknownKey(key);
    return { key, value };
  }
  if (field.name.startsWith("ct_"))
    throw key.error(
      `${key.text} is what the switch's conntrack finds; give the packets before this one instead`,
    );
  if (!ON_THE_WIRE.has(field.prerequisite) && !LINK_FIELDS.has(field.name))
    throw key.error(`a packet that comes in has no ${key.text}; rules set it`);
  const slash = value === null ? -1 : value.text.indexOf("/");
  if (value !== null && slash >= 0)
    throw value.slice(slash).error("a packet has exact values, no masks");
  if (value !== null) checkFragment(field, value);
  return { key, value };
}

const LINK_FIELDS: ReadonlySet<string> = new Set([
  "vlan_tci",
  "vlan_vid",
  "eth_src",
  "eth_dst",
  "eth_type",
]);
const ON_THE_WIRE: ReadonlySet<string> = new Set([
  "vlan",
  "arp",
  "ipv4",
  "ipv6",
  "ip",
  "tcp",
  "udp",
  "sctp",
  "icmp",
  "icmp6",
  "nd",
]);

function checkFragment(field: Field, value: Piece): void {
  if (field.name === "ip_frag" && !["no", "first", "later"].includes(value.text.toLowerCase()))
    throw value.expected("no, first or later");
}

/** Keys of matches that are no field by that name. */
const SPECIAL: ReadonlySet<string> = new Set(["dl_vlan", "dl_vlan_pcp", "tp_src", "tp_dst"]);

/** parseMatch names the nearest match field; the keys of packets are known here only. */
function unknownKey(key: Piece): void {
  const name = key.text.toLowerCase();
  if (SHORTHANDS.has(name) || SPECIAL.has(name)) return;
  const own = [...Object.keys(NUMBERS), "payload"];
  const near = nearest(key.text, own);
  if (near !== null) throw key.expected(`a field of a packet (nearest: ${near})`);
}
