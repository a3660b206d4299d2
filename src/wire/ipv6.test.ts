import test from "ava";
import * as fc from "fast-check";
import { ipv6Address, payload, u8 } from "./arbitrary.fixture.ts";
import { emitIpv6, parseIpv6 } from "./ipv6.ts";
import { skipIpv6Extensions } from "./ipv6-extension.ts";
import { hex, unhex } from "./wire.fixture.ts";

const PACKET = `612 abcde 0002 3a ff
  fe80 0000 0000 0000 0000 0000 0000 0001
  2001 0db8 0000 0000 0000 0000 0000 0002 aabb`;

const value = {
  source: "fe80::1",
  destination: "2001:db8::2",
  nextHeader: 58,
  hopLimit: 255,
  trafficClass: 0x12,
  flowLabel: 0xabcde,
  payload: unhex("aabb"),
};

test("a packet", (t) => {
  t.deepEqual(parseIpv6(unhex(PACKET)), { ...value, payloadLength: 2 });
  t.is(hex(emitIpv6(value)), PACKET.replaceAll(/\s/g, ""));
});

test("what was written is read again", (t) => {
  const packet = fc.record({
    source: ipv6Address,
    destination: ipv6Address,
    nextHeader: u8,
    hopLimit: u8,
    trafficClass: u8,
    flowLabel: fc.integer({ min: 0, max: 0xfffff }),
    payload,
  });
  fc.assert(
    fc.property(packet, (sent) => {
      const payloadLength = sent.payload.length;
      t.deepEqual(parseIpv6(emitIpv6(sent)), { ...sent, payloadLength });
    }),
  );
});

test("a cut packet and another version are malformed", (t) => {
  const bytes = unhex(PACKET);
  t.deepEqual(parseIpv6(bytes.subarray(0, 39)), {
    malformed: "IPv6: 39 bytes are less than a header of 40",
  });
  t.deepEqual(parseIpv6(bytes.subarray(0, 41)), {
    malformed: "IPv6: a payload length of 2, 1 bytes are there",
  });
  bytes[0] = 0x45;
  t.deepEqual(parseIpv6(bytes), { malformed: "IPv6: the version is 4" });
});

test("extension headers are passed, and a fragment header is told", (t) => {
  const chain = unhex(`
    2b 00 000000000000
    3c 01 0000 00000000 0000000000000000
    2c 00 000000000000
    06 00 0009 deadbeef`);
  t.deepEqual(skipIpv6Extensions(chain, 0, chain.length, 0), {
    protocol: 6,
    at: 40,
    fragment: { identification: 0xdeadbeef, offset: 8, more: true },
  });
  t.deepEqual(skipIpv6Extensions(unhex("06 02 0000 00000000 00000000 00000000"), 0, 16, 51), {
    protocol: 6,
    at: 16,
    fragment: undefined,
  });
});

test("a chain that is cut or endless is malformed", (t) => {
  t.deepEqual(skipIpv6Extensions(unhex("0600"), 0, 2, 0), {
    malformed: "IPv6: the packet ends within an extension header",
  });
  t.deepEqual(skipIpv6Extensions(unhex("0601000000000000"), 0, 8, 0), {
    malformed: "IPv6: an extension of 16 bytes, 8 are there",
  });
  t.deepEqual(skipIpv6Extensions(new Uint8Array(4_096), 0, 4_096, 0), {
    malformed: "IPv6: more than 16 extension headers",
  });
});
