/** Times and numbers of a host below TCP. */
export const HOST = {
  /** How long an ARP answer is good. */
  neighbourNs: 300e9,
  /** ARP questions before a neighbour is given up, and the time between them (Linux: 3, one second). */
  arpTries: 3,
  arpRetryNs: 1e9,
  /** Ephemeral ports (RFC 6335). */
  ephemeralPortMin: 49_152,
  ephemeralPortMax: 65_535,
  pingTimeoutMs: 1_000,
} as const;
