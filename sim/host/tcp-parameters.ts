/** Sizes and times of TCP, as systems in use have them. Nanoseconds. */
export const TCP = {
  /** Our maximum segment size: an Ethernet frame of 1500 without options. */
  mss: 1_460,
  /** What a peer takes that does not say (RFC 9293, 3.7.1). */
  mssDefault: 536,
  /** Initial congestion window in segments (RFC 6928). */
  initialWindowSegments: 10,
  /** Before the first measurement (RFC 6298, 2.1). */
  rtoInitialNs: 1e9,
  /** Linux' floor; RFC 6298 recommends one second, which no system in use keeps. */
  rtoMinNs: 0.2e9,
  /** Linux' TCP_RTO_MAX; RFC 6298, 2.5 asks for a minute at least. */
  rtoMaxNs: 120e9,
  /** Linux' tcp_syn_retries: 127 s with the initial timeout of one second. */
  synRetriesMax: 6,
  /** Linux' tcp_retries2: about 15 minutes. Fewer would give up on links that lose every third frame. */
  dataRetriesMax: 15,
  /** Linux' delayed acknowledgement; RFC 9293, 3.8.6.3 allows 500 ms. */
  delayedAckNs: 40e6,
  /** Twice the maximum segment lifetime as Linux takes it. */
  timeWaitNs: 60e9,
  /** Linux' tcp_fin_timeout: silence after which a side that is closed and that nobody reads is given up. */
  finWaitNs: 60e9,
  /** Linux' tcp_invalid_ratelimit. */
  challengeGapNs: 500e6,
} as const;
