import { latin1, SP } from "./syntax.ts";

/** The methods that nearly all traffic uses, found without making a string. Key: length and first two letters. */
const KNOWN = new Map<number, string>();
for (const name of [
  "GET",
  "POST",
  "HEAD",
  "PUT",
  "DELETE",
  "OPTIONS",
  "CONNECT",
  "PATCH",
  "TRACE",
]) {
  KNOWN.set(keyOf(name.length, name.charCodeAt(0), name.charCodeAt(1)), name);
}

function keyOf(length: number, first: number, second: number): number {
  return (length << 16) | (first << 8) | second;
}

/** The method in bytes[start, end), as it was sent. */
export function methodName(bytes: Uint8Array, start: number, end: number): string {
  const length = end - start;
  const known = KNOWN.get(keyOf(length, bytes[start]!, bytes[start + 1]!));
  if (known !== undefined) {
    let same = 2;
    while (same < length && bytes[start + same] === known.charCodeAt(same)) same++;
    if (same === length) return known;
  }
  return latin1(bytes, start, end);
}

/** Whether bytes[start, end) is one of the methods of nearly all traffic. */
export function isKnownMethod(bytes: Uint8Array, start: number, end: number): boolean {
  const length = end - start;
  const known = KNOWN.get(keyOf(length, bytes[start]!, bytes[start + 1]!));
  if (known === undefined) return false;
  for (let i = 2; i < length; i++) if (bytes[start + i] !== known.charCodeAt(i)) return false;
  return true;
}

/** Whether the request line at `at` begins with one of them. */
export function beginsWithKnownMethod(bytes: Uint8Array, at: number): boolean {
  return isKnownMethod(bytes, at, bytes.indexOf(SP, at));
}
