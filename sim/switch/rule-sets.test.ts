import test from "ava";
import { isolationRules } from "../../src/isolate/isolation-rules.ts";
import { privateRules } from "../../src/isolate/private-rules.ts";
import { overlaps } from "../../src/rule/overlap.ts";
import { parseRules } from "../../src/rule/parse.ts";
import { PORT } from "../../src/rule/port.ts";
import { ARP_OPERATION, parseArp } from "../../src/wire/arp.ts";
import { emitArpFrame } from "../../src/wire/packet.ts";
import { CLIENT, type End, mac, makeSwitch, portsOf, SERVER, tcp, udp } from "./switch.fixture.ts";

const GATEWAY = { mac: mac(0xfe), address: "10.20.0.1" };
const BOT: End = { mac: mac(1), address: "10.20.0.2", port: 40_000 };
const CNC: End = { mac: GATEWAY.mac, address: "203.0.113.7", port: 80 };
const BOT_PORT = 1;
const REPLAYER_PORT = PORT.controller;

const ISOLATION = isolationRules({
  gatewayMac: GATEWAY.mac,
  gatewayAddress: GATEWAY.address,
  stations: [
    {
      port: BOT_PORT,
      mac: BOT.mac,
      address: BOT.address,
      servers: [{ address: CNC.address, port: CNC.port }],
    },
  ],
});

const PRIVATE = {
  uplinkPort: 4,
  stations: [1, 2].map((port) => ({ port, mac: mac(port), address: `10.0.0.${port}` })),
  cut: [],
};

test("a whole HTTP exchange passes between the isolated bot and the replayer", (t) => {
  const bridge = makeSwitch(ISOLATION);
  const exchange: [number, Uint8Array][] = [
    [BOT_PORT, tcp(BOT, CNC, "S", { seq: 100 })],
    [REPLAYER_PORT, tcp(CNC, BOT, "SA", { seq: 900, ack: 101 })],
    [BOT_PORT, tcp(BOT, CNC, "A", { seq: 101, ack: 901 })],
    [BOT_PORT, tcp(BOT, CNC, "PA", { seq: 101, ack: 901, payload: "GET /" })],
    [REPLAYER_PORT, tcp(CNC, BOT, "PA", { seq: 901, ack: 106, payload: "200 OK" })],
    [BOT_PORT, tcp(BOT, CNC, "FA", { seq: 106, ack: 907 })],
    [REPLAYER_PORT, tcp(CNC, BOT, "FA", { seq: 907, ack: 107 })],
    [BOT_PORT, tcp(BOT, CNC, "A", { seq: 107, ack: 908 })],
  ];
  for (const [port, frame] of exchange) {
    const outputs = bridge.receive(port, frame);
    t.deepEqual(portsOf(outputs), [port === BOT_PORT ? "CONTROLLER" : BOT_PORT]);
    t.deepEqual(outputs[0]?.bytes, frame);
  }
  t.deepEqual(bridge.dumpConntrack(), [
    "tcp,orig=(src=10.20.0.2,dst=203.0.113.7,sport=40000,dport=80),reply=(src=203.0.113.7,dst=10.20.0.2,sport=80,dport=40000),zone=2,mark=8,protoinfo=(state=TIME_WAIT)",
  ]);
});

test("the switch itself answers the isolated bot's ARP question for its gateway", (t) => {
  const bridge = makeSwitch(ISOLATION);
  const question = emitArpFrame({
    sourceMac: BOT.mac,
    destinationMac: "ff:ff:ff:ff:ff:ff",
    arp: {
      operation: ARP_OPERATION.request,
      senderMac: BOT.mac,
      senderAddress: BOT.address,
      targetMac: "00:00:00:00:00:00",
      targetAddress: GATEWAY.address,
    },
  });
  const outputs = bridge.receive(BOT_PORT, question);
  t.deepEqual(portsOf(outputs), [BOT_PORT]);
  t.deepEqual(parseArp(outputs[0]!.bytes, 14), {
    operation: ARP_OPERATION.reply,
    senderMac: GATEWAY.mac,
    senderAddress: GATEWAY.address,
    targetMac: BOT.mac,
    targetAddress: BOT.address,
  });
});

