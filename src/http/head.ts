import type { Anomaly } from "./anomaly.ts";
import { addLengths } from "./content-length.ts";
import { isKnownMethod, methodName } from "./method.ts";
import {
  COLON,
  CR,
  equalsLower,
  HTAB,
  LF,
  latin1,
  latin1Again,
  parseDecimal,
  SP,
  skipBlank,
  TOKEN,
  trimEnd,
} from "./syntax.ts";
import { addCodings } from "./transfer-coding.ts";
import { findVersion, versionNumber } from "./version.ts";

/** How a message's transfer coding reads: none, chunked last (the only one that frames), or anything else. */
export type TransferCoding = "none" | "chunked" | "other";

/** The parts of a head that framing and the transaction need. One object is reused for all heads of a stream. */
export class Head {
  method = "";
  target = "";
  /** 9, 10, 11: ten times major plus minor. */
  version = 11;
  status = 0;
  host = "";
  /** Media type without parameters. */
  contentType = "";
  /** Bytes; -1 without a usable field; `Infinity` above 2^53 - 1. */
  contentLength = -1;
  contentLengthSeen = 0;
  /** Two differing lengths, or one that is no number. */
  contentLengthFault = false;
  transferCoding: TransferCoding = "none";
  connectionClose = false;
  connectionKeepAlive = false;
  /** What was wrong with the head, once for each time it was met. */
  readonly anomalies: Anomaly[] = [];

  reset(): void {
    this.method = "";
    this.target = "";
    this.version = 11;
    this.status = 0;
    this.contentLength = -1;
    this.contentLengthSeen = 0;
    this.contentLengthFault = false;
    this.transferCoding = "none";
    this.connectionClose = false;
    this.connectionKeepAlive = false;
    if (this.anomalies.length > 0) this.anomalies.length = 0;
  }
}

/**
 * Read a head from bytes[start, end) on, whose start line was found good by `classifyStart`. Returns where it ends, one
 * past its empty line, or -1 when that is not there yet; `head` is then in no particular state.
 * Field names are compared without case; of the fields only those that matter are looked at.
 */
export function parseHead(
  bytes: Uint8Array,
  start: number,
  end: number,
  isRequest: boolean,
  head: Head,
): number {
  const previousHost = head.host;
  const previousType = head.contentType;
  head.reset();
  head.host = "";
  head.contentType = "";
  let lineEnd = start;
  while (lineEnd < end && bytes[lineEnd] !== LF) lineEnd++;
  if (isRequest) parseRequestLine(bytes, start, lineEnd, head);
  else parseStatusLine(bytes, start, lineEnd, head);

  let at = lineEnd + 1;
  while (at < end) {
    // The name, up to what ends it; then the value, up to the LF that no fold follows.
    let nameEnd = at;
    while (nameEnd < end && TOKEN[bytes[nameEnd]!] === 1) nameEnd++;
    let next = nameEnd;
    while (next < end && bytes[next] !== LF) next++;
    if (next >= end) return -1;
    if (next - at <= 1 && (next === at || bytes[at] === CR)) return next + 1;
    while (next + 1 < end && (bytes[next + 1] === SP || bytes[next + 1] === HTAB)) {
      head.anomalies.push("obs-fold");
      next++;
      while (next < end && bytes[next] !== LF) next++;
    }
    if (next >= end) return -1;
    let colon = nameEnd;
    if (bytes[colon] !== COLON) {
      while (colon < next && (bytes[colon] === SP || bytes[colon] === HTAB)) colon++;
      const isField = bytes[colon] === COLON && nameEnd > at;
      head.anomalies.push(isField ? "space-before-colon" : "bad-header-line");
    }
    if (bytes[colon] === COLON) {
      parseField(bytes, at, nameEnd, colon + 1, next, head, previousHost, previousType);
    }
    at = next + 1;
  }
  return -1;
}

