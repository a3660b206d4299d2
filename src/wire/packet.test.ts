import test from "ava";
import * as fc from "fast-check";
import { isMalformed } from "./malformed.ts";
import {
  emitArpFrame,
  emitIcmpFrame,
  emitIcmpv6Frame,
  emitTcpFrame,
  emitUdpFrame,
  type ParsedFrame,
  parseFrame,
  type Route,
  wrongChecksum,
} from "./packet.ts";
import { hex, unhex } from "./wire.fixture.ts";

// The constant frames were checked with Wireshark 4: every checksum "correct".

const route: Route = {
  destinationMac: "52:54:00:00:00:01",
  sourceMac: "52:54:00:00:00:02",
  source: "10.0.0.1",
  destination: "192.168.100.200",
};
const route6: Route = { ...route, source: "fe80::1", destination: "2001:db8::2" };
const ascii = new TextEncoder();

function parsed(bytes: Uint8Array): ParsedFrame {
  const frame = parseFrame(bytes);
  if (isMalformed(frame)) throw new Error(frame.malformed);
  return frame;
}

test("a TCP frame is written with both checksums", (t) => {
  const bytes = emitTcpFrame({
    ...route,
    identification: 0x1234,
    tcp: {
      sourcePort: 49_152,
      destinationPort: 80,
      sequence: 0xfedcba98,
      acknowledgement: 0x01020304,
      flags: 0x18,
      window: 8_192,
    },
    payload: ascii.encode("GET"),
  });
  t.is(
    hex(bytes),
    "525400000001525400000002080045" +
      "00002b123440004006f9270a000001c0a864c8" +
      "c0000050fedcba98010203045018200047460000474554",
  );
});

test("a VLAN tag and TCP options are written", (t) => {
  const bytes = emitTcpFrame({
    ...route,
    vlan: 42,
    tcp: {
      sourcePort: 49_152,
      destinationPort: 80,
      sequence: 1,
      acknowledgement: 0,
      flags: 0x02,
      window: 65_535,
      options: Uint8Array.of(2, 4, 5, 0xb4, 4, 2),
    },
    payload: new Uint8Array(0),
  });
  t.is(
    hex(bytes),
    "5254000000015254000000028100002a0800" +
      "450000300000400040060b570a000001c0a864c8" +
      "c000005000000001000000007002ffff945d0000020405b404020000",
  );
  const frame = parsed(bytes);
  t.deepEqual(frame.ethernet.tags, [{ tpid: 0x8100, priority: 0, dropEligible: false, vlan: 42 }]);
  t.deepEqual(frame.tcp?.options, Uint8Array.of(2, 4, 5, 0xb4, 4, 2, 0, 0));
  t.is(frame.payload.length, 0);
});

test("UDP over IPv4 and over IPv6", (t) => {
  const udp = { sourcePort: 68, destinationPort: 5_353 };
  const payload = ascii.encode("hello");
  t.is(
    hex(emitUdpFrame({ ...route, udp, payload })),
    "5254000000015254000000020800450000210000400040110b5b0a000001c0a864c8" +
      "004414e9000d776368656c6c6f",
  );
  const bytes = emitUdpFrame({ ...route6, udp, payload });
  t.is(
    hex(bytes),
    "52540000000152540000000286dd60000000000d1140fe80000000000000000000000000000120010db8000000000000000000000002" +
      "004414e9000d7a9868656c6c6f",
  );
  t.like(parsed(bytes), { protocol: 17, udp, payload });
  t.is(parsed(bytes).ipv6?.source, "fe80::1");
});

test("an ICMP echo and a neighbour solicitation", (t) => {
  const echo = emitIcmpFrame({
    ...route,
    icmp: {
      kind: "echo",
      type: 8,
      code: 0,
      identifier: 7,
      sequence: 9,
      payload: ascii.encode("abcdefg"),
    },
  });
  t.is(
    hex(echo),
    "5254000000015254000000020800450000230000400040010b690a000001c0a864c8080066c20007000961626364656667",
  );
  const solicitation = emitIcmpv6Frame({
    ...route6,
    icmpv6: {
      kind: "neighbour",
      type: 135,
      code: 0,
      flags: 0,
      target: "2001:db8::2",
      payload: Uint8Array.of(1, 1, 0x52, 0x54, 0, 0, 0, 2),
    },
  });
  t.is(
    hex(solicitation),
    "52540000000152540000000286dd6000000000203a40fe80000000000000000000000000000120010db8000000000000000000000002" +
      "8700cb550000000020010db80000000000000000000000020101525400000002",
  );
  for (const bytes of [echo, solicitation]) t.is(wrongChecksum(bytes, parsed(bytes)), undefined);
});

test("an ARP request", (t) => {
  const arp = {
    operation: 1,
    senderMac: "52:54:00:00:00:02",
    senderAddress: "10.0.0.1",
    targetMac: "00:00:00:00:00:00",
    targetAddress: "10.0.0.2",
  };
  const bytes = emitArpFrame({
    destinationMac: "ff:ff:ff:ff:ff:ff",
    sourceMac: "52:54:00:00:00:02",
    arp,
  });
  t.is(
    hex(bytes),
    "ffffffffffff525400000002080600010800060400015254000000020a0000010000000000000a000002",
  );
  t.deepEqual(parsed(bytes).arp, arp);
});

