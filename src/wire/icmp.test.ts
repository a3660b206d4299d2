import test from "ava";
import * as fc from "fast-check";
import { payload, u8, u16, u32 } from "./arbitrary.fixture.ts";
import { emitIcmp, type Icmp, parseIcmp, parseQuoted, quote, verifyIcmp } from "./icmp.ts";
import { emitIpv4 } from "./ipv4.ts";
import { emitTcp } from "./tcp.ts";
import { hex, unhex } from "./wire.fixture.ts";

test("an echo request", (t) => {
  const bytes = "08 00 66c2 0007 0009 61626364656667";
  const value: Icmp = {
    kind: "echo",
    type: 8,
    code: 0,
    identifier: 7,
    sequence: 9,
    payload: unhex("61626364656667"),
  };
  t.deepEqual(parseIcmp(unhex(bytes)), value);
  t.is(hex(emitIcmp(value)), bytes.replaceAll(" ", ""));
  t.true(verifyIcmp(unhex(bytes)));
  t.false(verifyIcmp(unhex(bytes.replace("66c2", "66c3"))));
});

test("an error tells which flow it is about", (t) => {
  const ends = ["10.0.0.1", "203.0.113.5"] as const;
  const segment = emitTcp(
    {
      sourcePort: 49_152,
      destinationPort: 80,
      sequence: 1,
      acknowledgement: 0,
      flags: 2,
      window: 9,
      payload: unhex("aabbcc"),
    },
    ...ends,
  );
  const packet = emitIpv4({
    source: ends[0],
    destination: ends[1],
    protocol: 6,
    payload: segment,
  });
  const quoted = quote(packet);
  t.is(quoted.length, 28);
  const error = parseIcmp(emitIcmp({ kind: "error", type: 3, code: 3, rest: 0, payload: quoted }));
  t.like(error, { kind: "error", type: 3, code: 3 });
  t.deepEqual("payload" in error ? parseQuoted(error.payload) : null, {
    source: "10.0.0.1",
    destination: "203.0.113.5",
    protocol: 6,
    sourcePort: 49_152,
    destinationPort: 80,
  });
});

test("a quoted echo has its identifier in both ports, another protocol has none", (t) => {
  const common = {
    source: "10.0.0.1",
    destination: "10.0.0.2",
    payload: unhex("08000000beef0001"),
  };
  const ports = { sourcePort: 0xbeef, destinationPort: 0xbeef };
  t.like(parseQuoted(emitIpv4({ ...common, protocol: 1 })), ports);
  t.like(parseQuoted(emitIpv4({ ...common, protocol: 47 })), { sourcePort: 0, destinationPort: 0 });
});

test("what was written is read again, with a right checksum", (t) => {
  const echo = fc.record({
    kind: fc.constant("echo" as const),
    type: fc.constantFrom(0, 8),
    code: u8,
    identifier: u16,
    sequence: u16,
    payload,
  });
  const error = fc.record({
    kind: fc.constant("error" as const),
    type: fc.constantFrom(3, 4, 5, 11, 12),
    code: u8,
    rest: u32,
    payload,
  });
  const other = fc.record({
    kind: fc.constant("other" as const),
    type: fc.integer({ min: 13, max: 255 }),
    code: u8,
    rest: u32,
    payload,
  });
  fc.assert(
    fc.property(fc.oneof(echo, error, other), (value) => {
      const bytes = emitIcmp(value);
      t.deepEqual(parseIcmp(bytes), value);
      t.true(verifyIcmp(bytes));
    }),
  );
});

test("a cut message and a cut quotation are malformed", (t) => {
  t.deepEqual(parseIcmp(unhex("08")), { malformed: "ICMP: 1 bytes are less than a header of 8" });
  t.deepEqual(parseQuoted(unhex("45")), {
    malformed: "quoted IPv4: 1 bytes are less than a header of 20",
  });
  const header = emitIpv4({
    source: "1.1.1.1",
    destination: "2.2.2.2",
    protocol: 6,
    payload: unhex("aabb"),
  });
  t.deepEqual(parseQuoted(header), {
    malformed: "quoted IPv4: less than 8 bytes behind the header",
  });
});
