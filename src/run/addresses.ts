import { InputError } from "../base/errors.ts";
import { formatIpv4Address } from "../wire/ip-address.ts";
import { ipv4Mask, parsePrefix } from "../wire/prefix.ts";
import type { BridgeName } from "./plan.ts";

const REALMS: Readonly<Record<BridgeName, string>> = {
  private: "0a",
  isolation: "14",
  outside: "cb",
};

/** A locally administered MAC address that tells its bridge and number. */
export function macOf(bridge: BridgeName, number: number): string {
  const [high, low] = [number >> 8, number & 0xff].map((n) => n.toString(16).padStart(2, "0"));
  return `52:54:00:${REALMS[bridge]}:${high}:${low}`;
}

/** `10.10.0.0/24` → its first address as a number and its prefix length. Throws RangeError for what is no IPv4 network. */
export function parseSubnet(subnet: string): {
  readonly base: number;
  readonly prefixLength: number;
} {
  const prefix = parsePrefix(subnet);
  if (prefix === null || prefix.address.length !== 4) throw new RangeError(`no network: ${subnet}`);
  const [a = 0, b = 0, c = 0, d = 0] = prefix.address;
  const address = ((a << 24) | (b << 16) | (c << 8) | d) >>> 0;
  return { base: (address & ipv4Mask(prefix.length)) >>> 0, prefixLength: prefix.length };
}

/** Hands out addresses and port numbers of one bridge, in order, from `first` on. */
export class Numbering {
  readonly bridge: BridgeName;
  readonly prefixLength: number;
  readonly #base: number;
  readonly #taken: ReadonlySet<string>;
  #next: number;
  #port: number;

  constructor(bridge: BridgeName, subnet: string, taken: readonly string[], first = 10) {
    const { base, prefixLength } = parseSubnet(subnet);
    this.bridge = bridge;
    this.prefixLength = prefixLength;
    this.#base = base;
    this.#taken = new Set(taken);
    this.#next = first;
    this.#port = first;
  }

  /** The next free address with its port and MAC. Throws InputError when the subnet is full. */
  take(): { readonly port: number; readonly mac: string; readonly address: string } {
    const size = 2 ** (32 - this.prefixLength);
    for (;;) {
      if (this.#next >= size - 1) {
        throw new InputError(
          `the network ${this.bridge} has only ${size} addresses: too few for the scenario's hosts`,
          { mend: "give it a shorter prefix, for instance /16, or the scenario fewer hosts" },
        );
      }
      const number = this.#base + this.#next++;
      const address = formatIpv4Address(number);
      if (this.#taken.has(address)) continue;
      const port = this.#port++;
      return { port, mac: macOf(this.bridge, port), address };
    }
  }
}
