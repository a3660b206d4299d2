import test from "ava";
import * as fc from "fast-check";
import { ipv4Address, u32 } from "./arbitrary.fixture.ts";
import {
  formatIpv4Address,
  parseAddress,
  parseIpv4Address,
  readIpv4Address,
  writeIpv4Address,
} from "./ip-address.ts";

test("text and number are the same address", (t) => {
  t.is(parseIpv4Address("10.0.0.1"), 0x0a000001);
  t.is(formatIpv4Address(0xc0a864c8), "192.168.100.200");
  t.is(formatIpv4Address(0), "0.0.0.0");
  t.is(parseIpv4Address("255.255.255.255"), 0xffffffff);
});

test("every address survives the way through text and bytes", (t) => {
  fc.assert(
    fc.property(u32, (number) => {
      const text = formatIpv4Address(number);
      t.is(parseIpv4Address(text), number);
      const bytes = new Uint8Array(6);
      writeIpv4Address(text, bytes, 1);
      t.is(readIpv4Address(bytes, 1), text);
    }),
  );
});

test("what other programs read in several ways is no address", (t) => {
  const wrong = [
    "",
    "10.0.1",
    "10.0.0.0.1",
    "10.0.0.256",
    "010.0.0.1",
    "10.0.0.00",
    "1..2.3",
    "10.0.0.",
    ".10.0.0",
    "10.0.0.1 ",
    "+10.0.0.1",
    "0x0a.0.0.1",
  ];
  for (const text of wrong) t.is(parseIpv4Address(text), null, text);
});

test("bytes of either family", (t) => {
  t.deepEqual(parseAddress("1.2.3.4"), Uint8Array.of(1, 2, 3, 4));
  t.is(parseAddress("::1")?.length, 16);
  t.is(parseAddress("1.2.3"), null);
  t.is(parseAddress("1:2"), null);
});

test("arbitrary text is either refused or written back as it was", (t) => {
  const text = fc.oneof(ipv4Address, fc.string(), fc.string({ unit: fc.constantFrom(..."0129.") }));
  fc.assert(
    fc.property(text, (candidate) => {
      const number = parseIpv4Address(candidate);
      if (number !== null) t.is(formatIpv4Address(number), candidate);
      else t.pass();
    }),
  );
});
