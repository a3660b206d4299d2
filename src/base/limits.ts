/**
 * Every limit of the project, with the reason for its size. What runs into a limit is counted and reported.
 */

/** src/http */
export const HTTP_LIMITS = {
  /** A head (start line and fields). Servers stop at 8 to 64 KiB; captures hold a few larger ones. */
  headBytesMax: 262_144,
  /** The trailer section of a chunked body. */
  trailerBytesMax: 65_536,
  /** A chunk-size line with its extensions; servers stop at 4 to 16 KiB. */
  chunkLineBytesMax: 16_384,
  /** Requests of one connection that wait for their response (pipelining). Browsers used at most 32. */
  outstandingMax: 1_024,
  /** One message kept as it was on the wire (`keepBytes`), or one body held by a message reader. */
  messageBytesMax: 64 * 1024 * 1024,
} as const;
