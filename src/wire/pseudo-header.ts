import { sumBytes } from "./checksum.ts";
import { parseAddress } from "./ip-address.ts";

/*
 * The pseudo header that the checksums of TCP, UDP and ICMPv6 cover: both addresses, the protocol and the length of
 * the segment (RFC 9293 §3.1 for IPv4, RFC 8200 §8.1 for IPv6). The two add up to the same words.
 */

/** Its sum, the addresses standing one behind the other at `bytes[addressesAt, addressesEnd)`, in the IP header. */
export function pseudoHeaderSumAt(
  bytes: Uint8Array,
  addressesAt: number,
  addressesEnd: number,
  protocol: number,
  length: number,
): number {
  return (
    sumBytes(bytes, addressesAt, addressesEnd) + protocol + (length >>> 16) + (length & 0xffff)
  );
}

/** Its sum, the addresses given as text. Throws RangeError for what is no address. */
export function pseudoHeaderSum(
  protocol: number,
  length: number,
  source: string,
  destination: string,
): number {
  const words = addressSum(source) + addressSum(destination);
  return words + protocol + (length >>> 16) + (length & 0xffff);
}

function addressSum(text: string): number {
  const bytes = parseAddress(text);
  if (bytes === null) throw new RangeError(`not an IP address: ${JSON.stringify(text)}`);
  return sumBytes(bytes);
}
