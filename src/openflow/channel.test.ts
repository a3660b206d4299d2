import test from "ava";
import fc from "fast-check";
import { Channel } from "./channel.ts";
import { encodeMessage, type Message, MessageReader, TYPE } from "./message.ts";
import { decodePacketIn, type PacketIn } from "./packet.ts";

const hex = (text: string) => Uint8Array.from(Buffer.from(text.replaceAll(" ", ""), "hex"));

/** As Open vSwitch 3.1.0 sends it for a frame of 60 bytes that came in through port 1 (`controller(max_len=65535)`). */
const PACKET_IN = hex(
  `ffffffff 0004 01 00 0000000000000000  0001 000c 80000004 00000001 00000000  0000 deadbeef`,
);

function open() {
  const sent: Message[] = [];
  const packets: PacketIn[] = [];
  const state = { ready: 0, errors: [] as number[][] };
  const reader = new MessageReader();
  const channel = new Channel({
    send: (bytes) => sent.push(...reader.push(bytes)),
    onPacketIn: (packet) => packets.push(packet),
    onReady: () => state.ready++,
    onError: (...error) => state.errors.push(error),
  });
  channel.open();
  return { channel, sent, packets, state };
}

test("a packet-in gives the port, the table and the frame", (t) => {
  const packet = decodePacketIn(PACKET_IN);
  t.is(packet?.inPort, 1);
  t.is(packet?.table, 0);
  t.deepEqual(packet?.bytes, hex("deadbeef"));
});

test("a packet-in that is cut short is none", (t) => {
  for (let length = 0; length < 34; length++)
    t.is(decodePacketIn(PACKET_IN.slice(0, length)), null);
});

test("the handshake asks for whole frames, and ends with the barrier's answer", (t) => {
  const { channel, sent, state } = open();
  channel.receive(encodeMessage(TYPE.hello, 7));
  t.deepEqual(
    sent.map(({ type }) => type),
    [TYPE.hello, TYPE.setConfig, TYPE.barrierRequest],
  );
  t.is(state.ready, 0);
  channel.receive(encodeMessage(TYPE.barrierReply, sent[2]?.xid ?? 0));
  t.is(state.ready, 1);
});

test("an echo request is answered with its own body", (t) => {
  const { channel, sent } = open();
  channel.receive(encodeMessage(TYPE.echoRequest, 99, hex("0102")));
  const answer = sent.at(-1);
  t.deepEqual([answer?.type, answer?.xid, answer?.body], [TYPE.echoReply, 99, hex("0102")]);
});

test("a packet-out goes through the tables with the controller as its port", (t) => {
  const { channel, sent } = open();
  channel.packetOut(hex("cafe"));
  t.deepEqual(
    sent.at(-1)?.body,
    hex("ffffffff fffffffd 0010 000000000000  0000 0010 fffffff9 0000 000000000000 cafe"),
  );
});

test("a rule that drops has a match, and no instruction", (t) => {
  const { channel, sent } = open();
  channel.drop({ table: 0, priority: 1000, what: { inPort: 5 } });
  channel.drop({ table: 0, priority: 1000, what: { ethDst: hex("020000000001") } });
  const fixed = `${"00".repeat(16)}0000 00000000 03e8 ffffffff ffffffff ffffffff 0000 0000`;
  t.deepEqual(sent.at(-2)?.body, hex(`${fixed} 0001 000c 80000004 00000005 00000000`));
  t.deepEqual(sent.at(-1)?.body, hex(`${fixed} 0001 000e 80000606 020000000001 0000`));
});

test("a switch that is too old is refused, and so is what is no OpenFlow", (t) => {
  const old = encodeMessage(TYPE.hello, 1);
  old[0] = 1;
  t.throws(() => open().channel.receive(old), { message: /version 1 at most/ });
  t.throws(() => open().channel.receive(hex("0400000300000000")), { message: /length of 3/ });
});

test("a refusal of the switch is told", (t) => {
  const { channel, state } = open();
  channel.receive(encodeMessage(TYPE.error, 1, hex("00010009")));
  t.deepEqual(state.errors, [[1, 9]]);
});

test("messages are the same however the stream is cut", (t) => {
  const message = fc.record({
    type: fc.integer({ min: 0, max: 30 }),
    xid: fc.nat(),
    body: fc.uint8Array({ maxLength: 60 }),
  });
  fc.assert(
    fc.property(fc.array(message), fc.array(fc.nat({ max: 40 })), (messages, cuts) => {
      const stream = Buffer.concat(messages.map((m) => encodeMessage(m.type, m.xid, m.body)));
      const reader = new MessageReader();
      const read: Message[] = [];
      let at = 0;
      for (const cut of [...cuts, stream.length]) {
        read.push(...reader.push(stream.subarray(at, at + cut)));
        at = Math.min(stream.length, at + cut);
      }
      t.deepEqual(
        read.map(({ type, xid, body }) => ({ type, xid, body: Uint8Array.from(body) })),
        messages.map(({ type, xid, body }) => ({ type, xid, body: Uint8Array.from(body) })),
      );
    }),
  );
});
