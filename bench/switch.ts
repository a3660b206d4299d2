import { Switch } from "../sim/switch/switch.ts";
import { Random } from "../src/base/random.ts";
import { parseRules } from "../src/rule/parse.ts";
import { emitTcpFrame } from "../src/wire/packet.ts";

/**
 * Packets per second of CPU through the simulated switch: the replay rules (three tables, one pass of conntrack), many
 * established connections, small and full segments. `node bench/switch.ts [CONNECTIONS] [RULES]`.
 */

const BOT = { port: 1, mac: "52:54:00:00:00:01", address: "10.20.0.2" };
const SERVER = { port: 2, mac: "52:54:00:00:00:fe", address: "203.0.113.7" };

function rules(extra: number): string {
  const lines = [
    `table=0,priority=100,tcp,in_port=1,nw_src=${BOT.address},nw_dst=${SERVER.address},tp_dst=80,actions=ct(zone=2,table=1)`,
    `table=0,priority=100,tcp,in_port=2,nw_src=${SERVER.address},nw_dst=${BOT.address},tp_src=80,actions=ct(zone=2,table=1)`,
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

function makeSwitch(extra: number): Switch {
  const bridge = new Switch({ name: "br0", clock: { nowNs: () => 0n }, random: Random.from(1) });
  bridge.addPort(1, "bot");
  bridge.addPort(2, "replayer");
  bridge.setFlows(parseRules(rules(extra)));
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

function measureNew(count: number): void {
  const bridge = makeSwitch(0);
  const packets = Array.from({ length: count }, (_, i) => ({
    port: 1,
    bytes: frame(true, 1024 + (i % 64_000), SYN, i, 0, 0),
  }));
  report("new connections", count / cpuSeconds(() => send(bridge, packets)));
}

function report(label: string, perSecond: number): void {
  process.stdout.write(
    `${label.padEnd(48)} ${Math.round(perSecond).toLocaleString("en").padStart(12)} /s of CPU\n`,
  );
}

measure("60-byte segments, 1,000 connections", 1_000, 0, 0);
measure("1,460-byte answers and ACKs, 1,000 connections", 1_000, 0, 1_460);
measure("60-byte segments, 50,000 connections", 50_000, 0, 0);
measure("60-byte segments, 10,000 rules more", 1_000, 10_000, 0);
measureNew(64_000);
