import { setU16, u16 } from "./bytes.ts";

/** IPv6 addresses: text as RFC 5952 writes it, 16 bytes. */

const GROUPS = 8;

/** The address at `bytes[at, at + 16)` in its one canonical text. */
export function readIpv6Address(bytes: Uint8Array, at = 0): string {
  // The longest run of two or more zero groups, the first of equals (RFC 5952 §4.2).
  let runStart = -1;
  let runLength = 1;
  for (let i = 0; i < GROUPS; ) {
    let j = i;
    while (j < GROUPS && u16(bytes, at + 2 * j) === 0) j++;
    if (j - i > runLength) {
      runStart = i;
      runLength = j - i;
    }
    i = j + 1;
  }
  if (runStart < 0) return groupsText(bytes, at, 0, GROUPS);
  const before = groupsText(bytes, at, 0, runStart);
  return `${before}::${groupsText(bytes, at, runStart + runLength, GROUPS)}`;
}

function groupsText(bytes: Uint8Array, at: number, from: number, to: number): string {
  let text = "";
  for (let i = from; i < to; i++) {
    text += (i > from ? ":" : "") + u16(bytes, at + 2 * i).toString(16);
  }
  return text;
}

/** The 16 bytes, or `null` (RFC 4291 §2.2). No zone (`%eth0`): it has no place on the wire. */
export function parseIpv6Address(text: string): Uint8Array | null {
  const halves = hexTail(text).split("::");
  if (halves.length > 2) return null;
  const head = groups(halves[0]!);
  const tail = halves.length === 2 ? groups(halves[1]!) : [];
  if (head === null || tail === null) return null;
  const count = head.length + tail.length;
  if (halves.length === 2 ? count >= GROUPS : count !== GROUPS) return null;

  const bytes = new Uint8Array(2 * GROUPS);
  for (const [i, value] of head.entries()) setU16(bytes, 2 * i, value);
  for (const [i, value] of tail.entries()) setU16(bytes, 2 * (GROUPS - tail.length + i), value);
  return bytes;
}

function groups(text: string): number[] | null {
  if (text === "") return [];
  const out: number[] = [];
  for (const group of text.split(":")) {
    if (!/^[0-9a-f]{1,4}$/i.test(group)) return null;
    out.push(Number.parseInt(group, 16));
  }
  return out;
}

/** `::ffff:10.0.0.1` with its last 32 bits as two groups. */
function hexTail(text: string): string {
  const match = /^(.*:)(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  if (match === null) return text;
  const parts = match.slice(2);
  if (parts.some((part) => Number(part) > 255 || String(Number(part)) !== part)) return "";
  const [a, b, c, d] = parts.map(Number) as [number, number, number, number];
  return `${match[1]}${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
}

/** Writes 16 bytes. Throws RangeError for a text that is no IPv6 address. */
export function writeIpv6Address(text: string, bytes: Uint8Array, at = 0): void {
  const address = parseIpv6Address(text);
  if (address === null) throw new RangeError(`not an IPv6 address: ${JSON.stringify(text)}`);
  bytes.set(address, at);
}
