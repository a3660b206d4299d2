import test from "ava";
import { parseAddress } from "./ip-address.ts";
import { ipv4Mask, parsePrefix, prefixContains } from "./prefix.ts";

const contains = test.macro({
  exec(t, prefix: string, address: string, expected: boolean) {
    const network = parsePrefix(prefix);
    const bytes = parseAddress(address);
    if (network === null || bytes === null) return t.fail("refused");
    t.is(prefixContains(network, bytes), expected);
  },
  title: (_, prefix, address, expected) =>
    `${address} ${expected ? "lies" : "does not lie"} in ${prefix}`,
});

test(contains, "10.0.0.0/24", "10.0.0.255", true);
test(contains, "10.0.0.0/24", "10.0.1.0", false);
test(contains, "10.0.0.0/31", "10.0.0.1", true);
test(contains, "10.0.0.0/31", "10.0.0.2", false);
test(contains, "0.0.0.0/0", "255.255.255.255", true);
test(contains, "10.0.0.1", "10.0.0.1", true);
test(contains, "10.0.0.1", "10.0.0.2", false);
test(contains, "10.0.0.7/8", "10.9.9.9", true);
test(contains, "fe80::/10", "febf::1", true);
test(contains, "fe80::/10", "fec0::1", false);
test(contains, "::/0", "10.0.0.1", false);

test("what is no prefix is refused", (t) => {
  for (const text of [
    "",
    "10.0.0.0/33",
    "10.0.0.0/",
    "10.0.0.0/08",
    "10.0.0/8",
    "::/129",
    "::/0/0",
  ])
    t.is(parsePrefix(text), null, text);
});

test("netmasks", (t) => {
  t.deepEqual([0, 1, 24, 32].map(ipv4Mask), [0, 0x80000000, 0xffffff00, 0xffffffff]);
});
