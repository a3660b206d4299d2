import test from "ava";
import { InputError } from "../../src/base/errors.ts";
import { parseFlowMods } from "../../src/rule/flow-mod.ts";
import { formatRule } from "../../src/rule/format.ts";
import { badChecksum, CLIENT, makeSwitch, portsOf, SERVER, tcp, udp } from "./switch.fixture.ts";

const frame = tcp(CLIENT, SERVER, "S");

const leaves = test.macro({
  exec(t, rules: string, ...ports: (number | string)[]) {
    const bridge = makeSwitch(rules, { packetIns: true });
    t.deepEqual(portsOf(bridge.receive(1, frame)), ports);
    t.deepEqual(portsOf(bridge.receive(1, frame)), ports, "also by the cache");
  },
  title: (_, rules: string, ...ports: (number | string)[]) =>
    `the actions send to ${ports.join(", ") || "nobody"}: ${rules.replaceAll("\n", "; ")}`,
});

test(leaves, "actions=exit,2");
test(leaves, "actions=resubmit(,1),3\ntable=1,actions=2,exit,4", 2);
test(leaves, "actions=clone(2,exit,4),3", 2);
test(leaves, "actions=2,pop:NXM_NX_REG0[],3", 2, 3);
test(leaves, "actions=load:3->NXM_OF_IN_PORT[],1,3", 1);
test(leaves, "actions=load:0->NXM_OF_IN_PORT[],1,2", 1, 2);
test(leaves, "actions=write_actions(output:2,output:3,resubmit(,5))\ntable=5,actions=4", 3);
test(
  leaves,
  "actions=write_actions(resubmit(,5),set_field:0x1/0xf->reg0,set_field:0x20/0xf0->reg0)\ntable=5,reg0=0x21,actions=4",
  4,
);
test(leaves, "ip,actions=write_actions(dec_ttl,set_field:1->reg0)");
test(leaves, "actions=controller(id=5),controller(reason=group),2", "CONTROLLER", 2);
test(leaves, "ip,actions=set_field:1->nw_ttl,dec_ttl(1,2),2");
test(leaves, "actions=output(port=in_port,max_len=20),2", 2);
test(
  leaves,
  "actions=mod_vlan_vid:5,strip_vlan,resubmit(,1)\ntable=1,vlan_tci=0/0x1fff,actions=2",
  2,
);

test("an output may be cut, and only that one", (t) => {
  const bridge = makeSwitch("actions=output(port=2,max_len=20),3");
  const [cut, whole] = bridge.receive(1, frame);
  t.deepEqual(cut?.bytes, frame.subarray(0, 20));
  t.deepEqual(whole?.bytes, frame);
});

test("an output is cut before the tag that was pushed for it is there", (t) => {
  const bridge = makeSwitch("actions=push_vlan:0x8100,output(port=2,max_len=20)");
  t.is(bridge.receive(1, frame)[0]?.bytes.length, 24);
});

test("resubmits to later tables may be as many as there are tables", (t) => {
  const rules = Array.from({ length: 200 }, (_, i) => `table=${i},actions=resubmit(,${i + 1})`);
  const bridge = makeSwitch([...rules, "table=200,actions=2"].join("\n"));
  t.deepEqual(portsOf(bridge.receive(1, frame)), [2]);
  const loop = makeSwitch("actions=3,resubmit(,0)");
  t.deepEqual(portsOf(loop.receive(1, frame)), []);
  t.is(loop.counters.dropped.resubmit_depth, 1);
});

test("normal takes away a tag that says nothing, for itself only", (t) => {
  const bridge = makeSwitch("actions=push_vlan:0x8100,normal,in_port");
  const lengths = bridge
    .receive(1, frame)
    .map(({ port, bytes }) => [port, bytes.length - frame.length]);
  t.deepEqual(lengths, [
    ["LOCAL", 0],
    [2, 0],
    [3, 0],
    [4, 0],
    [1, 4],
  ]);
});

test("what a rule has for the controller goes with the packet", (t) => {
  const bridge = makeSwitch("cookie=7,actions=controller(reason=no_match,userdata=01.ff)");
  const [output] = bridge.receive(1, frame);
  t.like(output?.packetIn, { reason: "no_match", cookie: 7n, userdata: [1, 0xff] });
});

test("two tags that were pushed come off one by one", (t) => {
  const bridge = makeSwitch(
    "actions=push_vlan:0x8100,set_field:0x1005->vlan_vid,push_vlan:0x88a8,set_field:0x1006->vlan_vid,2,pop_vlan,3,pop_vlan,4",
  );
  const [two, one, none] = bridge.receive(1, frame).map(({ bytes }) => bytes);
  t.is(Buffer.from(two!.subarray(12, 20)).toString("hex"), "88a8000681000005");
  t.is(Buffer.from(one!.subarray(12, 16)).toString("hex"), "81000005");
  t.deepEqual(none, frame);
});

