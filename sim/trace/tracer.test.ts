import test from "ava";
import { Random } from "../../src/base/random.ts";
import { parseRules } from "../../src/rule/parse.ts";
import type { Effect, PacketTrace, Step } from "../../src/trace/record.ts";
import { Switch } from "../switch/switch.ts";
import { hits, states, traced } from "./trace.fixture.ts";

const REPLAY = `
table=0,priority=100,tcp,actions=ct(zone=1,table=1)
table=1,priority=90,tcp,in_port=1,ct_state=+trk+new,actions=ct(commit,zone=1,exec(set_field:0x8->ct_mark)),output:2
table=1,priority=80,tcp,ct_state=+trk+est,actions=resubmit(,2)
table=2,in_port=1,actions=output:2
table=2,in_port=2,actions=output:1
`;
const THERE = "in_port=1,tcp,nw_src=10.0.0.1,nw_dst=10.0.0.2,tp_src=5000,tp_dst=80";
const BACK = "in_port=2,tcp,nw_src=10.0.0.2,nw_dst=10.0.0.1,tp_src=80,tp_dst=5000";

function effects(packet: PacketTrace): Effect[] {
  const ofSteps = (steps: readonly Step[]): Effect[] =>
    steps.flatMap((step) => [
      ...step.effects,
      ...ofSteps(step.steps),
      ...step.visits.flatMap((visit) => ofSteps(visit.steps)),
    ]);
  return packet.passes.flatMap(({ visits, actionSet }) => [
    ...visits.flatMap(({ steps }) => ofSteps(steps)),
    ...ofSteps(actionSet),
  ]);
}

test("connections last from packet to packet: the third one is established", (t) => {
  const packets = traced(REPLAY, THERE, BACK, THERE);
  t.deepEqual(packets.map(states), [["+trk+new", "+trk+new"], ["+trk+est+rpl"], ["+trk+est"]]);
  t.deepEqual(packets.map(hits), [
    ["0:2", "1:3"],
    ["0:2", "1:4", "2:6"],
    ["0:2", "1:4", "2:5"],
  ]);
  t.deepEqual(
    packets.map(({ outputs }) => outputs.map(({ port }) => port)),
    [["2"], ["1"], ["2"]],
  );
});

test("a conntrack step tells zone, state before and after, mark, commit, direction and the kernel's functions", (t) => {
  const [first, second] = traced(REPLAY, THERE, BACK);
  const [lookup, commit] = effects(first!).filter(({ kind }) => kind === "ct");
  t.like(lookup, {
    zone: 1,
    commit: false,
    before: { state: "untracked" },
    after: { state: "+trk+new" },
    connection: null,
    committed: false,
  });
  t.like(commit, {
    zone: 1,
    commit: true,
    committed: true,
    direction: "original",
    after: { state: "+trk+new", mark: "0x8" },
  });
  const [reply] = effects(second!).filter(({ kind }) => kind === "ct");
  t.like(reply, {
    committed: false,
    direction: "reply",
    after: { state: "+trk+est+rpl", mark: "0x8" },
  });
  t.deepEqual(commit?.kind === "ct" && commit.kernel.map((call) => call.function), [
    "do_execute_actions",
    "ovs_ct_execute",
    "ovs_ct_commit",
    "__ovs_ct_lookup",
    "ovs_ct_set_mark",
    "nf_conntrack_confirm",
  ]);
});

test("NAT is told field by field, and so is what leaves", (t) => {
  const rules =
    "table=0,tcp,actions=ct(commit,nat(dst=10.0.0.9:8080),table=1)\ntable=1,ip,actions=dec_ttl,output:2";
  const [packet] = traced(rules, THERE);
  const nat = [
    { field: "nw_dst", before: "10.0.0.2", after: "10.0.0.9" },
    { field: "tp_dst", before: "80", after: "8080" },
  ];
  t.like(effects(packet!)[0], { kind: "ct", nat: true, changes: nat });
  const fields = packet!.outputs[0]?.changes;
  t.deepEqual(fields, [nat[0]!, { field: "nw_ttl", before: "64", after: "63" }, nat[1]!]);
});

test("registers and tags that an action sets are told with the action", (t) => {
  const rules = "actions=load:5->NXM_NX_REG3[],push_vlan:0x8100,mod_vlan_vid:7,output:2";
  const [packet] = traced(rules, "in_port=1,udp");
  const steps = packet!.passes[0]!.visits[0]!.steps;
  t.deepEqual(
    steps.map(({ changes }) =>
      changes.map(({ field, before, after }) => `${field} ${before} ${after}`),
    ),
    [["reg3 0 0x5"], ["dl_vlan  0"], ["dl_vlan 0 7"], []],
  );
});

const dropped = test.macro<[rules: string, reason: string, ...packets: string[]]>({
  exec(t, rules, reason, ...packets) {
    const last = traced(rules, ...(packets.length === 0 ? ["in_port=1,udp"] : packets)).at(-1);
    t.deepEqual(last?.outputs, []);
    t.is(last?.dropped, reason);
  },
  title: (_, rules, reason) =>
    `dropped because ${reason} (${rules.slice(0, 40).replace(/\s+/g, " ")})`,
});

