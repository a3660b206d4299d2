import test from "ava";
import { InputError } from "../../src/base/errors.ts";
import { Random } from "../../src/base/random.ts";
import { formatRule } from "../../src/rule/format.ts";
import { parseActions, parseRule, parseRules } from "../../src/rule/parse.ts";
import {
  badChecksum,
  CLIENT,
  ManualClock,
  mac,
  makeSwitch,
  portsOf,
  SERVER,
  tcp,
  udp,
} from "./switch.fixture.ts";
import { Switch } from "./switch.ts";

test("what no rule matches is dropped, and counted", (t) => {
  const bridge = makeSwitch("arp,actions=normal");
  t.deepEqual(bridge.receive(1, tcp(CLIENT, SERVER, "S")), []);
  t.is(bridge.counters.dropped.miss, 1);
});

test("a frame for a port that the bridge does not have goes nowhere, and is counted", (t) => {
  const bridge = makeSwitch("actions=output:9,output:2");
  t.deepEqual(portsOf(bridge.receive(1, udp(CLIENT, SERVER))), [2]);
  t.deepEqual(bridge.receive(9, udp(CLIENT, SERVER)), []);
  t.is(bridge.counters.toAbsentPort, 1);
  t.is(bridge.counters.fromAbsentPort, 1);
});

test("the bytes that came in are never changed, and an output keeps its bytes", (t) => {
  const bridge = makeSwitch(
    "udp,actions=output:2,mod_tp_dst:99,output:3,mod_dl_src:52:54:00:00:00:77,output:4",
  );
  const frame = Buffer.from(udp(CLIENT, SERVER, "hello"));
  const before = Buffer.from(frame.toString("hex"), "hex");
  const outputs = bridge.receive(1, frame);
  t.deepEqual(frame, before);
  t.deepEqual(Buffer.from(outputs[0]!.bytes), before);
  const [, second, third] = outputs.map(({ bytes }) => Buffer.from(bytes).toString("hex"));
  t.not(second, third);
  t.is(second?.slice(0, 24), before.toString("hex", 0, 12));
  for (const { bytes } of outputs) t.is(badChecksum(bytes), undefined);
});

test("rules are replaced at once, or not at all", (t) => {
  const bridge = makeSwitch("in_port=1,actions=output:2");
  bridge.receive(1, udp(CLIENT, SERVER));
  const bad = parseRules('in_port=1,actions=output:3\nin_port=2,actions=output:"vm9"');
  const error = t.throws(() => bridge.setFlows(bad), { instanceOf: InputError });
  t.is(error?.line, 'br0 has no port named "vm9"');
  t.deepEqual(portsOf(bridge.receive(1, udp(CLIENT, SERVER))), [2]);
  bridge.setFlows(parseRules("in_port=1,actions=output:3"));
  t.deepEqual(portsOf(bridge.receive(1, udp(CLIENT, SERVER))), [3]);
});

test("ports may be named in rules", (t) => {
  const bridge = makeSwitch("");
  bridge.setFlows([parseRule('in_port="p1",actions=output:"p3"')]);
  t.deepEqual(portsOf(bridge.receive(1, udp(CLIENT, SERVER))), [3]);
  t.deepEqual(bridge.receive(2, udp(CLIENT, SERVER)), []);
});

test("a later rule with the same match replaces the earlier one", (t) => {
  const bridge = makeSwitch("udp,actions=output:2\nudp,actions=output:3");
  t.deepEqual(portsOf(bridge.receive(1, udp(CLIENT, SERVER))), [3]);
  t.is(bridge.dumpFlows().length, 1);
});

test("each rule counts the packets that hit it, cached or not", (t) => {
  const bridge = makeSwitch(
    "table=0,udp,actions=resubmit(,1)\ntable=1,actions=output:2\ntable=1,priority=1,actions=drop",
  );
  for (let i = 0; i < 5; i++) bridge.receive(1, udp(CLIENT, SERVER));
  t.deepEqual(
    bridge.dumpFlows().map(({ rule, packets }) => [formatRule(rule), packets]),
    [
      ["table=0,udp,actions=resubmit(,1)", 5],
      ["table=1,actions=output:2", 5],
      ["table=1,priority=1,actions=drop", 0],
    ],
  );
  t.is(bridge.counters.walks, 1);
  t.is(bridge.counters.cached, 4);
});

