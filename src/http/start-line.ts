import { HTTP_LIMITS } from "../base/limits.ts";
import { isKnownMethod } from "./method.ts";
import { CR, findLf, HTAB, SP, TOKEN } from "./syntax.ts";
import { findVersion } from "./version.ts";

/**
 * What the bytes at the start of a message look like. `more`: too few to tell. `likely`: the same, but with a method
 * and a space, or `HTTP/`. `request` and `response` need no port:
 * the content decides who is the client.
 */
export const START = {
  none: 0,
  more: 1,
  request: 2,
  response: 3,
  /** A request line without version (HTTP/0.9): `GET /path`. */
  simpleRequest: 4,
  likely: 5,
} as const;

export type StartKind = (typeof START)[keyof typeof START];

const METHOD_LENGTH_MAX = HTTP_LIMITS.methodBytesMax;

const STATUS_VERSION_LENGTH_MAX = HTTP_LIMITS.statusVersionBytesMax;

const HTTP = [0x48, 0x54, 0x54, 0x50, 0x2f];

/** True when `HTTP/` stands at `at`. */
function isHttpSlash(bytes: Uint8Array, at: number): boolean {
  return (
    bytes[at] === 0x48 &&
    bytes[at + 1] === 0x54 &&
    bytes[at + 2] === 0x54 &&
    bytes[at + 3] === 0x50 &&
    bytes[at + 4] === 0x2f
  );
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39;
}

/**
 * Sort the start of a message in bytes[start, end), leading blank lines already skipped.
 * A request is believed only when its whole line is there and ends in `HTTP/` digit `.` digit (major version 0 or 1),
 * or, after a method that everybody knows, in any other version: a server answers that, too (RFC 9110 §15.6.6).
 */
export function classifyStart(bytes: Uint8Array, start: number, end: number): StartKind {
  const length = end - start;
  if (length <= 0) return START.more;
  const first = bytes[start]!;
  if (first === 0x48) {
    const shown = Math.min(length, HTTP.length);
    let same = 0;
    while (same < shown && bytes[start + same] === HTTP[same]) same++;
    if (same === HTTP.length) return classifyStatusLine(bytes, start, end);
    if (same === length) return START.more;
  }
  // ICY is the status line of SHOUTcast servers, otherwise as HTTP.
  if (first === 0x49 && bytes[start + 1] === 0x43 && bytes[start + 2] === 0x59) {
    if (length < 8) return START.more;
    if (bytes[start + 3] === SP && isDigit(bytes[start + 4])) return START.response;
  }
  return classifyRequestLine(bytes, start, end);
}

function classifyStatusLine(bytes: Uint8Array, start: number, end: number): StartKind {
  // HTTP/d.d SP ddd, as far as it is there: a longer piece must not say otherwise than a shorter one.
  let at = start + 5;
  const limit = Math.min(end, at + STATUS_VERSION_LENGTH_MAX);
  while (at < limit && bytes[at]! > SP) at++;
  if (at < end && bytes[at] !== SP) return START.none;
  while (at < end && bytes[at] === SP) at++;
  if (at === end) return START.likely;
  return isDigit(bytes[at]) ? START.response : START.none;
}

function classifyRequestLine(bytes: Uint8Array, start: number, end: number): StartKind {
  let at = start;
  const limit = Math.min(end, start + METHOD_LENGTH_MAX + 1);
  while (at < limit && TOKEN[bytes[at]!] === 1) at++;
  if (at === start) return START.none;
  if (at - start > METHOD_LENGTH_MAX) return START.none;
  if (at === end) return START.more;
  if (bytes[at] !== SP) return START.none;
  const first = bytes[start]!;
  // Methods are case-sensitive and all that are in use are upper case; this keeps most other text protocols out.
  if (first < 0x41 || first > 0x5a) return START.none;
  const lf = findLf(bytes, at, end);
  // Whatever is in the line: where segments end must not change what it is taken for.
  if (lf === -1) return START.likely;
  let last = lf;
  while (last > at && (bytes[last - 1] === CR || bytes[last - 1] === SP)) last--;
  const version = last - 8;
  if (
    version > at &&
    isHttpSlash(bytes, version) &&
    (bytes[version - 1] === SP || bytes[version - 1] === HTAB) &&
    isDigit(bytes[version + 5]) &&
    bytes[version + 6] === 0x2e &&
    isDigit(bytes[version + 7])
  ) {
    if (bytes[version + 5]! <= 0x31) return START.request;
  }
  // Not `PRI * HTTP/2.0` and the like, which open another protocol.
  if (isKnownMethod(bytes, start, at) && findVersion(bytes, at, last) !== -1) return START.request;
  return isSimpleGet(bytes, start, last) ? START.simpleRequest : START.none;
}

/** HTTP/0.9 has one method, and its target is a path. No space may follow the path. */
function isSimpleGet(bytes: Uint8Array, start: number, last: number): boolean {
  if (bytes[start] !== 0x47 || bytes[start + 1] !== 0x45 || bytes[start + 2] !== 0x54) return false;
  if (bytes[start + 3] !== SP || bytes[start + 4] !== 0x2f) return false;
  for (let i = start + 4; i < last; i++) if (bytes[i]! <= SP) return false;
  return true;
}
