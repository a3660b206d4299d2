import { isIPv6 } from "node:net";
import test from "ava";
import * as fc from "fast-check";
import { ipv6Address } from "./arbitrary.fixture.ts";
import { parseIpv6Address, readIpv6Address, writeIpv6Address } from "./ipv6-address.ts";
import { hex } from "./wire.fixture.ts";

const written = test.macro({
  exec(t, text: string, bytes: string, canonical: string) {
    const address = parseIpv6Address(text);
    if (address === null) return t.fail("refused");
    t.is(hex(address), bytes);
    t.is(readIpv6Address(address), canonical);
  },
  title: (_, text) => `read and written as RFC 5952 wants it: ${text}`,
});

test(written, "::", "00".repeat(16), "::");
test(written, "::1", `${"00".repeat(15)}01`, "::1");
test(written, "1::", `0001${"00".repeat(14)}`, "1::");
test(written, "2001:DB8:0:0:1:0:0:1", "20010db8000000000001000000000001", "2001:db8::1:0:0:1");
test(written, "2001:db8:0:1:1:1:1:1", "20010db8000000010001000100010001", "2001:db8:0:1:1:1:1:1");
test(written, "2001:db8::0:1", "20010db8000000000000000000000001", "2001:db8::1");
test(written, "1:0:0:2:0:0:0:3", "00010000000000020000000000000003", "1:0:0:2::3");
test(written, "1:2:3:4:5:6:7::", "00010002000300040005000600070000", "1:2:3:4:5:6:7:0");
test(written, "::ffff:10.0.0.1", "00000000000000000000ffff0a000001", "::ffff:a00:1");

test("every address survives the way through text", (t) => {
  fc.assert(
    fc.property(ipv6Address, (text) => {
      const bytes = new Uint8Array(18);
      writeIpv6Address(text, bytes, 2);
      t.is(readIpv6Address(bytes, 2), text);
    }),
  );
});

test("a text is an address here exactly where it is one to Node", (t) => {
  const part = fc.constantFrom("0", "1", "ffff", "12345", ":", "::", ":", "1.2.3.4", "g", "%1");
  fc.assert(
    fc.property(
      fc.array(part, { maxLength: 16 }).map((parts) => parts.join("")),
      (text) => {
        t.is(parseIpv6Address(text) !== null, isIPv6(text) && !text.includes("%"), text);
      },
    ),
    { numRuns: 2_000 },
  );
});

test("what is no address is refused", (t) => {
  for (const text of [
    "",
    ":",
    ":::",
    "1::2::3",
    "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:8::",
    "::1.2.3.256",
  ])
    t.is(parseIpv6Address(text), null, text);
  t.throws(() => writeIpv6Address("::x", new Uint8Array(16)), { instanceOf: RangeError });
});