test("a rule with a time-out goes when its time is over", (t) => {
  const clock = new ManualClock();
  const bridge = makeSwitch(
    "priority=2,hard_timeout=10,udp,actions=output:2\npriority=1,idle_timeout=5,udp,actions=output:3",
    { clock },
  );
  const hit = () => portsOf(bridge.receive(1, udp(CLIENT, SERVER)));
  t.deepEqual(hit(), [2]);
  clock.advance(4_000);
  t.deepEqual(hit(), [2]);
  clock.advance(6_001);
  t.deepEqual(hit(), []);
  t.deepEqual(bridge.dumpFlows(), []);
});

test("normal floods what it does not know, and learns", (t) => {
  const bridge = makeSwitch("actions=normal");
  t.deepEqual(portsOf(bridge.receive(1, udp(CLIENT, SERVER))), ["LOCAL", 2, 3, 4]);
  t.deepEqual(portsOf(bridge.receive(2, udp(SERVER, CLIENT))), [1]);
  t.deepEqual(portsOf(bridge.receive(1, udp(CLIENT, SERVER))), [2]);
  bridge.removePort(2);
  t.deepEqual(portsOf(bridge.receive(1, udp(CLIENT, SERVER))), ["LOCAL", 3, 4]);
});

test("normal forgets an address that has been silent for five minutes", (t) => {
  const clock = new ManualClock();
  const bridge = makeSwitch("actions=normal", { clock });
  bridge.receive(2, udp(SERVER, CLIENT));
  clock.advance(299_000);
  t.deepEqual(portsOf(bridge.receive(1, udp(CLIENT, SERVER))), [2]);
  clock.advance(2_000);
  t.deepEqual(portsOf(bridge.receive(1, udp(CLIENT, SERVER))), ["LOCAL", 2, 3, 4]);
});

test("normal keeps no more addresses than its limit", (t) => {
  const bridge = makeSwitch("actions=normal", { limits: { macsMax: 2 } });
  for (const n of [11, 12, 13]) bridge.receive(2, udp({ ...SERVER, mac: mac(n) }, CLIENT));
  t.deepEqual(portsOf(bridge.receive(1, udp(CLIENT, { ...SERVER, mac: mac(13) }))), [2]);
  t.is(bridge.receive(3, udp({ ...CLIENT, mac: mac(30) }, { ...SERVER, mac: mac(11) })).length, 4);
});

test("a packet-out runs its actions, or the tables", (t) => {
  const bridge = makeSwitch("in_port=3,udp,actions=output:4");
  const frame = udp(CLIENT, SERVER);
  const out = (actions: string, port: number | "CONTROLLER") =>
    portsOf(bridge.packetOut(port, parseActions(actions), frame));
  t.deepEqual(out("output:2,3,local", "CONTROLLER"), [2, 3, "LOCAL"]);
  t.deepEqual(out("resubmit(,0)", 3), [4]);
  t.deepEqual(out("resubmit(3,0)", "CONTROLLER"), [4]);
  t.deepEqual(out("in_port,output:3", 3), [3]);
});

test("packets for a controller say why; misses are reported only where somebody listens", (t) => {
  const rules = "table=0,udp,actions=controller:20\ntable=0,tcp,actions=resubmit(,9)";
  const deaf = makeSwitch(rules);
  const frame = udp(CLIENT, SERVER);
  t.like(deaf.receive(1, frame)[0], {
    port: "CONTROLLER",
    packetIn: { reason: "action", table: 0, cookie: 0n, totalBytes: frame.length },
    bytes: frame,
  });
  t.deepEqual(deaf.packetOut(1, parseActions("goto_table:9"), frame), []);
  const heard = makeSwitch(rules, { packetIns: true });
  t.like(heard.packetOut(1, parseActions("goto_table:9"), frame)[0], {
    packetIn: { reason: "no_match", table: 9 },
  });
});

test("VLAN tags are pushed, rewritten and popped", (t) => {
  const bridge = makeSwitch(
    "in_port=1,udp,actions=push_vlan:0x8100,set_field:4103->vlan_vid,output:2,mod_vlan_pcp:5,output:3,pop_vlan,output:4\nin_port=2,dl_vlan=7,actions=strip_vlan,output:1",
  );
  const frame = udp(CLIENT, SERVER, "x");
  const outputs = bridge.receive(1, frame);
  const tags = outputs.map(({ bytes }) => Buffer.from(bytes).toString("hex", 12, 16));
  t.deepEqual(tags, ["81000007", "8100a007", Buffer.from(frame).toString("hex", 12, 16)]);
  t.deepEqual(outputs[2]?.bytes, frame);
  t.deepEqual(bridge.receive(2, outputs[0]!.bytes)[0]?.bytes, frame);
});

