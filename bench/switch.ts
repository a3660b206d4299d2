import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { Switch } from "../sim/switch/switch.ts";
import { Random } from "../src/base/random.ts";
import { parseRules } from "../src/rule/parse.ts";
import { emitTcpFrame } from "../src/wire/packet.ts";
import { FrameMold } from "./frame-mold.ts";

/**
 * The simulated switch under the replay rules (three tables, one pass of conntrack): packets per second of CPU with small
 * and full segments, how flat that is from 10 to 1,000,000 connections in random order, new connections per second, and
 * memory for each tracked connection. `node bench/switch.ts [WHAT]`, where WHAT is `packets`, `flat` or `memory`.
 */

/** Many bots: the connections of the two long measurements have a network of their own. */
const BOTS = "10.40.0.0/16";
const MANY = 1_000_000;

const BOT = { port: 1, mac: "52:54:00:00:00:01", address: "10.20.0.2" };
const SERVER = { port: 2, mac: "52:54:00:00:00:fe", address: "203.0.113.7" };

function rules(extra: number, bots: string): string {
  const lines = [
    `table=0,priority=100,tcp,in_port=1,nw_src=${bots},nw_dst=${SERVER.address},tp_dst=80,actions=ct(zone=2,table=1)`,
    `table=0,priority=100,tcp,in_port=2,nw_src=${SERVER.address},nw_dst=${bots},tp_src=80,actions=ct(zone=2,table=1)`,
    "table=0,priority=0,actions=drop",
    "table=1,priority=100,ct_state=+trk+inv,actions=drop",
    "table=1,priority=90,tcp,in_port=1,ct_state=+trk+new-rpl,tcp_flags=+syn-ack,actions=ct(commit,zone=2,exec(set_field:0x8->ct_mark)),resubmit(,2)",
    "table=1,priority=80,in_port=1,ct_state=+trk+est-rpl,ct_mark=0x8,actions=resubmit(,2)",
    "table=1,priority=80,in_port=2,ct_state=+trk+est+rpl,ct_mark=0x8,actions=resubmit(,2)",
    "table=1,priority=0,actions=drop",
    "table=2,priority=10,in_port=1,actions=output:2",
    "table=2,priority=10,in_port=2,actions=output:1",
    "table=2,priority=0,actions=drop",
  ];
  for (let i = 0; i < extra; i++) {
    lines.push(
      `table=0,priority=100,tcp,in_port=1,nw_src=10.21.${i >> 8}.${i & 255},nw_dst=${SERVER.address},tp_dst=80,actions=ct(zone=2,table=1)`,
    );
  }
  return lines.join("\n");
}

const SYN = 2;
const ACK = 16;

function frame(
  fromBot: boolean,
  port: number,
  flags: number,
  seq: number,
  ack: number,
  bytes: number,
) {
  const [from, to] = fromBot ? [BOT, SERVER] : [SERVER, BOT];
  return emitTcpFrame({
    sourceMac: from.mac,
    destinationMac: to.mac,
    source: from.address,
    destination: to.address,
    tcp: {
      sourcePort: fromBot ? port : 80,
      destinationPort: fromBot ? 80 : port,
      sequence: seq,
      acknowledgement: ack,
      flags,
      window: 65535,
    },
    payload: new Uint8Array(bytes),
  });
}

function makeSwitch(extra: number, bots: string = BOT.address): Switch {
  const bridge = new Switch({
    name: "br0",
    clock: { nowNs: () => 0n },
    random: Random.from(1),
    limits: { connectionsMax: 2 * MANY },
  });
  bridge.addPort(1, "bot");
  bridge.addPort(2, "replayer");
  bridge.setFlows(parseRules(rules(extra, bots)));
  return bridge;
}

/** CPU seconds that `work` takes. */
function cpuSeconds(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const used = process.cpuUsage(before);
  return (used.user + used.system) / 1e6;
}

interface Packet {
  readonly port: number;
  readonly bytes: Uint8Array;
}

