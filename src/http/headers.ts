import { COLON, HTAB, LF, latin1, SP, skipBlank, trimEnd } from "./syntax.ts";

/** Field lines in the order and spelling in which they were sent. */
export type Headers = readonly (readonly [name: string, value: string])[];

/** The value of the first field called `name` (without case), or `undefined`. */
export function headerValue(headers: Headers, name: string): string | undefined {
  const lower = name.toLowerCase();
  for (const [key, value] of headers) if (key.toLowerCase() === lower) return value;
  return undefined;
}

/** All field lines of a head, bytes[start, end), start line included; folded lines are joined by one space (RFC 9112 §5.2). */
export function readHeaders(bytes: Uint8Array, start: number, end: number): Headers {
  const headers: [string, string][] = [];
  let at = nextLine(bytes, start, end);
  while (at < end) {
    let next = nextLine(bytes, at, end);
    while (next < end && (bytes[next] === SP || bytes[next] === HTAB))
      next = nextLine(bytes, next, end);
    const colon = bytes.subarray(at, next).indexOf(COLON);
    if (colon > 0) {
      const from = skipBlank(bytes, at + colon + 1, next);
      const value = latin1(bytes, from, trimEnd(bytes, from, next));
      headers.push([
        latin1(bytes, at, trimEnd(bytes, at, at + colon)),
        value.replace(/\r?\n[ \t]+/g, " "),
      ]);
    }
    at = next;
  }
  return headers;
}

function nextLine(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end && bytes[at] !== LF) at++;
  // A head that was cut off has no LF behind its last line.
  return Math.min(end, at + 1);
}
