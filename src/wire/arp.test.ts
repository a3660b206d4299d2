import test from "ava";
import * as fc from "fast-check";
import { ipv4Address, mac, u16 } from "./arbitrary.fixture.ts";
import { emitArp, parseArp } from "./arp.ts";
import { hex, unhex } from "./wire.fixture.ts";

const REPLY = "0001080006040002 525400000001 0a000001 525400000002 0a000002";

test("a reply", (t) => {
  const value = {
    operation: 2,
    senderMac: "52:54:00:00:00:01",
    senderAddress: "10.0.0.1",
    targetMac: "52:54:00:00:00:02",
    targetAddress: "10.0.0.2",
  };
  t.deepEqual(parseArp(unhex(`${REPLY} 0000`)), value);
  t.is(hex(emitArp(value)), REPLY.replaceAll(" ", ""));
});

test("what was written is read again", (t) => {
  const arp = fc.record({
    operation: u16,
    senderMac: mac,
    senderAddress: ipv4Address,
    targetMac: mac,
    targetAddress: ipv4Address,
  });
  fc.assert(fc.property(arp, (value) => void t.deepEqual(parseArp(emitArp(value)), value)));
});

test("a cut packet and another hardware are malformed", (t) => {
  t.deepEqual(parseArp(unhex(REPLY).subarray(1)), { malformed: "ARP: 27 bytes are less than 28" });
  t.deepEqual(parseArp(unhex(REPLY.replace("0001", "0006"))), {
    malformed: "ARP: not for IPv4 over Ethernet",
  });
});