const nothingLeaves = test.macro({
  exec(t, _what: string, port: number, frame: Uint8Array) {
    t.deepEqual(makeSwitch(ISOLATION).receive(port, frame), []);
  },
  title: (_title, what) => `nothing leaves isolation: ${what}`,
});

test(
  nothingLeaves,
  "a SYN to another server",
  1,
  tcp(BOT, { ...CNC, address: "203.0.113.8" }, "S"),
);
test(nothingLeaves, "a SYN to another port", 1, tcp(BOT, { ...CNC, port: 443 }, "S"));
test(
  nothingLeaves,
  "a segment from the middle of a stream",
  1,
  tcp(BOT, CNC, "A", { seq: 5, ack: 7 }),
);
test(nothingLeaves, "a SYN+ACK of the bot", 1, tcp(BOT, CNC, "SA"));
test(nothingLeaves, "a datagram", 1, udp(BOT, { ...CNC, port: 53 }));
test(
  nothingLeaves,
  "a SYN from a forged address",
  1,
  tcp({ ...BOT, address: "10.20.0.3" }, CNC, "S"),
);
test(nothingLeaves, "a SYN of the replayer", 2, tcp(CNC, BOT, "S"));
test(
  nothingLeaves,
  "the replayer's data without a connection",
  2,
  tcp(CNC, BOT, "PA", { payload: "x" }),
);

test("on private, a station's connection passes, one from outside does not", (t) => {
  const bridge = makeSwitch(privateRules(PRIVATE));
  // The router is known, since it spoke first.
  bridge.receive(4, arpFrom(mac(9)));
  bridge.receive(1, arpFrom(CLIENT.mac));
  const router: End = { mac: mac(9), address: "198.51.100.1", port: 80 };
  t.deepEqual(portsOf(bridge.receive(1, tcp(CLIENT, router, "S", { seq: 1 }))), [4]);
  t.deepEqual(portsOf(bridge.receive(4, tcp(router, CLIENT, "SA", { seq: 7, ack: 2 }))), [1]);
  t.deepEqual(portsOf(bridge.receive(1, tcp(CLIENT, router, "A", { seq: 2, ack: 8 }))), [4]);
  t.deepEqual(bridge.receive(4, tcp({ ...router, port: 81 }, CLIENT, "S")), []);
});

test("a verdict cuts an established connection in both directions", (t) => {
  const bridge = makeSwitch(privateRules(PRIVATE));
  const forth = (flags: string, seq: number, ack: number) =>
    portsOf(bridge.receive(1, tcp(CLIENT, SERVER, flags, { seq, ack })));
  const back = (flags: string, seq: number, ack: number) =>
    portsOf(bridge.receive(2, tcp(SERVER, CLIENT, flags, { seq, ack })));
  forth("S", 1, 0);
  t.deepEqual(back("SA", 7, 2), [1]);
  t.deepEqual(forth("A", 2, 8), [2]);
  const cut = { ...PRIVATE, cut: PRIVATE.stations.filter(({ port }) => port === 1) };
  bridge.setFlows(parseRules(privateRules(cut)));
  t.deepEqual(forth("A", 2, 8), []);
  t.deepEqual(back("A", 8, 2), []);
  t.is(bridge.flushConntrack({ address: CLIENT.address }), 1);
  t.deepEqual(bridge.dumpConntrack(), []);
  t.deepEqual(forth("A", 2, 8), []);
});

test("no rule set leaves a choice to the switch", (t) => {
  t.deepEqual(overlaps(parseRules(ISOLATION)), []);
  t.deepEqual(overlaps(parseRules(privateRules({ ...PRIVATE, cut: PRIVATE.stations }))), []);
});

function arpFrom(sender: string): Uint8Array {
  return emitArpFrame({
    sourceMac: sender,
    destinationMac: "ff:ff:ff:ff:ff:ff",
    arp: {
      operation: ARP_OPERATION.request,
      senderMac: sender,
      senderAddress: "10.0.0.9",
      targetMac: "00:00:00:00:00:00",
      targetAddress: "10.0.0.8",
    },
  });
}
