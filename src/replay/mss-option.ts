import { setU16, u16 } from "../wire/bytes.ts";

/** The maximum segment size option (RFC 9293 §3.7.1). */
const KIND_END = 0;
const KIND_NOTHING = 1;
const KIND_MSS = 2;

export function mssOption(mss: number): Uint8Array {
  const option = new Uint8Array([KIND_MSS, 4, 0, 0]);
  setU16(option, 2, mss);
  return option;
}

/** The MSS in a SYN's options, or `undefined`. Options that are not what they should be end the search. */
export function mssOf(options: Uint8Array): number | undefined {
  let at = 0;
  while (at < options.length) {
    const kind = options[at]!;
    if (kind === KIND_END) return undefined;
    if (kind === KIND_NOTHING) {
      at++;
      continue;
    }
    const length = options[at + 1] ?? 0;
    if (length < 2 || at + length > options.length) return undefined;
    if (kind === KIND_MSS && length === 4) return u16(options, at + 2);
    at += length;
  }
  return undefined;
}
