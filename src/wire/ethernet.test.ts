import test from "ava";
import * as fc from "fast-check";
import { mac, payload, u3, u16 } from "./arbitrary.fixture.ts";
import { emitEthernet, isTagType, parseEthernet } from "./ethernet.ts";
import { isMalformed } from "./malformed.ts";
import { hex, unhex } from "./wire.fixture.ts";

const QINQ = "525400000001 525400000002 88a8 0064 8100 b00a 0800 aabb";
const value = {
  destination: "52:54:00:00:00:01",
  source: "52:54:00:00:00:02",
  tags: [
    { tpid: 0x88a8, priority: 0, dropEligible: false, vlan: 100 },
    { tpid: 0x8100, priority: 5, dropEligible: true, vlan: 10 },
  ],
  etherType: 0x0800,
  payload: unhex("aabb"),
};

test("two tags (QinQ)", (t) => {
  t.deepEqual(parseEthernet(unhex(QINQ)), value);
  t.is(hex(emitEthernet(value)), QINQ.replaceAll(" ", ""));
});

test("what was written is read again", (t) => {
  const tag = fc.record({
    tpid: fc.constantFrom(0x8100, 0x88a8, 0x9100),
    priority: u3,
    dropEligible: fc.boolean(),
    vlan: fc.integer({ min: 0, max: 4_095 }),
  });
  const frame = fc.record({
    destination: mac,
    source: mac,
    tags: fc.array(tag, { maxLength: 4 }),
    etherType: u16.filter((etherType) => !isTagType(etherType)),
    payload,
  });
  fc.assert(
    fc.property(frame, (sent) => void t.deepEqual(parseEthernet(emitEthernet(sent)), sent)),
  );
});

test("a frame of nothing but tags is read to the fourth", (t) => {
  const frame = parseEthernet(unhex(`525400000001 525400000002 ${"8100 0001".repeat(6)}`));
  t.like(frame, { etherType: 0x8100, payload: unhex("00018100 0001") });
});

test("a cut header is malformed", (t) => {
  const whole = unhex(QINQ);
  for (let length = 0; length < 22; length++)
    t.true(isMalformed(parseEthernet(whole.subarray(0, length))), String(length));
});
