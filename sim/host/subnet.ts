import { formatIpv4Address, parseIpv4Address } from "../../src/wire/ip-address.ts";

/** The network that an interface is in. */
export class Subnet {
  readonly prefixLength: number;
  readonly broadcast: string;
  readonly #mask: number;
  readonly #base: number;

  /** Throws RangeError for what is no IPv4 address or prefix length. */
  constructor(address: string, prefixLength: number) {
    const number = parseIpv4Address(address);
    if (number === null) throw new RangeError(`not an IPv4 address: ${JSON.stringify(address)}`);
    if (!Number.isInteger(prefixLength) || prefixLength < 0 || prefixLength > 32) {
      throw new RangeError(`not a prefix length: ${prefixLength}`);
    }
    this.prefixLength = prefixLength;
    this.#mask = prefixLength === 0 ? 0 : (~0 << (32 - prefixLength)) >>> 0;
    this.#base = (number & this.#mask) >>> 0;
    // A /31 or /32 has no broadcast address of its own (RFC 3021): its last address is a host's.
    const last = prefixLength >= 31 ? 0xffffffff : (this.#base | ~this.#mask) >>> 0;
    this.broadcast = formatIpv4Address(last);
  }

  has(address: string): boolean {
    const number = parseIpv4Address(address);
    return number !== null && (number & this.#mask) >>> 0 === this.#base;
  }
}
