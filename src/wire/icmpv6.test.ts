import test from "ava";
import * as fc from "fast-check";
import { ipv6Address, payload, u8, u16, u32 } from "./arbitrary.fixture.ts";
import {
  emitIcmpv6,
  emitLinkAddressOption,
  type Icmpv6,
  LINK_ADDRESS_OPTION,
  linkAddressOption,
  NEIGHBOUR_FLAG,
  parseIcmpv6,
  verifyIcmpv6,
} from "./icmpv6.ts";
import { hex, unhex } from "./wire.fixture.ts";

const ENDS = ["fe80::1", "2001:db8::2"] as const;

test("a neighbour solicitation with the sender's MAC address", (t) => {
  const bytes = "87 00 cb55 00000000 20010db8000000000000000000000002 0101 525400000002";
  const value: Icmpv6 = {
    kind: "neighbour",
    type: 135,
    code: 0,
    flags: 0,
    target: "2001:db8::2",
    payload: emitLinkAddressOption(LINK_ADDRESS_OPTION.source, "52:54:00:00:00:02"),
  };
  t.deepEqual(parseIcmpv6(unhex(bytes)), value);
  t.is(hex(emitIcmpv6(value, ...ENDS)), bytes.replaceAll(" ", ""));
  t.is(linkAddressOption(value.payload, LINK_ADDRESS_OPTION.source), "52:54:00:00:00:02");
  t.is(linkAddressOption(value.payload, LINK_ADDRESS_OPTION.target), null);
});

test("an advertisement's flags", (t) => {
  const flags = NEIGHBOUR_FLAG.solicited + NEIGHBOUR_FLAG.override;
  const value: Icmpv6 = {
    kind: "neighbour",
    type: 136,
    code: 0,
    flags,
    target: "fe80::1",
    payload: unhex(""),
  };
  t.is(hex(emitIcmpv6(value, ...ENDS).subarray(4, 8)), "60000000");
});

test("options that do not end are not searched for ever", (t) => {
  t.is(linkAddressOption(unhex("0300000000000000 0201525400000001"), 2), null);
  t.is(linkAddressOption(unhex("0e01000000000000 0201525400000001"), 2), "52:54:00:00:00:01");
  t.is(linkAddressOption(unhex("0e02000000000000"), 2), null);
});

test("what was written is read again, with a right checksum", (t) => {
  const echo = fc.record({
    kind: fc.constant("echo" as const),
    type: fc.constantFrom(128, 129),
    code: u8,
    identifier: u16,
    sequence: u16,
    payload,
  });
  const neighbour = fc.record({
    kind: fc.constant("neighbour" as const),
    type: fc.constantFrom(135, 136),
    code: u8,
    flags: u32,
    target: ipv6Address,
    payload,
  });
  const error = fc.record({
    kind: fc.constant("error" as const),
    type: fc.integer({ min: 0, max: 127 }),
    code: u8,
    rest: u32,
    payload,
  });
  const other = fc.record({
    kind: fc.constant("other" as const),
    type: fc.integer({ min: 137, max: 255 }),
    code: u8,
    rest: u32,
    payload,
  });
  fc.assert(
    fc.property(
      fc.oneof(echo, neighbour, error, other),
      ipv6Address,
      ipv6Address,
      (value, source, destination) => {
        const bytes = emitIcmpv6(value, source, destination);
        t.deepEqual(parseIcmpv6(bytes), value);
        t.true(verifyIcmpv6(bytes, source, destination));
      },
    ),
  );
});

test("a cut message is malformed", (t) => {
  t.deepEqual(parseIcmpv6(unhex("80")), {
    malformed: "ICMPv6: 1 bytes are less than a header of 8",
  });
  t.deepEqual(parseIcmpv6(unhex("8700000000000000")), {
    malformed: "ICMPv6: a neighbour message of 8 bytes, less than 24",
  });
});
