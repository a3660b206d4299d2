/** Sizes and times of a simulated host below TCP. */
export const HOST_LIMITS = {
  /** Neighbours that are remembered; beyond, the one learned first is forgotten. A /22 full of hosts fits. */
  neighboursMax: 1_024,
  /** How long an ARP answer is good. */
  neighbourNs: 300e9,
  /** ARP questions before a neighbour is given up, and the time between them (Linux: 3, one second). */
  arpTries: 3,
  arpRetryNs: 1e9,
  /** Frames that wait for one answer. */
  arpQueueMax: 64,
  /** Datagrams that wait for their reader. */
  datagramsMax: 1_024,
  /** Ephemeral ports (RFC 6335). */
  ephemeralPortMin: 49_152,
  ephemeralPortMax: 65_535,
  /** What an ICMP error may tell of the packet that it is about, in all: 576 bytes (RFC 1812, 4.3.2.3). */
  pingTimeoutMs: 1_000,
} as const;