test("an action set is done at the end, in OpenFlow's order", (t) => {
  const bridge = makeSwitch(
    "table=0,udp,actions=write_actions(output:3,mod_tp_dst:99),goto_table:1\ntable=1,actions=output:2,write_actions(output:4)",
  );
  const outputs = bridge.receive(1, udp(CLIENT, SERVER));
  t.deepEqual(portsOf(outputs), [2, 4]);
  t.deepEqual(outputs[1]?.bytes, udp(CLIENT, { ...SERVER, port: 99 }));
});

test("a clone does not disturb the packet", (t) => {
  const bridge = makeSwitch("udp,actions=clone(mod_tp_dst:99,output:2),output:3");
  const outputs = bridge.receive(1, udp(CLIENT, SERVER));
  t.deepEqual(
    outputs.map(({ bytes }) => bytes),
    [udp(CLIENT, { ...SERVER, port: 99 }), udp(CLIENT, SERVER)],
  );
});

test("what is pushed on the stack can be popped elsewhere", (t) => {
  const bridge = makeSwitch(
    "udp,actions=push:NXM_OF_UDP_SRC[],push:NXM_OF_UDP_DST[],pop:NXM_OF_UDP_SRC[],pop:NXM_OF_UDP_DST[],output:2",
  );
  const swapped = udp({ ...CLIENT, port: SERVER.port }, { ...SERVER, port: CLIENT.port });
  t.deepEqual(bridge.receive(1, udp(CLIENT, SERVER))[0]?.bytes, swapped);
});

test("a port's number and name can be used once", (t) => {
  const bridge = makeSwitch("");
  t.throws(() => bridge.addPort(1, "x"), { message: "port 1 exists already on br0" });
  t.throws(() => bridge.addPort(9, "p1"), { message: "port p1 exists already on br0" });
  t.throws(() => bridge.addPort(0, "x"), { message: /between 1 and/ });
});

test("learned rules hold for the next packet, and are limited in number", (t) => {
  const bridge = makeSwitch(
    "table=0,udp,in_port=1,actions=learn(table=1,NXM_OF_ETH_TYPE[]=0x800,NXM_OF_IP_PROTO[]=17,NXM_OF_UDP_SRC[]=NXM_OF_UDP_DST[],output:NXM_OF_IN_PORT[])\n" +
      "table=0,udp,in_port=2,actions=resubmit(,1)",
    { limits: { rulesWithLearnedMax: 3 } },
  );
  t.deepEqual(bridge.receive(2, udp(SERVER, CLIENT)), []);
  bridge.receive(1, udp(CLIENT, SERVER));
  t.deepEqual(portsOf(bridge.receive(2, udp(SERVER, CLIENT))), [1]);
  bridge.receive(1, udp(CLIENT, { ...SERVER, port: 81 }));
  t.is(bridge.dumpFlows().length, 3);
  t.is(bridge.counters.learnRefused, 1);
});

test("a frame without a whole Ethernet header is dropped, and counted", (t) => {
  const bridge = makeSwitch("actions=output:2");
  t.deepEqual(bridge.receive(1, new Uint8Array(13)), []);
  t.is(bridge.counters.runts, 1);
});

test("conntrack may be Linux's: then what it calls established lasts five days, not one", (t) => {
  const bridge = (flavour: "userspace" | "linux") => {
    let nowNs = 0n;
    const made = new Switch({
      name: "br0",
      clock: { nowNs: () => nowNs },
      random: Random.from(1),
      flavour,
    });
    made.addPort(1, "one");
    made.addPort(2, "two");
    made.setFlows(parseRules("ip,actions=ct(commit,zone=1)"));
    const exchange: [number, Uint8Array][] = [
      [1, tcp(CLIENT, SERVER, "S", { seq: 100 })],
      [2, tcp(SERVER, CLIENT, "SA", { seq: 900, ack: 101 })],
      [1, tcp(CLIENT, SERVER, "A", { seq: 101, ack: 901 })],
    ];
    for (const [port, frame] of exchange) made.receive(port, frame);
    nowNs = 3n * 86_400n * 1_000_000_000n;
    return made.dumpConntrack().length;
  };
  t.deepEqual([bridge("userspace"), bridge("linux")], [0, 1]);
});
