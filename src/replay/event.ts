/** What happens at a replayer, by name. Each is counted. */
export const REPLAY_EVENTS = [
  /** A frame that is no TCP over IP. */
  "not-tcp",
  /** A frame that cannot be read, or whose checksum is wrong. */
  "malformed",
  /** TCP options of a SYN that cannot be read. */
  "malformed-options",
  /** Part of a fragmented packet. */
  "fragment",
  /** A SYN to an address and port that are not on the tape: answered by RST. */
  "connection-refused",
  /** A segment of no connection: answered by RST. */
  "stray-segment",
  "connection-opened",
  /** Both sides closed in order. */
  "connection-closed",
  /** The bot sent RST. */
  "connection-reset",
  /** The bot never completed the handshake. */
  "half-open-dropped",
  /** The bot left segments unacknowledged too often. */
  "gave-up",
  /** Nothing happened for so long that this side closed. */
  "idle-closed",
  /** The bot did not close its side after this one had closed. */
  "half-closed-dropped",
  /** There were too many connections: the one idle for longest had to go. */
  "crowded-out",
  /** The bot asks on without reading the answers. */
  "overrun",
  "segment-retransmitted",
  "fast-retransmission",
  "window-probe",
  /** A segment that came again, or that lies outside the window. */
  "duplicate-segment",
  "out-of-order-segment",
  /** RST or SYN that fit no state, or an acknowledgement of what was never sent (RFC 5961): answered by ACK. */
  "challenged",
  "not-http",
  "http-anomaly",
  /** The bot closed in the middle of a request. */
  "request-cut",
  /** Bytes came after this side had decided to close. */
  "bytes-after-close",
] as const;

export type ReplayEvent = (typeof REPLAY_EVENTS)[number];
