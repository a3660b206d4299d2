import test from "ava";
import { natRules } from "../../src/isolate/nat-rules.ts";
import { overlaps } from "../../src/rule/overlap.ts";
import { parseRules } from "../../src/rule/parse.ts";
import { ARP_OPERATION, parseArp } from "../../src/wire/arp.ts";
import { isMalformed } from "../../src/wire/malformed.ts";
import { emitArpFrame, type ParsedFrame, parseFrame } from "../../src/wire/packet.ts";
import { badChecksum, type End, mac, makeSwitch, portsOf, tcp, udp } from "./switch.fixture.ts";

const GATEWAY = { mac: mac(0xfe), address: "10.20.0.1" };
const BOT: End = { mac: mac(1), address: "10.20.0.2", port: 40_000 };
const RESPONDER: End = { mac: mac(2), address: "10.20.0.9", port: 8001 };
const CNC: End = { mac: GATEWAY.mac, address: "203.0.113.7", port: 80 };
/** The bot as the responder knows it: behind the gateway's MAC address. */
const GUEST: End = { ...BOT, mac: GATEWAY.mac };
const BOT_PORT = 1;
const RESPONDER_PORT = 2;

const NETWORK = {
  gatewayMac: GATEWAY.mac,
  gatewayAddress: GATEWAY.address,
  stations: [
    {
      port: BOT_PORT,
      mac: BOT.mac,
      address: BOT.address,
      servers: [{ address: CNC.address, port: CNC.port, playedAt: RESPONDER.port }],
    },
  ],
  responder: { port: RESPONDER_PORT, mac: RESPONDER.mac, address: RESPONDER.address },
} as const;
const RULES = natRules(NETWORK);
const POOLED_RULES = natRules({
  ...NETWORK,
  responder: { ...NETWORK.responder, pool: "10.30.0.0/22" },
});

test("a whole HTTP exchange goes to the responder's address and comes back from the server's", (t) => {
  const bridge = makeSwitch(RULES);
  const exchange: ["bot" | "responder", string, Parameters<typeof tcp>[3]][] = [
    ["bot", "S", { seq: 100 }],
    // The SYN again, because the answer is late: it is new once more, and must be translated all the same.
    ["bot", "S", { seq: 100 }],
    ["responder", "SA", { seq: 900, ack: 101 }],
    ["bot", "A", { seq: 101, ack: 901 }],
    ["bot", "PA", { seq: 101, ack: 901, payload: "GET /" }],
    ["responder", "PA", { seq: 901, ack: 106, payload: "200 OK" }],
    ["bot", "FA", { seq: 106, ack: 907 }],
    ["responder", "FA", { seq: 907, ack: 107 }],
    ["bot", "A", { seq: 107, ack: 908 }],
  ];
  for (const [who, flags, segment] of exchange) {
    const isBot = who === "bot";
    const sent = isBot ? tcp(BOT, CNC, flags, segment) : tcp(RESPONDER, GUEST, flags, segment);
    const outputs = bridge.receive(isBot ? BOT_PORT : RESPONDER_PORT, sent);
    t.deepEqual(portsOf(outputs), [isBot ? RESPONDER_PORT : BOT_PORT], `${who} ${flags}`);
    const expected = isBot
      ? tcp({ ...BOT }, RESPONDER, flags, segment)
      : tcp(CNC, BOT, flags, segment);
    t.deepEqual(outputs[0]?.bytes, expected, `${who} ${flags}`);
    t.is(badChecksum(expected), undefined);
  }
  t.deepEqual(bridge.dumpConntrack(), [
    "tcp,orig=(src=10.20.0.2,dst=203.0.113.7,sport=40000,dport=80),reply=(src=10.20.0.9,dst=10.20.0.2,sport=8001,dport=40000),zone=2,mark=7,protoinfo=(state=TIME_WAIT)",
  ]);
});

test("the switch answers the responder's ARP question for its guest", (t) => {
  const bridge = makeSwitch(RULES);
  const question = emitArpFrame({
    destinationMac: "ff:ff:ff:ff:ff:ff",
    sourceMac: RESPONDER.mac,
    arp: {
      operation: ARP_OPERATION.request,
      senderMac: RESPONDER.mac,
      senderAddress: RESPONDER.address,
      targetMac: "00:00:00:00:00:00",
      targetAddress: BOT.address,
    },
  });
  const outputs = bridge.receive(RESPONDER_PORT, question);
  t.deepEqual(portsOf(outputs), [RESPONDER_PORT]);
  const answer = parseArp(outputs[0]?.bytes.subarray(14) ?? new Uint8Array());
  t.like(answer, {
    operation: ARP_OPERATION.reply,
    senderMac: GATEWAY.mac,
    senderAddress: BOT.address,
  });
});

function frameOf(bytes: Uint8Array = new Uint8Array()): ParsedFrame {
  const frame = parseFrame(bytes);
  if (isMalformed(frame)) throw new RangeError("no frame");
  return frame;
}

const nothingLeaves = test.macro((t, port: number, frame: Uint8Array) => {
  t.deepEqual(portsOf(makeSwitch(RULES).receive(port, frame)), []);
});

test("the responder by its own address", nothingLeaves, BOT_PORT, tcp(BOT, RESPONDER, "S"));
test("another port of the server", nothingLeaves, BOT_PORT, tcp(BOT, { ...CNC, port: 81 }, "S"));
test("another server", nothingLeaves, BOT_PORT, tcp(BOT, { ...CNC, address: "203.0.113.8" }, "S"));
test("a connection picked up in its middle", nothingLeaves, BOT_PORT, tcp(BOT, CNC, "A"));
test("UDP to the server", nothingLeaves, BOT_PORT, udp(BOT, CNC));
test("a SYN of the responder", nothingLeaves, RESPONDER_PORT, tcp(RESPONDER, GUEST, "S"));
test("data without a connection", nothingLeaves, RESPONDER_PORT, tcp(RESPONDER, GUEST, "PA"));

test("a pool of addresses: the answer comes back from the server's whichever of them the connection got", (t) => {
  const bridge = makeSwitch(POOLED_RULES);
  const used = new Set<string>();
  for (let port = 40_000; port < 40_032; port++) {
    const bot = { ...BOT, port };
    const [sent] = bridge.receive(BOT_PORT, tcp(bot, CNC, "S", { seq: 100 }));
    const { ipv4 } = frameOf(sent?.bytes);
    const to = { ...RESPONDER, address: ipv4?.destination ?? "" };
    used.add(to.address);
    t.regex(to.address, /^10\.30\.[0-3]\.\d+$/);
    t.deepEqual(sent?.bytes, tcp(bot, to, "S", { seq: 100 }));
    const answer = { seq: 900, ack: 101 };
    const back = bridge.receive(RESPONDER_PORT, tcp(to, { ...GUEST, port }, "SA", answer));
    t.deepEqual(portsOf(back), [BOT_PORT]);
    t.deepEqual(back[0]?.bytes, tcp(CNC, bot, "SA", answer));
  }
  t.true(used.size > 16);
});

test("two rules of equal priority never match the same packet", (t) => {
  t.deepEqual(overlaps(parseRules(RULES)), []);
  t.deepEqual(overlaps(parseRules(POOLED_RULES)), []);
});