function send(bridge: Switch, packets: readonly Packet[]): number {
  let out = 0;
  for (const { port, bytes } of packets) out += bridge.receive(port, bytes).length;
  return out;
}

function established(bridge: Switch, connections: number): void {
  for (let i = 0; i < connections; i++) {
    const port = 1024 + i;
    send(bridge, [
      { port: 1, bytes: frame(true, port, SYN, 0, 0, 0) },
      { port: 2, bytes: frame(false, port, SYN | ACK, 0, 1, 0) },
      { port: 1, bytes: frame(true, port, ACK, 1, 1, 0) },
    ]);
  }
}

function measure(label: string, connections: number, extra: number, payload: number): void {
  const bridge = makeSwitch(extra);
  established(bridge, connections);
  const packets: Packet[] = [];
  for (let i = 0; i < connections; i++) {
    packets.push(
      { port: 2, bytes: frame(false, 1024 + i, ACK, 1, 1, payload) },
      { port: 1, bytes: frame(true, 1024 + i, ACK, 1, 1 + payload, 0) },
    );
  }
  const rounds = Math.ceil(1_000_000 / packets.length);
  send(bridge, packets);
  let out = 0;
  const seconds = cpuSeconds(() => {
    for (let i = 0; i < rounds; i++) out += send(bridge, packets);
  });
  const count = rounds * packets.length;
  if (out !== count) throw new Error(`${count} packets in, ${out} out`);
  report(label, count / seconds);
}

function mold(isFromBot: boolean, flags: number, sequence: number, acknowledgement: number) {
  const [from, to] = isFromBot
    ? [{ ...BOT, address: "10.40.0.0" }, SERVER]
    : [SERVER, { ...BOT, address: "10.40.0.0" }];
  return new FrameMold(isFromBot, {
    sourceMac: from.mac,
    destinationMac: to.mac,
    source: from.address,
    destination: to.address,
    tcp: {
      sourcePort: isFromBot ? 1 : 80,
      destinationPort: isFromBot ? 80 : 1,
      sequence,
      acknowledgement,
      flags,
      window: 65535,
    },
    payload: new Uint8Array(0),
  });
}

const SYN_MOLD = mold(true, SYN, 0, 0);
const SYN_ACK_MOLD = mold(false, SYN | ACK, 0, 1);
const ACK_MOLD = mold(true, ACK, 1, 1);
const ANSWER_MOLD = mold(false, ACK, 1, 1);

/** `count` connections of many bots, all with their handshake done. */
function crowd(count: number): Switch {
  const bridge = makeSwitch(0, BOTS);
  for (let i = 0; i < count; i++) {
    bridge.receive(1, SYN_MOLD.cast(i));
    bridge.receive(2, SYN_ACK_MOLD.cast(i));
    bridge.receive(1, ACK_MOLD.cast(i));
  }
  return bridge;
}

/** A crowd's switch and the order in which its connections send, again and again. */
interface Crowd {
  readonly connections: number;
  readonly bridge: Switch;
  readonly orders: { readonly label: string; readonly order: Uint32Array; seconds: number }[];
}

const ORDER = 100_000;
/** As much as a million connections take. A pair of packets has to touch it once at least: what that costs is measured, too. */
const MEMORY_BYTES = 2 ** 27;
const ROUNDS = 7;

/** CPU seconds of a pair of packets for each in `order`, of one of the connections; a place of `beside` is touched with it. */
function measureRound(
  { bridge, connections }: Crowd,
  order: Uint32Array,
  beside = new Int32Array(1),
): number {
  let out = 0;
  const seconds = cpuSeconds(() => {
    for (const i of order) {
      beside[Math.imul(i, 0x9e3779b1) & (beside.length - 1)]!++;
      const connection = i % connections;
      out += bridge.receive(2, ANSWER_MOLD.cast(connection)).length;
      out += bridge.receive(1, ACK_MOLD.cast(connection)).length;
    }
  });
  if (out !== 2 * order.length) throw new Error(`${2 * order.length} packets in, ${out} out`);
  return seconds;
}