test("what was put into a TCP frame is read from it, and the checksums are right", (t) => {
  const port = fc.integer({ min: 0, max: 0xffff });
  const number32 = fc.integer({ min: 0, max: 0xffffffff });
  const tcp = fc.record({
    sourcePort: port,
    destinationPort: port,
    sequence: number32,
    acknowledgement: number32,
    flags: fc.integer({ min: 0, max: 0xfff }),
    window: port,
    urgentPointer: port,
    options: fc
      .uint8Array({ minLength: 0, maxLength: 40 })
      .filter((options) => options.length % 4 === 0),
  });
  const payload = fc.uint8Array({ maxLength: 1_460 });
  const ends = fc.constantFrom(route, route6, { ...route, vlan: 4_095 });
  fc.assert(
    fc.property(ends, tcp, payload, (where, header, content) => {
      const bytes = emitTcpFrame({ ...where, tcp: header, payload: content });
      const frame = parsed(bytes);
      t.deepEqual(frame.tcp, header);
      t.deepEqual(frame.payload, content);
      t.is((frame.ipv4 ?? frame.ipv6)?.source, where.source);
      t.is(frame.broken, undefined);
      t.is(wrongChecksum(bytes, frame), undefined);
    }),
  );
});

test("any one changed bit of a TCP frame behind its MAC addresses is noticed", (t) => {
  const bytes = emitTcpFrame({
    ...route,
    tcp: {
      sourcePort: 1,
      destinationPort: 2,
      sequence: 3,
      acknowledgement: 4,
      flags: 16,
      window: 5,
    },
    payload: ascii.encode("0123456789"),
  });
  for (let bit = 14 * 8; bit < bytes.length * 8; bit++) {
    const wrong = bytes.slice();
    wrong[bit >>> 3]! ^= 1 << (bit & 7);
    const frame = parsed(wrong);
    t.true(frame.broken !== undefined || wrongChecksum(wrong, frame) !== undefined, `bit ${bit}`);
  }
});

test("arbitrary bytes never throw, and the views stay within the frame", (t) => {
  const head = fc.constantFrom(
    unhex("5254000000015254000000020800"),
    unhex("52540000000152540000000286dd"),
    unhex("5254000000015254000000028100002a0800"),
    unhex("5254000000015254000000020800450000210000400040110b5b0a000001c0a864c8"),
    new Uint8Array(0),
  );
  fc.assert(
    fc.property(head, fc.uint8Array({ maxLength: 120 }), (start, rest) => {
      const bytes = new Uint8Array([...start, ...rest]);
      const frame = parseFrame(bytes);
      if (isMalformed(frame)) {
        t.true(bytes.length < 18);
        return;
      }
      t.true(frame.payload.length <= bytes.length);
      t.true(frame.packetEnd <= bytes.length);
      wrongChecksum(bytes, frame);
    }),
    { numRuns: 1_000 },
  );
});

test("Ethernet padding is no payload", (t) => {
  const bytes = emitUdpFrame({
    ...route,
    udp: { sourcePort: 1, destinationPort: 2 },
    payload: ascii.encode("x"),
  });
  const padded = new Uint8Array(60);
  padded.set(bytes);
  t.deepEqual(parsed(padded).payload, ascii.encode("x"));
  t.is(wrongChecksum(padded, parsed(padded)), undefined);
});

test("a broken inner layer is named, and the outer ones are there", (t) => {
  const bytes = emitUdpFrame({
    ...route,
    udp: { sourcePort: 1, destinationPort: 2 },
    payload: ascii.encode("hello"),
  });
  const cut = parsed(bytes.subarray(0, 40));
  t.is(cut.broken, "IPv4: a total length of 33, 26 bytes are there");
  t.is(cut.ipv4?.source, "10.0.0.1");
  t.is(cut.udp, undefined);

  const short = bytes.slice();
  short[14 + 20 + 5] = 7;
  t.is(parsed(short).broken, "UDP: a length of 7 is less than 8");
  t.deepEqual(parseFrame(bytes.subarray(0, 13)), {
    malformed: "Ethernet: 13 bytes are less than a header of 14",
  });
});

test("of a later fragment no transport header is read", (t) => {
  const bytes = emitUdpFrame({
    ...route,
    udp: { sourcePort: 1, destinationPort: 2 },
    payload: ascii.encode("hello"),
  });
  const later = bytes.slice();
  later[14 + 7] = 1;
  t.is(parsed(later).udp, undefined);
  t.is(parsed(later).payload.length, 13);
  const first = bytes.slice();
  first[14 + 6] = 0x20;
  first[14 + 20 + 4] = 4;
  t.deepEqual(parsed(first).udp, { sourcePort: 1, destinationPort: 2 });
});

test("a text that is no address, or a packet that is too long, is refused", (t) => {
  const udp = { sourcePort: 1, destinationPort: 2 };
  const payload = new Uint8Array(0);
  t.throws(() => emitUdpFrame({ ...route, source: "10.0.0", udp, payload }), {
    message: 'not an IPv4 address: "10.0.0"',
  });
  t.throws(() => emitUdpFrame({ ...route, sourceMac: "52-54", udp, payload }), {
    message: 'not a MAC address: "52-54"',
  });
  t.throws(() => emitUdpFrame({ ...route, udp, payload: new Uint8Array(65_536) }), {
    instanceOf: RangeError,
  });
});