for (const [actions, taken] of [
  ["actions=pop_vlan,2", false],
  ["dl_vlan=7,actions=pop_vlan,pop_vlan,2", false],
  ["actions=clone(push_vlan:0x8100),pop_vlan,2", false],
  ["dl_vlan=7,actions=clone(pop_vlan),pop_vlan,2", true],
  ["dl_vlan=7,actions=push_vlan:0x8100,pop_vlan,pop_vlan,2", true],
  ["actions=write_actions(pop_vlan,output:2)", true],
] as const) {
  test(`a tag is popped only where a packet is known to have it: ${actions}`, (t) => {
    if (taken) t.notThrows(() => makeSwitch(actions));
    else t.throws(() => makeSwitch(actions), { message: /not known to have/ });
  });
}

test("mod_vlan_vid puts a tag on top where the rule does not know of one, as OpenFlow 1.5 carries it", (t) => {
  const tagged = Uint8Array.from([...frame.slice(0, 12), 0x81, 0, 0, 7, ...frame.slice(12)]);
  const [pushed] = makeSwitch("actions=mod_vlan_vid:5,2").receive(1, tagged);
  t.is(Buffer.from(pushed!.bytes.subarray(12, 20)).toString("hex"), "8100000581000007");
  const [changed] = makeSwitch("dl_vlan=7,actions=mod_vlan_vid:5,2").receive(1, tagged);
  t.is(Buffer.from(changed!.bytes.subarray(12, 16)).toString("hex"), "81000005");
});

test("resubmit(…,ct) looks up the original direction of a translated connection", (t) => {
  const bridge = makeSwitch(`in_port=1,udp,actions=ct(commit,nat(dst=10.0.0.9:99)),2
in_port=2,udp,actions=ct(nat,table=1)
table=1,ct_state=+trk-inv,ip,actions=resubmit(,2,ct),resubmit(,2)
table=2,udp,nw_dst=10.0.0.2,tp_dst=80,actions=3
table=2,udp,nw_dst=10.0.0.1,actions=4`);
  const [sent] = bridge.receive(1, udp(CLIENT, SERVER));
  t.is(badChecksum(sent!.bytes), undefined);
  const reply = udp({ ...SERVER, address: "10.0.0.9", port: 99 }, CLIENT);
  t.deepEqual(portsOf(bridge.receive(2, reply)), [3, 4]);
});

test("the parts of neighbour discovery can be changed, and its checksum stays right", (t) => {
  const solicitation = Buffer.from(
    "3333ff00000252540000000186dd6000000000203afffe800000000000000000000000000001ff0200000000000000000001ff000002" +
      "87007b2e00000000fe8000000000000000000000000000020101525400000001",
    "hex",
  );
  const bridge = makeSwitch(
    "icmp6,icmp_type=135,nd_sll=52:54:00:00:00:01,actions=set_field:fe80::9->nd_target,set_field:aa:bb:cc:dd:ee:ff->nd_sll,2",
  );
  const [changed] = bridge.receive(1, solicitation);
  t.is(
    Buffer.from(changed!.bytes.subarray(54)).toString("hex"),
    "870066e300000000fe8000000000000000000000000000090101aabbccddeeff",
  );
});

test("a helper that the simulator does not have is refused with the rule", (t) => {
  const error = t.throws(() => makeSwitch("tcp,actions=ct(commit,alg=ftp),2"), {
    instanceOf: InputError,
  });
  t.is(error?.message, "the simulator has no helper alg=ftp");
});

test("check_overlap refuses a rule beside one for the same packets, but not the same rule again", (t) => {
  const bridge = makeSwitch("priority=5,tcp,actions=2");
  const add = (text: string) => bridge.changeFlows(parseFlowMods(text));
  t.throws(() => add("check_overlap,priority=5,ip,nw_src=10.0.0.1,actions=1"), {
    message: /OFPFMFC_OVERLAP/,
  });
  add("check_overlap,priority=6,ip,actions=1");
  add("check_overlap,priority=5,udp,actions=1");
  add("check_overlap,priority=5,tcp,actions=1");
  t.is(bridge.dumpFlows().length, 3);
});

test("a rule that is learned again counts on, and says when it goes", (t) => {
  const bridge = makeSwitch(
    "actions=learn(table=1,send_flow_rem,NXM_OF_VLAN_TCI[0..11],NXM_OF_ETH_DST[]=NXM_OF_ETH_SRC[],output:NXM_OF_IN_PORT[]),resubmit(,1)\ntable=1,priority=1,actions=2",
  );
  for (let i = 0; i < 3; i++) bridge.receive(1, tcp(SERVER, { ...CLIENT, mac: SERVER.mac }, "S"));
  const learned = bridge.dumpFlows().find(({ rule }) => rule.table === 1 && rule.priority > 1);
  t.is(
    formatRule(learned!.rule),
    "table=1,send_flow_rem,vlan_tci=0x0000/0x0fff,dl_dst=52:54:00:00:00:02,actions=output:1",
  );
  t.is(learned?.packets, 2);
});