/** A field whose name is bytes[start, nameEnd) and whose value stands, with blanks around it, in bytes[from, end). */
function parseField(
  bytes: Uint8Array,
  start: number,
  nameEnd: number,
  from: number,
  end: number,
  head: Head,
  previousHost: string,
  previousType: string,
): void {
  // The length and the first letter tell the few names apart that matter.
  const first = bytes[start]! | 0x20;
  switch (nameEnd - start) {
    case 4:
      if (first === 0x68 && head.host === "" && equalsLower(bytes, start, nameEnd, "host")) {
        const at = skipBlank(bytes, from, end);
        head.host = latin1Again(bytes, at, trimEnd(bytes, at, end), previousHost);
      }
      return;
    case 10:
      if (first === 0x63 && equalsLower(bytes, start, nameEnd, "connection")) {
        parseConnection(bytes, skipBlank(bytes, from, end), end, head);
      }
      return;
    case 12:
      if (
        first === 0x63 &&
        head.contentType === "" &&
        equalsLower(bytes, start, nameEnd, "content-type")
      ) {
        const at = skipBlank(bytes, from, end);
        let to = at;
        while (to < end && bytes[to] !== 0x3b && bytes[to] !== LF) to++;
        head.contentType = latin1Again(bytes, at, trimEnd(bytes, at, to), previousType);
      }
      return;
    case 14:
      if (first === 0x63 && equalsLower(bytes, start, nameEnd, "content-length")) {
        parseContentLength(bytes, skipBlank(bytes, from, end), end, head);
      }
      return;
    case 17:
      if (first === 0x74 && equalsLower(bytes, start, nameEnd, "transfer-encoding")) {
        const at = skipBlank(bytes, from, end);
        const to = trimEnd(bytes, at, end);
        if (head.transferCoding === "none" && equalsLower(bytes, at, to, "chunked")) {
          head.transferCoding = "chunked";
        } else addCodings(latin1(bytes, at, to), head);
      }
      return;
  }
}

function parseContentLength(bytes: Uint8Array, from: number, end: number, head: Head): void {
  const to = trimEnd(bytes, from, end);
  const value = parseDecimal(bytes, from, to);
  if (value >= 0 && head.contentLengthSeen === 0) {
    head.contentLength = value;
    head.contentLengthSeen = 1;
  } else addLengths(latin1(bytes, from, to), head);
}

function parseConnection(bytes: Uint8Array, from: number, end: number, head: Head): void {
  const to = trimEnd(bytes, from, end);
  if (equalsLower(bytes, from, to, "keep-alive")) head.connectionKeepAlive = true;
  else if (equalsLower(bytes, from, to, "close")) head.connectionClose = true;
  else {
    for (const option of latin1(bytes, from, to).toLowerCase().split(",")) {
      if (option.trim() === "close") head.connectionClose = true;
      else if (option.trim() === "keep-alive") head.connectionKeepAlive = true;
    }
  }
}

/**
 * Method, target, version. The target is what stands between the first and the last space, spaces in it included
 * (RFC 9112 §3 has none in it; a server that takes such a line takes it so). With two words only the second is the target.
 */
function parseRequestLine(bytes: Uint8Array, start: number, lineEnd: number, head: Head): void {
  let methodEnd = start;
  while (methodEnd < lineEnd && bytes[methodEnd] !== SP) methodEnd++;
  head.method = methodName(bytes, start, methodEnd);
  const last = trimEnd(bytes, methodEnd, lineEnd);
  const version = findVersion(bytes, methodEnd, last);
  if (version !== -1) {
    head.version = versionNumber(bytes, version, last);
    const from = skipBlank(bytes, methodEnd, version);
    const isTargetless = from === version && version === methodEnd + 1;
    head.target = isTargetless
      ? latin1(bytes, version, last)
      : latin1(bytes, from, trimEnd(bytes, from, version));
  } else {
    head.version = 9;
    head.target = latin1(bytes, skipBlank(bytes, methodEnd, last), last);
  }
}

/**
 * Read a request line whose end is missing: `GET /path HTT`, or after a method that everybody knows even `GET /pa`, whose
 * target is then as far as it goes. False, and `head` in no particular state, otherwise.
 */
export function readCutRequestLine(
  bytes: Uint8Array,
  start: number,
  end: number,
  head: Head,
): boolean {
  const shown = latin1(bytes, start, end);
  const match = CUT_REQUEST_LINE.exec(shown);
  if (match === null) return false;
  const [, method = "", part, whole] = match;
  if (part !== undefined && !isKnownMethod(bytes, start, start + method.length)) return false;
  head.reset();
  head.method = method;
  head.target = part ?? whole ?? "";
  head.host = "";
  head.contentType = "";
  return true;
}

/** Method, target (a path, an absolute URI or anything, if it is whole), and the beginning of ` HTTP/1.1`. */
const CUT_REQUEST_LINE =
  /^([A-Z][A-Z0-9_-]*) +(?:([/h][^\0-\x20]*)|([^\0-\x20]+) +(?:HT?T?P?|HTTP\/1?\.?\d?\r?)?)$/;

function parseStatusLine(bytes: Uint8Array, start: number, lineEnd: number, head: Head): void {
  let at = start;
  while (at < lineEnd && bytes[at] !== SP) at++;
  head.version = at - start < 8 ? 10 : versionNumber(bytes, start, at);
  while (at < lineEnd && bytes[at] === SP) at++;
  let status = 0;
  for (let i = 0; i < 3 && at < lineEnd; i++, at++) {
    const digit = bytes[at]! - 0x30;
    if (digit < 0 || digit > 9) break;
    status = status * 10 + digit;
  }
  head.status = status;
}
