/** TCP sequence numbers: 32 bits, compared modulo 2^32 (RFC 9293 §3.4). */

/** `sequence` + `count`, wrapped. */
export function advance(sequence: number, count: number): number {
  return (sequence + count) >>> 0;
}

/** How far `to` is ahead of `from`: negative when it is behind. Exact within half of the number space. */
export function distance(from: number, to: number): number {
  return (to - from) | 0;
}
