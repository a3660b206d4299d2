/** Kind 2, length 4 (RFC 9293, 3.7.1). */
export function mssOption(mss: number): Uint8Array {
  return Uint8Array.of(2, 4, mss >>> 8, mss & 0xff);
}

/** The maximum segment size among a SYN's options; null where there is none. Stops at an option that is cut. */
export function findMss(options: Uint8Array): number | null {
  let at = 0;
  while (at < options.length) {
    const kind = options[at];
    if (kind === 0) return null;
    if (kind === 1) {
      at++;
      continue;
    }
    const length = options[at + 1] ?? 0;
    if (length < 2 || at + length > options.length) return null;
    if (kind === 2 && length === 4) return ((options[at + 2] ?? 0) << 8) | (options[at + 3] ?? 0);
    at += length;
  }
  return null;
}
