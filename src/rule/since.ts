import type { Field } from "./field.ts";
import type { Piece } from "./piece.ts";

/** Versions of Open vSwitch whose language can be asked for. None: that of 3.1. */
export type OvsVersion = "2.5";

/** Refuses what came with `since` where an older language was asked for. */
export function requireVersion(
  at: Piece,
  version: OvsVersion | undefined,
  since: string,
  what = at.text,
): void {
  if (version !== undefined)
    throw at.error(`${what} came with Open vSwitch ${since}, and this is for ${version}`);
}

/** With which version after 2.5 a field came (ovs-fields(7)), or `null` for those that 2.5 knew. */
export function fieldSince({ name }: Field): string | null {
  if (/^xxreg/.test(name)) return "2.6";
  if (/^reg(?:[89]|1\d)$/.test(name) || /^xreg[4-7]$/.test(name)) return "2.6";
  return /^ct_(?:nw|ipv6|tp)_/.test(name) ? "2.8" : null;
}

/** Bits of `ct_state` that 2.5 did not know: snat and dnat. */
export const CT_STATE_SINCE_2_6 = 0xc0n;
