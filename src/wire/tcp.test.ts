import test from "ava";
import * as fc from "fast-check";
import { ipv4Address, ipv6Address, options, payload, u16, u32 } from "./arbitrary.fixture.ts";
import { emitTcp, parseTcp, TCP_FLAG, verifyTcp } from "./tcp.ts";
import { emitTcpOptions, parseTcpOptions } from "./tcp-options.ts";
import { hex, unhex } from "./wire.fixture.ts";

const SEGMENT = "c000 0050 fedcba98 01020304 5018 2000 4746 0000 474554";
const ENDS = ["10.0.0.1", "192.168.100.200"] as const;

test("a segment", (t) => {
  const value = {
    sourcePort: 49_152,
    destinationPort: 80,
    sequence: 0xfedcba98,
    acknowledgement: 0x01020304,
    flags: TCP_FLAG.psh | TCP_FLAG.ack,
    window: 8_192,
    urgentPointer: 0,
    options: unhex(""),
    payload: unhex("474554"),
  };
  t.deepEqual(parseTcp(unhex(SEGMENT)), value);
  t.is(hex(emitTcp(value, ...ENDS)), SEGMENT.replaceAll(" ", ""));
  t.true(verifyTcp(unhex(SEGMENT), ...ENDS));
  t.false(verifyTcp(unhex(SEGMENT), ENDS[0], "192.168.100.201"));
});

test("what was written is read again, with a right checksum", (t) => {
  const ends = fc.oneof(fc.tuple(ipv4Address, ipv4Address), fc.tuple(ipv6Address, ipv6Address));
  const tcp = fc.record({
    sourcePort: u16,
    destinationPort: u16,
    sequence: u32,
    acknowledgement: u32,
    flags: fc.integer({ min: 0, max: 0xfff }),
    window: u16,
    urgentPointer: u16,
    options,
    payload,
  });
  fc.assert(
    fc.property(tcp, ends, (value, [source, destination]) => {
      const bytes = emitTcp(value, source, destination);
      t.deepEqual(parseTcp(bytes), value);
      t.true(verifyTcp(bytes, source, destination));
    }),
  );
});

test("a header that cannot be is malformed", (t) => {
  t.deepEqual(parseTcp(unhex(SEGMENT).subarray(0, 19)), {
    malformed: "TCP: 19 bytes are less than a header of 20",
  });
  t.deepEqual(parseTcp(unhex(SEGMENT.replace("5018", "4018"))), {
    malformed: "TCP: a data offset of 16 bytes is less than 20",
  });
  t.deepEqual(parseTcp(unhex(SEGMENT.replace("5018", "6018"))), {
    malformed: "TCP: a header of 24 bytes, 23 are there",
  });
});

test("the options of a SYN", (t) => {
  const raw = unhex("0204 05b4 0303 07 0402 080a 00000001 00000002 01");
  const known = {
    maximumSegmentSize: 1_460,
    windowScale: 7,
    sackPermitted: true,
    timestamps: { value: 1, echo: 2 },
  } as const;
  t.deepEqual(parseTcpOptions(raw), known);
  t.is(hex(emitTcpOptions(known)), "020405b40303070402080a000000010000000200");
});

test("the options that were written are read again", (t) => {
  const some = fc.record(
    {
      maximumSegmentSize: u16,
      windowScale: fc.integer({ min: 0, max: 255 }),
      sackPermitted: fc.constant(true as const),
      timestamps: fc.record({ value: u32, echo: u32 }),
      sack: fc.array(fc.record({ left: u32, right: u32 }), { minLength: 1, maxLength: 2 }),
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(some, (value) => {
      const raw = emitTcpOptions(value);
      t.is(raw.length % 4, 0);
      t.deepEqual(parseTcpOptions(raw), value);
    }),
  );
});

test("options are passed over, ended and malformed as RFC 9293 says", (t) => {
  t.deepEqual(parseTcpOptions(unhex("01 fe04aabb 0402 00 ff")), { sackPermitted: true });
  t.deepEqual(parseTcpOptions(unhex("0204")), {
    malformed: "TCP: option 2 with a length of 4 in 2 bytes",
  });
  t.deepEqual(parseTcpOptions(unhex("fe00")), {
    malformed: "TCP: option 254 with a length of 0 in 2 bytes",
  });
  t.deepEqual(parseTcpOptions(unhex("020301")), {
    malformed: "TCP: option maximum segment size with a value of 1 bytes",
  });
});

test("more than 40 bytes of options are refused", (t) => {
  const block = { left: 1, right: 2 };
  const message = "TCP options of 44 bytes: at most 40";
  t.throws(() => emitTcpOptions({ sack: Array.from({ length: 5 }, () => block) }), { message });
});
