import test from "ava";
import * as fc from "fast-check";
import { ipv4Address, ipv6Address, payload, u16 } from "./arbitrary.fixture.ts";
import { emitUdp, parseUdp, verifyUdp } from "./udp.ts";
import { hex, unhex } from "./wire.fixture.ts";

const DATAGRAM = "0044 14e9 000d 7763 68656c6c6f";
const ENDS = ["10.0.0.1", "192.168.100.200"] as const;

test("a datagram", (t) => {
  const value = { sourcePort: 68, destinationPort: 5_353, payload: unhex("68656c6c6f") };
  t.deepEqual(parseUdp(unhex(`${DATAGRAM} 0000`)), value);
  t.is(hex(emitUdp(value, ...ENDS)), DATAGRAM.replaceAll(" ", ""));
  t.true(verifyUdp(unhex(DATAGRAM), ...ENDS));
  t.false(verifyUdp(unhex(DATAGRAM), "10.0.0.2", ENDS[1]));
});

test("a checksum that comes out as 0 is sent as ffff", (t) => {
  // 0a00+0001+0a00+0002 (addresses) + 0011 + 000a (pseudo header) + 000a (length) = 1428; ebd7 makes it ffff.
  const value = { sourcePort: 0, destinationPort: 0, payload: unhex("ebd7") };
  const bytes = emitUdp(value, "10.0.0.1", "10.0.0.2");
  t.is(hex(bytes), "00000000000affffebd7");
  t.true(verifyUdp(bytes, "10.0.0.1", "10.0.0.2"));
});

test("no checksum is right over IPv4 and wrong over IPv6", (t) => {
  const bytes = unhex("0044 14e9 0008 0000");
  t.true(verifyUdp(bytes, ...ENDS));
  t.false(verifyUdp(bytes, "fe80::1", "fe80::2"));
});

test("what was written is read again, with a right checksum", (t) => {
  const ends = fc.oneof(fc.tuple(ipv4Address, ipv4Address), fc.tuple(ipv6Address, ipv6Address));
  const udp = fc.record({ sourcePort: u16, destinationPort: u16, payload });
  fc.assert(
    fc.property(udp, ends, (value, [source, destination]) => {
      const bytes = emitUdp(value, source, destination);
      t.deepEqual(parseUdp(bytes), value);
      t.true(verifyUdp(bytes, source, destination));
    }),
  );
});

test("a length that cannot be is malformed", (t) => {
  t.deepEqual(parseUdp(unhex("00")), { malformed: "UDP: 1 bytes are less than a header of 8" });
  t.deepEqual(parseUdp(unhex("0044 14e9 0007 0000")), {
    malformed: "UDP: a length of 7 is less than 8",
  });
  t.deepEqual(parseUdp(unhex("0044 14e9 0009 0000")), {
    malformed: "UDP: a length of 9, 8 bytes are there",
  });
});

test("what is no address has no checksum", (t) => {
  const value = { sourcePort: 1, destinationPort: 2, payload: unhex("") };
  t.throws(() => emitUdp(value, "10.0.0", "10.0.0.1"), { message: 'not an IP address: "10.0.0"' });
});
