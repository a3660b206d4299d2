import { setU16, setU32 } from "../src/wire/bytes.ts";
import { emitIpv4, parseIpv4 } from "../src/wire/ipv4.ts";
import { emitIpv6, parseIpv6 } from "../src/wire/ipv6.ts";
import { isMalformed } from "../src/wire/malformed.ts";
import { join } from "./link-layers.ts";

const FRAGMENT_HEADER = 44;

/** A part of a datagram's payload: bytes[start, end). */
export interface Part {
  readonly start: number;
  readonly end: number;
}

/** IPv4 fragments of a packet (RFC 791 §3.2), one for each part. Starts are multiples of 8. */
export function ipv4Fragments(packet: Uint8Array, parts: readonly Part[]): Uint8Array[] {
  const whole = parseIpv4(packet);
  if (isMalformed(whole)) throw new RangeError(whole.malformed);
  const { payload } = whole;
  return parts.map(({ start, end }) =>
    emitIpv4({
      ...whole,
      dontFragment: false,
      moreFragments: end < payload.length,
      fragmentOffset: start,
      payload: payload.subarray(start, end),
    }),
  );
}

/** IPv6 fragments of a packet (RFC 8200 §4.5). */
export function ipv6Fragments(
  packet: Uint8Array,
  identification: number,
  parts: readonly Part[],
): Uint8Array[] {
  const whole = parseIpv6(packet);
  if (isMalformed(whole)) throw new RangeError(whole.malformed);
  const { payload, nextHeader } = whole;
  return parts.map(({ start, end }) => {
    const header = new Uint8Array(8);
    header[0] = nextHeader;
    setU16(header, 2, start | (end < payload.length ? 1 : 0));
    setU32(header, 4, identification);
    return emitIpv6({
      ...whole,
      nextHeader: FRAGMENT_HEADER,
      payload: join(header, payload.subarray(start, end)),
    });
  });
}

export interface Extension {
  readonly type: number;
  /** From the header's third byte on; with the two before it a multiple of 8. */
  readonly content: Uint8Array;
}

/** Extension headers put between the IPv6 header and what it carries, in this order. The length counts words of 8 after the first. */
export function extended(packet: Uint8Array, extensions: readonly Extension[]): Uint8Array {
  const whole = parseIpv6(packet);
  if (isMalformed(whole)) throw new RangeError(whole.malformed);
  const parts = extensions.map(({ content }, i) => {
    const next = extensions[i + 1]?.type ?? whole.nextHeader;
    return join(Uint8Array.of(next, (content.length + 2) / 8 - 1), content);
  });
  const nextHeader = extensions[0]?.type ?? whole.nextHeader;
  return emitIpv6({ ...whole, nextHeader, payload: join(...parts, whole.payload) });
}
