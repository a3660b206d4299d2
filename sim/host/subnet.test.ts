import test from "ava";
import { Subnet } from "./subnet.ts";

test("a subnet knows its addresses and its broadcast address", (t) => {
  const subnet = new Subnet("10.20.30.40", 22);
  t.true(subnet.has("10.20.28.0"));
  t.true(subnet.has("10.20.31.255"));
  t.false(subnet.has("10.20.32.0"));
  t.is(subnet.broadcast, "10.20.31.255");
  t.true(new Subnet("0.0.0.0", 0).has("255.1.2.3"));
});

test("the last address of a /31 and a /32 is a host's", (t) => {
  for (const length of [31, 32]) {
    const subnet = new Subnet("10.0.0.1", length);
    t.true(subnet.has("10.0.0.1"));
    t.is(subnet.broadcast, "255.255.255.255");
  }
});

test("what is no address or prefix length is refused", (t) => {
  t.throws(() => new Subnet("10.0.0", 24), { instanceOf: RangeError });
  t.throws(() => new Subnet("10.0.0.1", 33), { instanceOf: RangeError });
  t.throws(() => new Subnet("10.0.0.1", 1.5), { instanceOf: RangeError });
});
