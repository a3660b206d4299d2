import test from "ava";
import * as fc from "fast-check";
import { ipv4Address, options, payload, u8, u16 } from "./arbitrary.fixture.ts";
import { emitIpv4, isFragment, parseIpv4, verifyIpv4 } from "./ipv4.ts";
import { isMalformed } from "./malformed.ts";
import { hex, unhex } from "./wire.fixture.ts";

/** The header of RFC 1071's folklore: its checksum is b861. */
const KNOWN = "45000073 0000 4000 40 11 b861 c0a80001 c0a800c7";

test("a known header with its checksum", (t) => {
  const bytes = emitIpv4({
    source: "192.168.0.1",
    destination: "192.168.0.199",
    protocol: 17,
    payload: new Uint8Array(0x73 - 20),
  });
  t.is(hex(bytes.subarray(0, 20)), KNOWN.replaceAll(" ", ""));
  t.true(verifyIpv4(bytes));
  t.like(parseIpv4(bytes), { source: "192.168.0.1", ttl: 64, protocol: 17, dontFragment: true });
});

test("a fragment with options, DSCP and ECN", (t) => {
  const value = {
    source: "10.0.0.1",
    destination: "10.0.0.2",
    protocol: 6,
    ttl: 1,
    identification: 0xbeef,
    dontFragment: false,
    moreFragments: true,
    fragmentOffset: 1_480,
    dscp: 46,
    ecn: 1,
    options: unhex("94040000"),
    payload: unhex("0102"),
  };
  const bytes = emitIpv4(value);
  t.is(hex(bytes), "46b9001abeef20b9010630760a0000010a000002940400000102");
  const packet = parseIpv4(bytes);
  t.deepEqual(packet, { ...value, totalLength: 26 });
  t.true(!isMalformed(packet) && isFragment(packet));
});

test("what was written is read again", (t) => {
  const packet = fc.record({
    source: ipv4Address,
    destination: ipv4Address,
    protocol: u8,
    ttl: u8,
    identification: u16,
    dontFragment: fc.boolean(),
    moreFragments: fc.boolean(),
    fragmentOffset: fc.integer({ min: 0, max: 0x1fff }).map((units) => units * 8),
    dscp: fc.integer({ min: 0, max: 63 }),
    ecn: fc.integer({ min: 0, max: 3 }),
    options,
    payload,
  });
  fc.assert(
    fc.property(packet, (value) => {
      const bytes = emitIpv4(value);
      t.deepEqual(parseIpv4(bytes), { ...value, totalLength: bytes.length });
      t.true(verifyIpv4(bytes));
    }),
  );
});

const malformedPacket = test.macro({
  exec(t, bytes: string, sentence: string) {
    t.deepEqual(parseIpv4(unhex(bytes)), { malformed: sentence });
  },
  title: (_, __, sentence) => `malformed: ${sentence}`,
});

const rest = "0000 4000 40 11 b861 c0a80001 c0a800c7";
test(malformedPacket, "4500", "IPv4: 2 bytes are less than a header of 20");
test(malformedPacket, `65000014 ${rest}`, "IPv4: the version is 6");
test(malformedPacket, `44000014 ${rest}`, "IPv4: a header length of 16 is less than 20");
test(malformedPacket, `46000018 ${rest}`, "IPv4: a header of 24 bytes, 20 are there");
test(malformedPacket, `45000013 ${rest}`, "IPv4: a total length of 19 is less than the header's");
test(malformedPacket, `45000015 ${rest}`, "IPv4: a total length of 21, 20 bytes are there");

test("options that no header can hold are refused", (t) => {
  const value = { source: "1.1.1.1", destination: "2.2.2.2", protocol: 6, payload: unhex("") };
  for (const length of [3, 44])
    t.throws(() => emitIpv4({ ...value, options: new Uint8Array(length) }), {
      instanceOf: RangeError,
    });
});
