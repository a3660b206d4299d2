import test from "ava";
import { dissect } from "./dissect.ts";
import { LINK_TYPE } from "./dissect-link.ts";
import { Dissection, OUTCOME } from "./dissection.ts";
import { emitIpv4 } from "./ipv4.ts";
import { emitTcp, TCP_FLAG } from "./tcp.ts";

test("link headers that name each other without end do not use up the stack", (t) => {
  // PPI says that PKTAP follows, PKTAP that PPI does, a million times.
  const pair = [0, 0, 8, 0, 2, 1, 0, 0, 12, 0, 0, 0, 1, 0, 0, 0, 192, 0, 0, 0];
  const packet = new Uint8Array(1_000_000 * pair.length);
  for (let at = 0; at < packet.length; at += pair.length) packet.set(pair, at);
  const d = new Dissection();
  for (const linkType of [LINK_TYPE.ppi, LINK_TYPE.pktap]) {
    const at = linkType === LINK_TYPE.ppi ? 0 : 8;
    const outcome = dissect(d, linkType, packet, at, packet.length, packet.length - at);
    t.is(outcome, OUTCOME.unknownLinkType);
  }
});

const ADDRESSES = { source: "192.0.2.10", destination: "198.51.100.20" };

function tcpPacket(): Uint8Array {
  const payload = emitTcp(
    {
      sourcePort: 40_001,
      destinationPort: 80,
      sequence: 1,
      acknowledgement: 2,
      flags: TCP_FLAG.ack,
      window: 1,
      payload: new Uint8Array(5),
    },
    ADDRESSES.source,
    ADDRESSES.destination,
  );
  return emitIpv4({ ...ADDRESSES, protocol: 6, payload });
}

/** What a packet behind `header` is found to be. */
function behind(linkType: number, header: readonly number[]) {
  const bytes = Uint8Array.from([...header, ...tcpPacket()]);
  const d = new Dissection();
  const outcome = dissect(d, linkType, bytes, 0, bytes.length, bytes.length);
  const whole = { outcome, port: d.sourcePort, payload: d.payloadEnd - d.payloadStart };
  for (let end = 0; end < header.length; end++) {
    if (dissect(d, linkType, bytes, 0, end, bytes.length) === OUTCOME.tcp) return null;
  }
  return whole;
}

const macs = new Array<number>(12).fill(2);
const TCP_FOUND = { outcome: OUTCOME.tcp, port: 40_001, payload: 5 };

test("IP over InfiniBand is read", (t) => {
  const header = [...new Array<number>(40).fill(0), 0x08, 0, 0, 0];
  t.deepEqual(behind(LINK_TYPE.ipoib, header), TCP_FOUND);
});

test("an Ethernet frame behind a FabricPath tag is read", (t) => {
  const header = [...macs, 0x89, 0x03, 0x01, 0x7f, ...macs, 0x81, 0, 0, 7, 0x08, 0];
  t.deepEqual(behind(LINK_TYPE.ethernet, header), TCP_FOUND);
});

test("Cisco's HDLC is read under its own link type and under that of PPP", (t) => {
  for (const linkType of [LINK_TYPE.ciscoHdlc, LINK_TYPE.ppp, LINK_TYPE.pppHdlc]) {
    t.deepEqual(behind(linkType, [0x0f, 0, 0x08, 0]), TCP_FOUND, `${linkType}`);
  }
  t.deepEqual(behind(LINK_TYPE.ppp, [0xff, 0x03, 0, 0x21]), TCP_FOUND);
});