test(dropped, "tcp,actions=output:2", "no rule of table 0 matches");
test(dropped, "\nactions=drop", "the rule in line 2 (table 0) drops it");
test(
  dropped,
  "actions=resubmit(,1)\ntable=1,priority=0,actions=drop",
  "the rule in line 2 (table 1) drops it",
);
test(dropped, "actions=load:1->NXM_NX_REG0[]", "no action of these rules sends it anywhere");
test(
  dropped,
  "in_port=1,actions=output:1",
  "the packet came in through this port. It does not go back, unless the rule says in_port",
);
test(dropped, "actions=output:NXM_NX_REG0[0..15]", "the bridge has no port 0");
test(
  dropped,
  "actions=output:2,resubmit(,0)",
  "resubmit goes deeper than 64 tables; everything that this walk wanted to do is dropped",
);
test(dropped, "ip,actions=ct(table=0)", "it came back from conntrack more than 6 times");
test(
  dropped,
  "ip,actions=dec_ttl,output:2",
  "the time to live is used up; the rest of the list is not done",
  "in_port=1,udp,nw_ttl=1",
);
test(
  dropped,
  "ip,actions=ct(table=1)\ntable=1,actions=output:2",
  "a fragment: conntrack holds it until the whole packet is there",
  "in_port=1,udp,ip_frag=first",
);
test(
  dropped,
  "actions=output:2",
  "the frame has no whole Ethernet header, or its port cannot receive",
  "udp",
);

test("a table that resubmit does not find is told, and the list goes on", (t) => {
  const [packet] = traced("actions=resubmit(,7),output:2", "in_port=1,udp");
  t.deepEqual(hits(packet!), ["0:1", "7:-"]);
  t.is(packet?.dropped, null);
});

test("what clone, action sets, learn and other ports of resubmit do is told where it is done", (t) => {
  const rules = `
ip,actions=clone(mod_nw_src:10.9.9.9,output:2),learn(table=9,NXM_OF_ETH_DST[]=NXM_OF_ETH_SRC[],output:NXM_OF_IN_PORT[]),resubmit(4,1),write_actions(output:3)
table=1,in_port=4,actions=output:5
`;
  const [packet] = traced(rules, "in_port=1,udp");
  const [pass] = packet!.passes;
  const [clone, learn, resubmit] = pass!.visits[0]!.steps;
  t.is(clone?.steps.length, 2);
  t.like(clone?.steps[1]?.effects[0], {
    kind: "output",
    port: "2",
    changes: [{ field: "nw_src", after: "10.9.9.9" }],
  });
  t.is(learn?.effects[0]?.kind, "learn");
  t.is(resubmit?.visits[0]?.inPort, "4");
  t.like(pass?.actionSet[0]?.effects[0], { kind: "output", port: "3", changes: [] });
});

test("NORMAL that does not know the destination goes everywhere, LOCAL too, and says so", (t) => {
  const [first, , third] = traced("in_port=7,actions=drop\nactions=normal", THERE, BACK, THERE);
  t.deepEqual(
    first?.outputs.map(({ port }) => port),
    ["LOCAL", "7"],
  );
  t.regex(first?.outputs[0]?.because ?? "", /does not know yet/);
  t.deepEqual(
    third?.outputs.map(({ port }) => port),
    ["2"],
  );
});

test("fragments wait for each other, are tracked once, and leave one by one", (t) => {
  const rules = "ip,actions=ct(commit,table=1)\ntable=1,ct_state=+trk+new,actions=output:2";
  const piece = "in_port=1,ip,nw_proto=253,ip_frag";
  const [first, last] = traced(rules, `${piece}=first`, `${piece}=later`);
  t.deepEqual(first?.outputs, []);
  t.is(last?.outputs.length, 2);
  t.deepEqual(states(last!), ["+trk+new"]);
});

test("watching changes nothing: the same packets leave as without a trace", (t) => {
  const texts = [
    THERE,
    BACK,
    THERE,
    `${THERE},tcp_flags=rst`,
    THERE,
    "in_port=2,udp",
    "in_port=1,icmp",
  ];
  const packets = traced(REPLAY, ...texts);
  const bridge = new Switch({
    name: "br0",
    clock: { nowNs: () => 0n },
    random: Random.from("other"),
  });
  bridge.addPort(1, "1");
  bridge.addPort(2, "2");
  bridge.setFlows(parseRules(REPLAY));
  for (const packet of packets) {
    const outputs = bridge.receive(Number(packet.inPort), Buffer.from(packet.packet, "hex"));
    t.deepEqual(
      outputs.map(({ port, bytes }) => [String(port), Buffer.from(bytes).toString("hex")]),
      packet.outputs.map((output) => [output.port, output.packet]),
    );
  }
});
