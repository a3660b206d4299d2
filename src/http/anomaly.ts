/**
 * What can be wrong with a message, by name. Each is counted; none is silently dropped.
 * Those marked (smuggling) let two readers of the same bytes disagree where a message ends (RFC 9112 §11.2).
 */
export const ANOMALIES = [
  /** (smuggling) Content-Length fields or list members that differ, RFC 9112 §6.3 rule 5. */
  "conflicting-content-length",
  /** The same Content-Length more than once. */
  "repeated-content-length",
  /** (smuggling) A Content-Length that is no decimal number. */
  "invalid-content-length",
  /** A Content-Length above 2^53 - 1: no capture holds such a body. */
  "huge-content-length",
  /** (smuggling) Transfer-Encoding and Content-Length together; Transfer-Encoding wins, RFC 9112 §6.3 rule 3. */
  "transfer-encoding-and-content-length",
  /** (smuggling) A Transfer-Encoding whose last coding is not chunked, or which names chunked twice. */
  "transfer-encoding-not-chunked",
  /** (smuggling) Chunked in HTTP/1.0, which does not know it. */
  "chunked-in-1.0",
  /** (smuggling) A space between field name and colon, RFC 9112 §5.1. */
  "space-before-colon",
  /** A header line that is not `name: value`. */
  "bad-header-line",
  /** A value that goes on in the next line, RFC 9112 §5.2. */
  "obs-fold",
  "bad-chunk-size",
  "huge-chunk-size",
  /** No CRLF after a chunk's data. */
  "bad-chunk-end",
  "head-too-long",
  "trailer-too-long",
  "chunk-line-too-long",
  /** Bytes between two messages that start none. */
  "bytes-between-messages",
  /** A gap in the stream took part of a head away. */
  "gap-in-head",
  /** The stream ended inside a head. */
  "cut-head",
  "response-without-request",
  "too-many-outstanding-requests",
  /** The bytes kept of one message (`keepBytes`) reached their limit. */
  "raw-too-long",
] as const;

export type Anomaly = (typeof ANOMALIES)[number];
