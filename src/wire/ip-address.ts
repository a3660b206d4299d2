import { WIRE_LIMITS } from "../base/limits.ts";
import { setU32, u32 } from "./bytes.ts";
import { parseIpv6Address } from "./ipv6-address.ts";

/** IPv4 and IPv6 addresses: text, bytes, and for IPv4 an unsigned 32-bit number. */

const DECIMAL = Array.from({ length: 256 }, (_, byte) => String(byte));

const CACHE_SIZE = WIRE_LIMITS.addressTexts;
const cachedNumber = new Uint32Array(CACHE_SIZE);
const cachedText: string[] = new Array<string>(CACHE_SIZE).fill("0.0.0.0");

/** Dotted decimal of an unsigned 32-bit number. */
export function formatIpv4Address(address: number): string {
  const slot = Math.imul(address, 0x9e3779b1) >>> 20;
  if (cachedNumber[slot] === address) return cachedText[slot]!;
  const text =
    `${DECIMAL[address >>> 24]}.${DECIMAL[(address >>> 16) & 0xff]}.` +
    `${DECIMAL[(address >>> 8) & 0xff]}.${DECIMAL[address & 0xff]}`;
  cachedNumber[slot] = address;
  cachedText[slot] = text;
  return text;
}

/**
 * The address as an unsigned 32-bit number, or `null`. Four decimal numbers without leading zeros and nothing else:
 * what `inet_aton` also takes (octal, fewer parts) is read differently by different programs.
 */
export function parseIpv4Address(text: string): number | null {
  const address = ipv4Number(text);
  return address < 0 ? null : address;
}

/** As parseIpv4Address, with -1 for what is no address: no boxing on the way of every packet. */
function ipv4Number(text: string): number {
  let address = 0;
  let part = 0;
  let digits = 0;
  let parts = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 46) {
      if (digits === 0 || ++parts > 3) return -1;
      address = (address << 8) | part;
      part = 0;
      digits = 0;
      continue;
    }
    if (code < 48 || code > 57 || (digits > 0 && part === 0)) return -1;
    part = part * 10 + code - 48;
    digits++;
    if (part > 255) return -1;
  }
  if (parts !== 3 || digits === 0) return -1;
  return ((address << 8) | part) >>> 0;
}

export function readIpv4Address(bytes: Uint8Array, at = 0): string {
  return formatIpv4Address(u32(bytes, at));
}

/** Writes 4 bytes. Throws RangeError for a text that is no IPv4 address. */
export function writeIpv4Address(text: string, bytes: Uint8Array, at = 0): void {
  const address = ipv4Number(text);
  if (address < 0) throw new RangeError(`not an IPv4 address: ${JSON.stringify(text)}`);
  bytes[at] = address >>> 24;
  bytes[at + 1] = address >>> 16;
  bytes[at + 2] = address >>> 8;
  bytes[at + 3] = address;
}

/** The 4 or 16 bytes of an address, or `null`. */
export function parseAddress(text: string): Uint8Array | null {
  if (text.includes(":")) return parseIpv6Address(text);
  const address = ipv4Number(text);
  if (address < 0) return null;
  const bytes = new Uint8Array(4);
  setU32(bytes, 0, address);
  return bytes;
}
