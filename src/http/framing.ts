import type { Head } from "./head.ts";

/** How the body of a message ends. */
export type Framing = "none" | "length" | "chunked" | "close";

/**
 * Message body length, RFC 9112 §6.3. `isBodyless`: the response to HEAD, 1xx, 204, 304, or 2xx to CONNECT (rules 1
 * and 2). Where the RFC calls for an error, a reader of captures still has to go on; the reason is given at each place.
 */
export function framingOf(head: Head, isRequest: boolean, isBodyless: boolean): Framing {
  const hasLength = head.contentLengthSeen > 0;
  if (head.transferCoding !== "none" && hasLength)
    head.anomalies.push("transfer-encoding-and-content-length");
  if (isBodyless) return "none";
  if (head.transferCoding === "chunked") {
    if (head.version < 11) head.anomalies.push("chunked-in-1.0");
    return "chunked";
  }
  if (head.transferCoding === "other") {
    // Rule 4: a response runs to the close; a request is answered with 400, so nothing of its body can be told.
    return isRequest ? "none" : "close";
  }
  if (hasLength && !(head.contentLengthFault && head.contentLength < 0)) {
    if (head.contentLength === Infinity) head.anomalies.push("huge-content-length");
    return head.contentLength === 0 ? "none" : "length";
  }
  return isRequest ? "none" : "close";
}
