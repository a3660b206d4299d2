import type { Anomaly } from "./anomaly.ts";
import { addLengths } from "./content-length.ts";
import { methodName } from "./method.ts";
import {
  COLON,
  CR,
  equalsLower,
  HTAB,
  isTokenByte,
  LF,
  latin1,
  latin1Again,
  parseDecimal,
  SP,
  skipBlank,
  trimEnd,
} from "./syntax.ts";
import { addCodings } from "./transfer-coding.ts";

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

  reset(): void {
    this.method = "";
    this.target = "";
    this.version = 11;
    this.status = 0;
    // host and contentType stay as a cache; `parse` clears them when the field is absent.
    this.contentLength = -1;
    this.contentLengthSeen = 0;
    this.contentLengthFault = false;
    this.transferCoding = "none";
    this.connectionClose = false;
    this.connectionKeepAlive = false;
  }
}

/** Told of each anomaly, once for each time it is met. */
export type AnomalyReport = (name: Anomaly) => void;

/**
 * Read a whole head, bytes[start, end), start line to empty line, whose start line was found good by `classifyStart`.
 * Field names are compared without case; of the fields only those that matter are looked at.
 */
export function parseHead(
  bytes: Uint8Array,
  start: number,
  end: number,
  isRequest: boolean,
  head: Head,
  report: AnomalyReport,
): void {
  head.reset();
  let lineEnd = start;
  while (lineEnd < end && bytes[lineEnd] !== LF) lineEnd++;
  if (isRequest) parseRequestLine(bytes, start, lineEnd, head);
  else parseStatusLine(bytes, start, lineEnd, head);

  const seen = new FieldsSeen(head.host, head.contentType);
  let at = lineEnd + 1;
  while (at < end) {
    let next = at;
    while (next < end && bytes[next] !== LF) next++;
    // Folded lines belong to this one: the value goes on after LF and a space or tab.
    let folded = false;
    while (next + 1 < end && (bytes[next + 1] === SP || bytes[next + 1] === HTAB)) {
      folded = true;
      next++;
      while (next < end && bytes[next] !== LF) next++;
    }
    const first = bytes[at]!;
    if (!(first === CR && next === at + 1) && next > at) {
      if (folded) report("obs-fold");
      parseField(bytes, at, next, head, seen, report);
    }
    at = next + 1;
  }
  if (!seen.host) head.host = "";
  if (!seen.contentType) head.contentType = "";
}

/** Which cached fields this head has, and the values of the head before it. */
class FieldsSeen {
  host = false;
  contentType = false;
  readonly previousHost: string;
  readonly previousType: string;
  constructor(previousHost: string, previousType: string) {
    this.previousHost = previousHost;
    this.previousType = previousType;
  }
}

function parseField(
  bytes: Uint8Array,
  start: number,
  end: number,
  head: Head,
  seen: FieldsSeen,
  report: AnomalyReport,
): void {
  let colon = start;
  while (colon < end && isTokenByte(bytes[colon]!)) colon++;
  let nameEnd = colon;
  if (bytes[colon] === SP || bytes[colon] === HTAB) {
    while (colon < end && (bytes[colon] === SP || bytes[colon] === HTAB)) colon++;
    if (bytes[colon] === COLON) report("space-before-colon");
  }
  if (colon >= end || bytes[colon] !== COLON || nameEnd === start) {
    report("bad-header-line");
    return;
  }
  nameEnd = Math.min(nameEnd, colon);
  // The first letter and the length tell the few names apart that matter.
  switch (bytes[start]! | 0x20) {
    case 0x63: // c
      if (nameEnd - start === 12 && equalsLower(bytes, start, nameEnd, "content-type")) {
        if (seen.contentType) return;
        const from = skipBlank(bytes, colon + 1, end);
        let to = from;
        while (to < end && bytes[to] !== 0x3b && bytes[to] !== LF) to++;
        head.contentType = latin1Again(bytes, from, trimEnd(bytes, from, to), seen.previousType);
        seen.contentType = true;
      } else if (nameEnd - start === 14 && equalsLower(bytes, start, nameEnd, "content-length")) {
        const from = skipBlank(bytes, colon + 1, end);
        const to = trimEnd(bytes, from, end);
        const value = parseDecimal(bytes, from, to);
        if (value >= 0 && head.contentLengthSeen === 0) {
          head.contentLength = value;
          head.contentLengthSeen = 1;
        } else {
          addLengths(latin1(bytes, from, to), head, report);
        }
      } else if (nameEnd - start === 10 && equalsLower(bytes, start, nameEnd, "connection")) {
        parseConnection(bytes, skipBlank(bytes, colon + 1, end), end, head);
      }
      return;
    case 0x68: // h
      if (nameEnd - start === 4 && equalsLower(bytes, start, nameEnd, "host") && !seen.host) {
        const from = skipBlank(bytes, colon + 1, end);
        head.host = latin1Again(bytes, from, trimEnd(bytes, from, end), seen.previousHost);
        seen.host = true;
      }
      return;
    case 0x74: // t
      if (nameEnd - start === 17 && equalsLower(bytes, start, nameEnd, "transfer-encoding")) {
        const from = skipBlank(bytes, colon + 1, end);
        addCodings(latin1(bytes, from, trimEnd(bytes, from, end)), head, report);
      }
      return;
  }
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

/** Method, target, version. The target is what stands between the first and the last space, spaces in it included. */
function parseRequestLine(bytes: Uint8Array, start: number, lineEnd: number, head: Head): void {
  let methodEnd = start;
  while (methodEnd < lineEnd && bytes[methodEnd] !== SP) methodEnd++;
  head.method = methodName(bytes, start, methodEnd);
  const last = trimEnd(bytes, methodEnd, lineEnd);
  const version = last - 8;
  if (version > methodEnd && bytes[version + 4] === 0x2f && bytes[version - 1] === SP) {
    head.version = (bytes[version + 5]! - 0x30) * 10 + (bytes[version + 7]! - 0x30);
    const from = skipBlank(bytes, methodEnd, version);
    head.target = latin1(bytes, from, trimEnd(bytes, from, version));
  } else {
    head.version = 9;
    head.target = latin1(bytes, skipBlank(bytes, methodEnd, last), last);
  }
}

function parseStatusLine(bytes: Uint8Array, start: number, lineEnd: number, head: Head): void {
  let at = start;
  while (at < lineEnd && bytes[at] !== SP) at++;
  const isHttp = at - start === 8;
  head.version = isHttp ? (bytes[start + 5]! - 0x30) * 10 + (bytes[start + 7]! - 0x30) : 10;
  while (at < lineEnd && bytes[at] === SP) at++;
  let status = 0;
  for (let i = 0; i < 3 && at < lineEnd; i++, at++) {
    const digit = bytes[at]! - 0x30;
    if (digit < 0 || digit > 9) break;
    status = status * 10 + digit;
  }
  head.status = status;
}