/**
 * Random order has each packet wait for memory that no cache holds; in turn, the next connections are on their way. A
 * switch's traffic lies between the two. The sizes take turns, and the best round of each counts: what else the machine
 * does meanwhile would otherwise be taken for a difference between them.
 */
function measureFlatness(): void {
  const crowds = [10, 1_000, 100_000, MANY].map((connections): Crowd => {
    const random = Random.from(connections);
    const order = (label: string, next: (i: number) => number) => ({
      label,
      order: Uint32Array.from({ length: ORDER }, (_, i) => next(i)),
      seconds: Number.POSITIVE_INFINITY,
    });
    return {
      connections,
      bridge: crowd(connections),
      orders: [
        order("in turn", (i) => i % connections),
        order("in random order", () => random.int(0, connections - 1)),
      ],
    };
  });
  const few = crowds[0]!;
  const anywhere = crowds.at(-1)!.orders[1]!.order;
  const memory = new Int32Array(MEMORY_BYTES / Int32Array.BYTES_PER_ELEMENT).fill(1);
  let touching = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round++) {
    touching = Math.min(touching, measureRound(few, anywhere, memory));
    for (const crowd of crowds) {
      for (const one of crowd.orders)
        one.seconds = Math.min(one.seconds, measureRound(crowd, one.order));
    }
  }
  for (const { connections, orders } of crowds) {
    for (const { label, seconds } of orders)
      report(`${connections.toLocaleString("en")} connections ${label}`, (2 * ORDER) / seconds);
  }
  for (const [at, { label }] of crowds[0]!.orders.entries()) {
    const all = crowds.map(({ orders }) => orders[at]!.seconds);
    print(`slowest to quickest, ${label}`, (Math.max(...all) / Math.min(...all)).toFixed(2), "");
  }
  print(
    "10, each pair with a touch of 128 MiB, to 10",
    (touching / few.orders[1]!.seconds).toFixed(2),
    "",
  );
}

/** First packets per second, from an empty switch. */
function measureNew(count: number): void {
  const bridge = makeSwitch(0, BOTS);
  const seconds = cpuSeconds(() => {
    for (let i = 0; i < count; i++) bridge.receive(1, SYN_MOLD.cast(i));
  });
  report(`new connections, ${count.toLocaleString("en")} of them`, count / seconds);
}

function measureMemory(): void {
  const before = heapBytes();
  const bridge = crowd(MANY);
  const bytes = (heapBytes() - before) / bridge.conntrack.table.size;
  print("memory per established connection", Math.round(bytes).toString(), "bytes");
}

/** What is in use after a full collection. */
function heapBytes(): number {
  setFlagsFromString("--expose-gc");
  const collect: unknown = runInNewContext("gc");
  if (typeof collect !== "function") throw new Error("this Node gives no access to its collector");
  collect();
  // What the first one frees outside the heap counts as free from the next one on.
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

function report(label: string, perSecond: number): void {
  print(label, Math.round(perSecond).toLocaleString("en"), "/s of CPU");
}

function print(label: string, value: string, unit: string): void {
  process.stdout.write(`${label.padEnd(48)} ${value.padStart(12)} ${unit}`.trimEnd());
  process.stdout.write("\n");
}

const what = process.argv[2] ?? "all";
// First: what an earlier switch has left to the collector would count against this one.
if (what === "all" || what === "memory") measureMemory();
if (what === "all" || what === "packets") {
  measure("60-byte segments, 1,000 connections", 1_000, 0, 0);
  measure("1,460-byte answers and ACKs, 1,000 connections", 1_000, 0, 1_460);
  measure("60-byte segments, 50,000 connections", 50_000, 0, 0);
  measure("60-byte segments, 10,000 rules more", 1_000, 10_000, 0);
}
if (what === "all" || what === "flat") {
  measureNew(MANY);
  measureFlatness();
}
