import { parseAddress } from "./ip-address.ts";

/** A network in CIDR notation (RFC 4632, RFC 4291 §2.3), IPv4 or IPv6. */
export interface Prefix {
  /** 4 or 16 bytes. Bits behind the prefix are kept as they were written. */
  readonly address: Uint8Array;
  /** In bits. */
  readonly length: number;
}

/** `10.0.0.0/24` or `fe80::/10`; an address alone is a prefix of its full length. `null` for anything else. */
export function parsePrefix(text: string): Prefix | null {
  const [addressText = "", lengthText, ...more] = text.split("/");
  const address = parseAddress(addressText);
  if (address === null || more.length > 0) return null;
  const bits = address.length * 8;
  if (lengthText === undefined) return { address, length: bits };
  if (!/^(0|[1-9]\d{0,2})$/.test(lengthText) || Number(lengthText) > bits) return null;
  return { address, length: Number(lengthText) };
}

/** Whether the address lies in the network. One of the other family does not. */
export function prefixContains(prefix: Prefix, address: Uint8Array): boolean {
  if (address.length !== prefix.address.length) return false;
  const whole = prefix.length >>> 3;
  for (let i = 0; i < whole; i++) if (address[i] !== prefix.address[i]) return false;
  const rest = prefix.length & 7;
  if (rest === 0) return true;
  return (address[whole]! ^ prefix.address[whole]!) >>> (8 - rest) === 0;
}

/** The netmask of an IPv4 prefix as an unsigned number: 24 gives 0xffffff00. */
export function ipv4Mask(length: number): number {
  // A shift by 32 is a shift by 0 in JavaScript.
  return length === 0 ? 0 : (0xffffffff << (32 - length)) >>> 0;
}
