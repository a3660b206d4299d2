/** Byte classes and small readers of HTTP/1.1 syntax (RFC 9110 §5.6, RFC 9112 §2). They take offsets and allocate nothing. */

export const LF = 0x0a;
export const CR = 0x0d;
export const SP = 0x20;
export const HTAB = 0x09;
export const COLON = 0x3a;

/** 1 for the characters of a token (RFC 9110 §5.6.2). */
export const TOKEN = new Uint8Array(256);
for (const char of "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") {
  TOKEN[char.charCodeAt(0)] = 1;
}

// Node's own slicer, which the type package leaves out: it takes any Uint8Array, so that no Buffer has to be made.
const { latin1Slice } = Buffer.prototype as unknown as {
  latin1Slice(this: Uint8Array, start: number, end: number): string;
};

/** The bytes as text, one character per byte, so that nothing is lost (obs-text, raw bytes in a target). */
export function latin1(bytes: Uint8Array, start: number, end: number): string {
  if (start >= end) return "";
  return latin1Slice.call(bytes, start, end);
}

/** `previous` when the bytes spell it, else a new string: repeated values (Host, media type) cost no new string. */
export function latin1Again(
  bytes: Uint8Array,
  start: number,
  end: number,
  previous: string,
): string {
  const length = end - start;
  if (length !== previous.length) return latin1(bytes, start, end);
  for (let i = 0; i < length; i++) {
    if (bytes[start + i] !== previous.charCodeAt(i)) return latin1(bytes, start, end);
  }
  return previous;
}

/** True when the bytes are `lower` (given in lower case), letters compared without case. */
export function equalsLower(bytes: Uint8Array, start: number, end: number, lower: string): boolean {
  if (end - start !== lower.length) return false;
  for (let i = 0; i < lower.length; i++) {
    const byte = bytes[start + i]!;
    const folded = byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte;
    if (folded !== lower.charCodeAt(i)) return false;
  }
  return true;
}

/** The first offset in [start, end) that holds no space, tab, CR or LF. */
export function skipBlank(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end && isBlank(bytes[at]!)) at++;
  return at;
}

/** One past the last offset in [start, end) that holds no space, tab, CR or LF. */
export function trimEnd(bytes: Uint8Array, start: number, end: number): number {
  let at = end;
  while (at > start && isBlank(bytes[at - 1]!)) at--;
  return at;
}

function isBlank(byte: number): boolean {
  return byte === SP || byte === HTAB || byte === CR || byte === LF;
}

/** Digits only. -1: not a decimal number. Above 2^53 - 1 the result is `Infinity`. */
export function parseDecimal(bytes: Uint8Array, start: number, end: number): number {
  if (start >= end) return -1;
  let value = 0;
  for (let i = start; i < end; i++) {
    const digit = bytes[i]! - 0x30;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value > Number.MAX_SAFE_INTEGER ? Infinity : value;
}

/** Value of a hexadecimal digit, or -1. */
export function hexValue(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const folded = byte | 0x20;
  return folded >= 0x61 && folded <= 0x66 ? folded - 0x57 : -1;
}

/**
 * Where the head ends: one past the empty line that closes it, or -1 while it is not there yet. A bare LF ends a line,
 * too (RFC 9112 §2.2).
 */
export function findHeadEnd(bytes: Uint8Array, start: number, end: number): number {
  for (let i = start; i < end; i++) {
    if (bytes[i] !== LF) continue;
    const next = i + 1;
    if (next >= end) return -1;
    const byte = bytes[next];
    if (byte === LF) return next + 1;
    if (byte === CR && next + 1 < end && bytes[next + 1] === LF) return next + 2;
  }
  return -1;
}

/** Offset of the first LF in [start, end), or -1. */
export function findLf(bytes: Uint8Array, start: number, end: number): number {
  for (let i = start; i < end; i++) if (bytes[i] === LF) return i;
  return -1;
}
