import { formatIpv4Address, parseIpv4Address } from "../wire/ip-address.ts";
import { parseIpv6Address, readIpv6Address } from "../wire/ipv6-address.ts";
import { parseMac as macBytes, readMac } from "../wire/mac.ts";
import { type Field, fullMask } from "./field.ts";
import { CT_STATE_BITS, FRAG_WORDS, TCP_FLAG_BITS } from "./match.ts";
import type { Piece } from "./piece.ts";

/**
 * A whole number of at most `bits` bits, written as in C: decimal, 0x… in hexadecimal, 0… in octal. Throws InputError.
 */
export function parseNumber(piece: Piece, bits: number, what = "a number"): bigint {
  const { text } = piece;
  const octal = /^0[0-7]+$/.test(text);
  if (!octal && !/^(0x[0-9a-f]+|0|[1-9][0-9]*)$/i.test(text)) throw piece.expected(what);
  const value = BigInt(octal ? `0o${text}` : text);
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

/**
 * A value of `field` with an optional `/mask`, as written in a match or in `set_field`. The value may have bits outside
 * the mask; `anyMask`: of a field that has none in a match, too. Throws InputError.
 */
export function parseMasked(field: Field, piece: Piece, anyMask = field.maskable): MaskedValue {
  const words = parseWords(field, piece);
  if (words !== null) return knownFlags(field, piece, words);
  const parts = piece.cut("/");
  if (parts === null) {
    return knownFlags(field, piece, { value: parseValue(field, piece), mask: flagMask(field) });
  }
  if (!anyMask) throw piece.error(`${field.name} takes no mask`);
  const [text, maskText] = parts;
  const mask = parseMask(field, maskText);
  return knownFlags(field, piece, { value: parseValue(field, text), mask });
}

const CT_STATE_ALL = CT_STATE_BITS.reduce((sum, [, bit]) => sum | BigInt(bit), 0n);

/** What a value without a mask is about: of `ct_state` only the bits that there are. */
function flagMask(field: Field): bigint {
  return field.format === "ct_state" ? CT_STATE_ALL : fullMask(field);
}

function knownFlags(field: Field, piece: Piece, masked: MaskedValue): MaskedValue {
  if (field.format !== "ct_state" || ((masked.value | masked.mask) & ~CT_STATE_ALL) === 0n)
    return masked;
  throw piece.error(`ct_state has bits up to 0x${CT_STATE_ALL.toString(16)} only`);
}

function parseWords(field: Field, piece: Piece): MaskedValue | null {
  if (field.format === "ct_state") return parseFlags(field, piece, CT_STATE_BITS);
  if (field.format === "tcp_flags") return parseFlags(field, piece, TCP_FLAG_BITS);
  if (field.format === "frag") {
    const found = FRAG_WORDS.find(([word]) => word === piece.text.toLowerCase());
    if (found === undefined) throw piece.expected("no, yes, first, later or not_later");
    return { value: found[1], mask: found[2] };
  }
  return null;
}

/**
 * `+syn-ack`: these set, those clear, the others do not matter. `syn|ack`: these set, all others clear. `null` where
 * the text is a number.
 */
function parseFlags(field: Field, piece: Piece, bits: FlagBits): MaskedValue | null {
  if (/^\d/.test(piece.text)) return null;
  if (/^[a-z[]/i.test(piece.text)) return parseExactFlags(field, piece, bits);
  let [value, mask] = [0n, 0n];
  let at = 0;
  for (const found of piece.text.matchAll(/([+-])(\[[0-9a-f]+\]|[a-z]+)/gi)) {
    if (found.index !== at) break;
    const flag = piece.slice(at, at + found[0].length);
    const bit = flagBit(field, found[2]!, bits);
    if (bit === null) throw flag.expected(`+ or - and one of ${flagNames(bits)}`);
    if (mask & bit) throw flag.error(`${found[2]} is given twice`);
    mask |= bit;
    if (found[1] === "+") value |= bit;
    at += found[0].length;
  }
  if (at === 0 || at < piece.text.length) {
    throw piece.slice(at).expected(`+ or - and one of ${flagNames(bits)}`);
  }
  return { value, mask };
}

type FlagBits = readonly (readonly [string, number])[];

/** A flag by its name, or as `[200]` in hexadecimal where it has none. */
function flagBit(field: Field, word: string, bits: FlagBits): bigint | null {
  const number = /^\[([0-9a-f]+)\]$/i.exec(word)?.[1];
  if (number !== undefined) {
    const bit = BigInt(`0x${number}`);
    return bit !== 0n && (bit & (bit - 1n)) === 0n && bit <= fullMask(field) ? bit : null;
  }
  const bit = bits.find(([name]) => name === word.toLowerCase())?.[1];
  return bit === undefined ? null : BigInt(bit);
}

function flagNames(bits: FlagBits): string {
  return bits.map(([name]) => name).join(", ");
}

function parseExactFlags(field: Field, piece: Piece, bits: FlagBits): MaskedValue {
  let value = 0n;
  let at = 0;
  for (const word of piece.text.split("|")) {
    const bit = flagBit(field, word, bits);
    if (bit === null) throw piece.slice(at, at + word.length).expected(`one of ${flagNames(bits)}`);
    value |= bit;
    at += word.length + 1;
  }
  return { value, mask: flagMask(field) };
}

/** A value without mask. */
export function parseValue(field: Field, piece: Piece): bigint {
  if (field.format === "mac") return parseMac(piece);
  if (field.format === "ipv4") return parseIpv4(piece);
  if (field.format === "ipv6") return parseIpv6(piece);
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

/** As `inet_ntop` of the GNU C library writes it: what holds an IPv4 address ends in one. */
export function formatIpv6(value: bigint): string {
  const v4 = value & 0xffffffffn;
  const head = value >> 32n;
  if (head === 0xffffn) return `::ffff:${formatIpv4(v4)}`;
  if (head === 0n && v4 > 0xffffn) return `::${formatIpv4(v4)}`;
  return readIpv6Address(toBytes(value, 16));
}

/** `value` or `value/mask`, such that `parseMasked` gives both back. */
export function formatMasked(field: Field, value: bigint, mask: bigint): string {
  const full = mask === fullMask(field);
  switch (field.format) {
    case "ct_state":
      return formatFlags(value, mask, CT_STATE_BITS);
    case "tcp_flags":
      return full ? number(value) : formatFlags(value, mask, TCP_FLAG_BITS);
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
      return full ? number(value) : `${number(value)}/${number(mask)}`;
  }
}

export function hex(value: bigint): string {
  return `0x${value.toString(16)}`;
}

/** As `%#x` of C writes it: zero has no prefix. */
export function number(value: bigint): string {
  return value === 0n ? "0" : hex(value);
}

/** The names of flags, in order of their bits; one without a name in brackets. */
export function flagWords(value: bigint, bits: FlagBits): [word: string, bit: bigint][] {
  const words: [string, bigint][] = [];
  for (let bit = 1n; bit <= value; bit <<= 1n) {
    if ((value & bit) === 0n) continue;
    const name = bits.find(([, known]) => BigInt(known) === bit)?.[0];
    words.push([name ?? `[${bit.toString(16)}]`, bit]);
  }
  return words;
}

/** `+syn-ack`: each bit of the mask. */
function formatFlags(value: bigint, mask: bigint, bits: FlagBits): string {
  return flagWords(mask, bits)
    .map(([name, bit]) => (value & bit ? `+${name}` : `-${name}`))
    .join("");
}

function prefixLength(mask: bigint, field: Field): number | null {
  const inverse = mask ^ fullMask(field);
  if (inverse & (inverse + 1n)) return null;
  return field.bits - inverse.toString(2).replace(/^0$/, "").length;
}
