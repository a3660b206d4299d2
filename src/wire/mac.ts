import { WIRE_LIMITS } from "../base/limits.ts";

/** MAC addresses: text in lower case with colons, `52:54:00:00:00:01`. */

export const BROADCAST_MAC = "ff:ff:ff:ff:ff:ff";
export const ZERO_MAC = "00:00:00:00:00:00";

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

const CACHE_SIZE = WIRE_LIMITS.macTexts;
const cachedHigh = new Uint32Array(CACHE_SIZE);
const cachedLow = new Uint32Array(CACHE_SIZE);
const cachedText: string[] = new Array<string>(CACHE_SIZE).fill(ZERO_MAC);

/** The address at `bytes[at, at + 6)`. */
export function readMac(bytes: Uint8Array, at = 0): string {
  const high = (bytes[at]! << 8) | bytes[at + 1]!;
  const low =
    ((bytes[at + 2]! << 24) | (bytes[at + 3]! << 16) | (bytes[at + 4]! << 8) | bytes[at + 5]!) >>>
    0;
  const slot = Math.imul(low ^ high, 0x9e3779b1) >>> 22;
  if (cachedLow[slot] === low && cachedHigh[slot] === high) return cachedText[slot]!;
  const text =
    `${HEX[high >>> 8]}:${HEX[high & 0xff]}:${HEX[low >>> 24]}:` +
    `${HEX[(low >>> 16) & 0xff]}:${HEX[(low >>> 8) & 0xff]}:${HEX[low & 0xff]}`;
  cachedLow[slot] = low;
  cachedHigh[slot] = high;
  cachedText[slot] = text;
  return text;
}

/** Writes the address. Throws RangeError for a text that is no MAC address. */
export function writeMac(text: string, bytes: Uint8Array, at = 0): void {
  if (text.length !== 17) throw notMac(text);
  for (let i = 0; i < 6; i++) {
    const high = hexDigit(text.charCodeAt(3 * i));
    const low = hexDigit(text.charCodeAt(3 * i + 1));
    if ((high | low) < 0 || (i < 5 && text.charCodeAt(3 * i + 2) !== 58)) throw notMac(text);
    bytes[at + i] = (high << 4) | low;
  }
}

/** The 6 bytes, or `null` for a text that is no MAC address. Upper case is taken, too. */
export function parseMac(text: string): Uint8Array | null {
  if (!/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i.test(text)) return null;
  const bytes = new Uint8Array(6);
  writeMac(text, bytes);
  return bytes;
}

/** Group address: multicast or broadcast (the lowest bit of the first byte). */
export function isGroupMac(text: string): boolean {
  return (hexDigit(text.charCodeAt(1)) & 1) === 1;
}

function hexDigit(code: number): number {
  if (code >= 48 && code <= 57) return code - 48;
  if (code >= 97 && code <= 102) return code - 87;
  if (code >= 65 && code <= 70) return code - 55;
  return -1;
}

function notMac(text: string): RangeError {
  return new RangeError(`not a MAC address: ${JSON.stringify(text)}`);
}
