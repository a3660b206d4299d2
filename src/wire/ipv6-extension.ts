import { WIRE_LIMITS } from "../base/limits.ts";
import { u16, u32 } from "./bytes.ts";
import { type Malformed, malformed } from "./malformed.ts";

/*
 * Extension headers (RFC 8200 §4): next header 1, length 1 (in words of 8 bytes, without the first 8), content.
 * The fragment header has 8 bytes; the authentication header (RFC 4302) counts words of 4 without the first two.
 */
const EXTENSION = {
  hopByHop: 0,
  routing: 43,
  fragment: 44,
  authentication: 51,
  destination: 60,
} as const;

const EXTENSIONS_MAX = WIRE_LIMITS.extensionHeadersMax;

export interface Ipv6Fragment {
  readonly identification: number;
  /** In bytes, a multiple of 8. */
  readonly offset: number;
  readonly more: boolean;
}

/** What stands behind the extension headers. */
export interface Ipv6Transport {
  readonly protocol: number;
  readonly at: number;
  readonly fragment: Ipv6Fragment | undefined;
}

/** Walks from the header `nextHeader` at `bytes[at, end)` to the first that is no extension. */
export function skipIpv6Extensions(
  bytes: Uint8Array,
  at: number,
  end: number,
  nextHeader: number,
): Ipv6Transport | Malformed {
  let protocol = nextHeader;
  let position = at;
  let fragment: Ipv6Fragment | undefined;
  for (let count = 0; isExtension(protocol); count++) {
    if (count === EXTENSIONS_MAX) return malformed(`IPv6: more than ${count} extension headers`);
    if (position + 8 > end) return malformed("IPv6: the packet ends within an extension header");
    const length = extensionBytes(bytes, position, protocol);
    if (position + length > end) {
      return malformed(`IPv6: an extension of ${length} bytes, ${end - position} are there`);
    }
    if (protocol === EXTENSION.fragment) {
      const word = u16(bytes, position + 2);
      const offset = word & 0xfff8;
      fragment = { identification: u32(bytes, position + 4), offset, more: (word & 1) === 1 };
    }
    protocol = bytes[position]!;
    position += length;
    // Behind the first fragment nothing can be parsed: it is the middle of something.
    if (fragment !== undefined && fragment.offset > 0) break;
  }
  return { protocol, at: position, fragment };
}

function isExtension(protocol: number): boolean {
  return (
    protocol === EXTENSION.hopByHop ||
    protocol === EXTENSION.routing ||
    protocol === EXTENSION.fragment ||
    protocol === EXTENSION.authentication ||
    protocol === EXTENSION.destination
  );
}

function extensionBytes(bytes: Uint8Array, at: number, protocol: number): number {
  if (protocol === EXTENSION.fragment) return 8;
  const length = bytes[at + 1]!;
  return protocol === EXTENSION.authentication ? (length + 2) * 4 : (length + 1) * 8;
}
