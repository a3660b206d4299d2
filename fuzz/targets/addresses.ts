import type { Random } from "../../src/base/random.ts";
import { parseHost } from "../../src/feature/host-name.ts";
import { parseAddress, readIpv4Address } from "../../src/wire/ip-address.ts";
import { readIpv6Address } from "../../src/wire/ipv6-address.ts";
import { parseMac, readMac } from "../../src/wire/mac.ts";
import { parsePrefix, prefixContains } from "../../src/wire/prefix.ts";
import { mutateText } from "../mutate/text.ts";
import { Contradiction, expectSame, type Target } from "../target.ts";

const ADDRESSES = [
  "10.0.0.1",
  "255.255.255.255/32",
  "198.18.0.0/15",
  "::",
  "fd00::1",
  "2001:db8:0:0:1:0:0:1/64",
  "::ffff:192.0.2.1",
  "52:54:00:00:00:01",
  "www.example.com:8080",
  "[fd00::99]:80",
  "a_b-c.example.",
] as const;
const WORDS = [
  ".",
  ":",
  "::",
  "/",
  "/0",
  "/128",
  "/33",
  "%eth0",
  "[",
  "]",
  "0x7f",
  "256",
  "g",
  ":65536",
];

/** Addresses, networks and host names: what is read is written in one way, which is read as the same. */
export const addresses: Target = {
  name: "addresses",
  share: 8,
  make: (random: Random) =>
    Buffer.from(mutateText(random, random.pick(ADDRESSES), WORDS, random.pick(ADDRESSES))),
  run(input) {
    const text = Buffer.from(input).toString();
    const address = parseAddress(text);
    if (address !== null) {
      const written = textOf(address);
      expectSame("an address written and read", textOf(parseAddress(written)!), written);
    }
    const prefix = parsePrefix(text);
    if (prefix !== null && !prefixContains(prefix, prefix.address))
      throw new Contradiction("a network without its own address");
    const mac = parseMac(text);
    if (mac !== null)
      expectSame("a MAC written and read", readMac(parseMac(readMac(mac))!), readMac(mac));
    const named = parseHost(text);
    if (named === null) return;
    const host = named.name.includes(":") ? `[${named.name}]` : named.name;
    const again = parseHost(named.port === null ? host : `${host}:${named.port}`);
    expectSame("a host written and read", JSON.stringify(again), JSON.stringify(named));
  },
};

function textOf(address: Uint8Array): string {
  return address.length === 4 ? readIpv4Address(address) : readIpv6Address(address);
}
