import { formatIpv4Address, parseIpv4Address } from "../wire/ip-address.ts";
import { parseIpv6Address, readIpv6Address } from "../wire/ipv6-address.ts";
import { parseMac as macBytes, readMac } from "../wire/mac.ts";
import { type Field, fullMask } from "./field.ts";
import { CT_STATE_BITS, FRAG_WORDS, TCP_FLAG_BITS } from "./match.ts";
import type { Piece } from "./piece.ts";

/** A whole number in decimal or 0x… of at most `bits` bits. Throws InputError. */
export function parseNumber(piece: Piece, bits: number, what = "a number"): bigint {
  if (!/^(0x[0-9a-f]+|[0-9]+)$/i.test(piece.text)) throw piece.expected(what);
  const value = BigInt(piece.text);
  if (value >> BigInt(bits) !== 0n) {
    throw piece.expected(`${what} of at most ${bits} bits`);
  }
  return value;
}

export function parseMac(piece: Piece): bigint {
  const bytes = macBytes(piece.text);
  if (bytes === null) throw piece.expected("a MAC address such as 52:54:00:00:00:01");
  return fromBytes(bytes);
}

export function parseIpv4(piece: Piece): bigint {
  const address = parseIpv4Address(piece.text);
  if (address === null) throw piece.expected("an IPv4 address such as 10.0.0.1");
  return BigInt(address);
}

export function parseIpv6(piece: Piece): bigint {
  const bytes = parseIpv6Address(piece.text);
  if (bytes === null) throw piece.expected("an IPv6 address such as fd00::1");
  return fromBytes(bytes);
}

function fromBytes(bytes: Uint8Array): bigint {
  return bytes.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
}

function toBytes(value: bigint, length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) =>
    Number((value >> BigInt(8 * (length - 1 - i))) & 0xffn),
  );
}

export interface MaskedValue {
  readonly value: bigint;
  readonly mask: bigint;
}

/** A value of `field` with an optional `/mask`, as written in a match or in `set_field`. Throws InputError. */
export function parseMasked(field: Field, piece: Piece): MaskedValue {
  const words = parseWords(field, piece);
  if (words !== null) return words;
  const parts = piece.cut("/");
  if (parts === null) return { value: parseValue(field, piece), mask: fullMask(field) };
  if (!field.maskable) throw piece.error(`${field.name} takes no mask`);
  const [text, maskText] = parts;
  const mask = parseMask(field, maskText);
  return { value: parseValue(field, text) & mask, mask };
}

function parseWords(field: Field, piece: Piece): MaskedValue | null {
  if (field.format === "ct_state") return parseFlags(piece, CT_STATE_BITS);
  if (field.format === "tcp_flags") return parseFlags(piece, TCP_FLAG_BITS);
  if (field.format === "frag") {
    const found = FRAG_WORDS.find(([word]) => word === piece.text.toLowerCase());
    if (found !== undefined) return { value: found[1], mask: found[2] };
    if (!/^\d/.test(piece.text)) throw piece.expected("no, yes, first, later or not_later");
  }
  return null;
}

/** `+syn-ack`: these set, those clear, the others do not matter. `null` where the text is a number. */
function parseFlags(
  piece: Piece,
  bits: readonly (readonly [string, number])[],
): MaskedValue | null {
  if (/^\d/.test(piece.text)) return null;
  const names = bits.map(([name]) => name);
  let [value, mask] = [0n, 0n];
  let at = 0;
  for (const match of piece.text.matchAll(/([+-])([a-z]+)/gi)) {
    if (match.index !== at) break;
    const bit = bits.find(([name]) => name === match[2]?.toLowerCase())?.[1];
    const flag = piece.slice(at, at + match[0].length);
    if (bit === undefined) throw flag.expected(`+ or - and one of ${names.join(", ")}`);
    if (mask & BigInt(bit)) throw flag.error(`${match[2]} is given twice`);
    mask |= BigInt(bit);
    if (match[1] === "+") value |= BigInt(bit);
    at += match[0].length;
  }
  if (at === 0 || at < piece.text.length) {
    throw piece.slice(at).expected(`+ or - and one of ${names.join(", ")}`);
  }
  return { value, mask };
}

/** A value without mask. */
export function parseValue(field: Field, piece: Piece): bigint {
  if (field.format === "mac") return parseMac(piece);
  if (field.format === "ipv4" && piece.text.includes(".")) return parseIpv4(piece);
  if (field.format === "ipv6" && piece.text.includes(":")) return parseIpv6(piece);
  return parseNumber(piece, field.bits, `a value for ${field.name}`);
}

function parseMask(field: Field, piece: Piece): bigint {
  if (field.format === "ipv4" || field.format === "ipv6") {
    if (/^\d{1,3}$/.test(piece.text)) {
      const length = Number(piece.text);
      if (length > field.bits) throw piece.expected(`a prefix length of at most ${field.bits}`);
      return fullMask(field) ^ ((1n << BigInt(field.bits - length)) - 1n);
    }
  }
  return parseValue(field, piece);
}

export function formatMac(value: bigint): string {
  return readMac(toBytes(value, 6));
}

export function formatIpv4(value: bigint): string {
  return formatIpv4Address(Number(value));
}

export function formatIpv6(value: bigint): string {
  return readIpv6Address(toBytes(value, 16));
}

/** `value` or `value/mask`, such that `parseMasked` gives both back. */
export function formatMasked(field: Field, value: bigint, mask: bigint): string {
  const full = mask === fullMask(field);
  switch (field.format) {
    case "ct_state":
      return formatFlags(value, mask, CT_STATE_BITS);
    case "tcp_flags":
      return full ? hex(value) : formatFlags(value, mask, TCP_FLAG_BITS);
    case "frag":
      return FRAG_WORDS.find(([, v, m]) => v === value && m === mask)?.[0] ?? `${value}/${mask}`;
    case "mac":
      return full ? formatMac(value) : `${formatMac(value)}/${formatMac(mask)}`;
    case "ipv4":
    case "ipv6": {
      const write = field.format === "ipv4" ? formatIpv4 : formatIpv6;
      return full ? write(value) : `${write(value)}/${prefixLength(mask, field) ?? write(mask)}`;
    }
    case "decimal":
      return full ? String(value) : `${hex(value)}/${hex(mask)}`;
    case "hex":
    case "port":
      return full ? hex(value) : `${hex(value)}/${hex(mask)}`;
  }
}

export function hex(value: bigint): string {
  return `0x${value.toString(16)}`;
}

/** Flags by name; a bit without a name (or a mask of no named bit) needs the numeric form. */
function formatFlags(
  value: bigint,
  mask: bigint,
  bits: readonly (readonly [string, number])[],
): string {
  const named = bits.reduce((sum, [, bit]) => sum | BigInt(bit), 0n);
  if (mask === 0n || mask & ~named) return `${hex(value)}/${hex(mask)}`;
  return bits
    .filter(([, bit]) => mask & BigInt(bit))
    .map(([name, bit]) => (value & BigInt(bit) ? `+${name}` : `-${name}`))
    .join("");
}

function prefixLength(mask: bigint, field: Field): number | null {
  const inverse = mask ^ fullMask(field);
  if (inverse & (inverse + 1n)) return null;
  return field.bits - inverse.toString(2).replace(/^0$/, "").length;
}
