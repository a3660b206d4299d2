import test from "ava";
import { dumpFlow } from "./dump-flow.ts";
import { parseFlowMod, parseFlowMods } from "./flow-mod.ts";
import { parseRule } from "./parse.ts";

test("lines of a file may begin with a command, and add without", (t) => {
  const mods = parseFlowMods(
    "# head\nip,actions=1\ndelete table=1\nmodify_strict priority=5,udp,actions=2\n\ndelete\n",
  );
  t.deepEqual(
    mods.map((mod) =>
      mod.kind === "add" ? mod.kind : [mod.kind, mod.filter.strict, mod.filter.table],
    ),
    ["add", ["delete", false, 1], ["modify", true, null], ["delete", false, null]],
  );
});

test("a filter has a cookie with a mask and the port that rules output to", (t) => {
  const mod = parseFlowMod("delete", "table=255,cookie=0x15/0xf,out_port=LOCAL,tcp");
  t.like(mod, {
    kind: "delete",
    filter: { table: null, cookie: 5n, cookieMask: 15n, outPort: 65534 },
  });
});

test("in a change a cookie without a mask is the new one", (t) => {
  const mod = parseFlowMod("modify", "cookie=0x15,reset_counts,tcp,actions=2");
  t.like(mod, {
    kind: "modify",
    cookie: 0x15n,
    flags: ["reset_counts"],
    filter: { cookieMask: 0n },
  });
});

const refused = test.macro({
  exec: (t, command: "modify" | "delete", text: string, message: RegExp) => {
    t.throws(() => parseFlowMod(command, text), { message });
  },
  title: (_, command, text) => `${command} "${text}" is refused`,
});

test(refused, "delete", "cookie=5", /needs a mask/);
test(refused, "delete", "out_prot=5", /nearest|expected/);
test(refused, "modify", "tcp", /no actions/);

/** What Open vSwitch 3.1.0 printed for a rule that it was given. */
const printed = test.macro({
  exec: (t, rule: string, line: string) => {
    t.is(dumpFlow(parseRule(rule), { packets: 3, bytes: 180 }).trim(), line);
  },
  title: (_, rule) => `dump-flows prints ${rule}`,
});

const HEAD = "cookie=0x0, table=0, n_packets=3, n_bytes=180,";

test(printed, "actions=", `${HEAD} actions=drop`);
test(
  printed,
  "cookie=0x12,table=3,priority=7,idle_timeout=9,hard_timeout=10,importance=5,send_flow_rem,reset_counts,tcp,tp_dst=80,actions=2",
  "cookie=0x12, table=3, n_packets=3, n_bytes=180, idle_timeout=9, hard_timeout=10, send_flow_rem reset_counts importance=5, priority=7,tcp,tp_dst=80 actions=output:2",
);
test(
  printed,
  "ct_state=+trk+est-new,ct_zone=7,ct_mark=5/0xff,ip,reg1=5,metadata=5,in_port=1,dl_vlan=5,dl_src=00:00:00:00:00:01,nw_src=10.0.0.0/8,nw_proto=99,nw_ttl=4,actions=drop",
  `${HEAD} ct_state=-new+est+trk,ct_zone=7,ct_mark=0x5/0xff,ip,reg1=0x5,metadata=0x5,in_port=1,dl_vlan=5,dl_src=00:00:00:00:00:01,nw_src=10.0.0.0/8,nw_proto=99,nw_ttl=4 actions=drop`,
);
test(printed, "xreg0=0x100000005,actions=drop", `${HEAD} reg0=0x1,reg1=0x5 actions=drop`);
test(printed, "dl_vlan=0xffff,actions=drop", `${HEAD} vlan_tci=0x0000/0x1fff actions=drop`);
test(
  printed,
  "udp,actions=load:5->NXM_NX_REG1[],load:0x1->NXM_NX_REG0[3],mod_dl_src:00:00:00:00:00:01,mod_tp_dst:99,mod_nw_tos:32,mod_nw_ttl:9",
  `${HEAD} udp actions=set_field:0x5->reg1,set_field:0x8/0x8->reg0,set_field:00:00:00:00:00:01->eth_src,set_field:99->udp_dst,set_field:8->ip_dscp,mod_nw_ttl:9`,
);
test(
  printed,
  "actions=mod_vlan_vid:5,mod_vlan_pcp:3,strip_vlan,note:01",
  `${HEAD} actions=push_vlan:0x8100,set_field:4101->vlan_vid,set_field:3->vlan_pcp,pop_vlan,note:01.00.00.00.00.00`,
);
test(
  printed,
  "ip,actions=ct,ct(commit,zone=3,table=1,nat(src=10.0.0.1),exec(load:7->NXM_NX_CT_MARK[]))",
  `${HEAD} ip actions=ct(),ct(commit,table=1,zone=3,nat(src=10.0.0.1),exec(set_field:0x7->ct_mark))`,
);
test(
  printed,
  "udp,actions=learn(table=1,eth_type=0x800,NXM_OF_IP_SRC[]=NXM_OF_IP_DST[],load:1->NXM_NX_REG0[0..15],output:NXM_OF_IN_PORT[]),LOCAL",
  `${HEAD} udp actions=learn(table=1,eth_type=0x800,NXM_OF_IP_SRC[]=NXM_OF_IP_DST[],load:0x1->NXM_NX_REG0[0..15],output:NXM_OF_IN_PORT[]),LOCAL`,
);
