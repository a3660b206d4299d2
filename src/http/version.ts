import { SP } from "./syntax.ts";

const HTTP = [0x68, 0x74, 0x74, 0x70];
const SLASH = 0x2f;

/**
 * Where the version stands in a request line whose method ends at `methodEnd` and whose last visible byte is before
 * `last`: the last word, if it begins with `HTTP/` in any case and whatever follows (`HTTP/1`, `http/1.1`). -1 without one.
 */
export function findVersion(bytes: Uint8Array, methodEnd: number, last: number): number {
  let at = last;
  while (at > methodEnd && bytes[at - 1]! > SP) at--;
  if (at <= methodEnd || last - at <= HTTP.length || bytes[at + HTTP.length] !== SLASH) return -1;
  for (let i = 0; i < HTTP.length; i++) if ((bytes[at + i]! | 0x20) !== HTTP[i]) return -1;
  return at;
}

/** The version at `at` as ten times major plus minor; 11 for what is no version: the message is read like any other. */
export function versionNumber(bytes: Uint8Array, at: number, last: number): number {
  const major = digit(bytes[at + 5]);
  const minor = digit(bytes[at + 7]);
  return last - at === 8 && bytes[at + 6] === 0x2e && major >= 0 && minor >= 0
    ? major * 10 + minor
    : 11;
}

function digit(byte: number | undefined): number {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39 ? byte - 0x30 : -1;
}
