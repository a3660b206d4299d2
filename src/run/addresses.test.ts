import test from "ava";
import { InputError } from "../base/errors.ts";
import { macOf, Numbering, parseSubnet } from "./addresses.ts";

test("a network is read as its first address and prefix length", (t) => {
  t.deepEqual(parseSubnet("10.10.3.7/16"), { base: 0x0a0a0000, prefixLength: 16 });
  t.throws(() => parseSubnet("fe80::/10"), { instanceOf: RangeError });
});

test("addresses, ports and MACs come in order, and what is taken is left out", (t) => {
  const numbering = new Numbering("private", "10.10.0.0/24", ["10.10.0.11"]);
  t.deepEqual(
    [numbering.take(), numbering.take()].map(({ address, port, mac }) => [address, port, mac]),
    [
      ["10.10.0.10", 10, macOf("private", 10)],
      ["10.10.0.12", 11, macOf("private", 11)],
    ],
  );
});

test("a network that is too small for its hosts is refused with what mends it", (t) => {
  const numbering = new Numbering("isolation", "10.20.0.0/28", []);
  const error = t.throws(
    () => {
      for (;;) numbering.take();
    },
    { instanceOf: InputError },
  );
  t.regex(error?.line ?? "", /isolation has only 16 addresses.*shorter prefix/);
});
