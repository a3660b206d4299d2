import test from "ava";
import { InputError } from "../base/errors.ts";
import { formatActions, formatMatch, formatRule } from "./format.ts";
import { parseActions, parseRule, parseRules } from "./parse.ts";

const asWritten = test.macro({
  exec(t, match: string, expected: string) {
    t.is(formatMatch(parseRule(`${match} actions=drop`).match), expected);
  },
  title: (_title, match) => `the match "${match}" is understood`,
});

test(asWritten, "", "");
test(asWritten, "in_port=3", "in_port=3");
test(asWritten, "in_port=LOCAL,ip", "ip,in_port=LOCAL");
test(asWritten, "dl_type=0x0800,nw_proto=6,tcp_dst=80", "tcp,tp_dst=80");
test(asWritten, "tp_dst=0x1000/0xf000,udp", "udp,tp_dst=0x1000/0xf000");
test(asWritten, "tcp6,tp_src=443", "tcp6,tp_src=443");
test(asWritten, "ip,nw_dst=10.1.2.3/8", "ip,nw_dst=10.0.0.0/8");
test(asWritten, "ip,nw_src=10.0.0.1/255.0.0.255", "ip,nw_src=10.0.0.1/255.0.0.255");
test(asWritten, "ipv6,ipv6_src=fd00:0:0:1::/64", "ipv6,ipv6_src=fd00:0:0:1::/64");
test(
  asWritten,
  "dl_dst=01:00:00:00:00:00/01:00:00:00:00:00",
  "dl_dst=01:00:00:00:00:00/01:00:00:00:00:00",
);
test(
  asWritten,
  "arp,arp_op=1,nw_dst=10.20.0.1,arp_sha=52:54:00:00:00:01",
  "arp,arp_tpa=10.20.0.1,arp_op=1,arp_sha=52:54:00:00:00:01",
);
test(asWritten, "dl_vlan=7,dl_vlan_pcp=3", "dl_vlan=7,dl_vlan_pcp=3");
test(asWritten, "vlan_tci=0x0000/0x1fff", "vlan_tci=0x0000/0x1fff");
test(asWritten, "tcp,tcp_flags=+syn-ack", "tcp,tcp_flags=+syn-ack");
test(asWritten, "tcp,tcp_flags=0x2/0x12", "tcp,tcp_flags=+syn-ack");
test(asWritten, "icmp,icmp_type=8,icmp_code=0", "icmp,icmp_type=8,icmp_code=0");
test(asWritten, "icmp6,icmp_type=135,nd_target=fd00::1", "icmp6,icmp_type=135,nd_target=fd00::1");
test(asWritten, "ip,ip_frag=later,nw_ttl=64", "ip,nw_ttl=64,nw_frag=later");
test(asWritten, "reg0=5,reg15=0x1/0xff,metadata=7", "reg0=0x5,reg15=0x1/0xff,metadata=0x7");
test(
  asWritten,
  "ct_state=+trk+est-new,ct_zone=2,ct_mark=0x8/0xff,ct_label=1",
  "ct_state=-new+est+trk,ct_zone=2,ct_mark=0x8/0xff,ct_label=0x1",
);
test(asWritten, "ct_state=0x22/0x23", "ct_state=-new+est+trk");

const roundTrip = test.macro({
  exec(t, actions: string) {
    t.is(formatActions(parseActions(actions)), actions);
  },
  title: (_title, actions) => `the actions "${actions}" are understood`,
});

test(roundTrip, "drop");
test(roundTrip, 'output:2,output:"vm1",output:NXM_NX_REG0[0..15],IN_PORT,NORMAL,FLOOD,ALL,LOCAL');
test(roundTrip, "resubmit:3,resubmit(,1),resubmit(4,2),resubmit(,5,ct),goto_table:9");
test(
  roundTrip,
  "output(port=3,max_len=64),controller(reason=no_match,max_len=128,id=7,userdata=01.ff)",
);
test(roundTrip, "set_queue:5,output:1,pop_queue,group:7,dec_ttl,dec_ttl(1,2)");
test(roundTrip, "set_field:10.0.0.1->ip_src,set_field:0x5/0xf->reg3,set_field:2->arp_op");
test(roundTrip, "move:NXM_OF_ETH_SRC[]->NXM_NX_XXREG1[0..47],load:0x5->NXM_NX_REG0[4..7]");
test(roundTrip, "mod_dl_src:52:54:00:00:00:01,mod_nw_dst:10.0.0.1,mod_tp_src:80,dec_ttl");
test(roundTrip, "push_vlan:0x8100,set_field:4103->vlan_vid,pop_vlan");
test(
  roundTrip,
  "ct(commit,force,table=1,zone=7,nat(src=10.0.0.1-10.0.0.9:1024-2047,persistent,hash),exec(set_field:0x8->ct_mark))",
);
test(roundTrip, "ct(commit,nat(dst=[fd00::1]-[fd00::9]:80)),ct,ct_clear");
test(roundTrip, "ct(zone=NXM_NX_REG0[0..15],nat),note:00.ff,clone(output:1,pop_vlan),exit");
test(roundTrip, "clear_actions,write_actions(output:3),write_metadata:0x1/0xff,goto_table:9");

test("bare numbers and the bridge's own port names are outputs", (t) => {
  const ports = new Map([["vm1", 7]]);
  t.is(formatActions(parseActions("3,vm1,output:vm1", { ports })), "output:3,output:7,output:7");
});

test("comments and blank lines in a rule file are read over", (t) => {
  const rules = parseRules(
    "# isolation\n\ntable=1, priority=5, ip, actions=drop # all of it\n  \n",
  );
  t.deepEqual(rules.map(formatRule), ["table=1,priority=5,ip,actions=drop"]);
});

test("what dump-flows prints can be read back", (t) => {
  const line =
    " cookie=0x1, duration=2.5s, table=3, n_packets=7, n_bytes=420, idle_age=1, priority=10,tcp,tp_dst=80 actions=output:2";
  t.is(
    formatRule(parseRule(line)),
    "table=3,cookie=0x1,priority=10,tcp,tp_dst=80,actions=output:2",
  );
});

const refused = test.macro({
  exec(t, text: string, line: string) {
    const error = t.throws(() => parseRules(text, { origin: "rules.txt" }), {
      instanceOf: InputError,
    });
    t.is(error?.line, `rules.txt:${line}`);
  },
  title: (_title, text: string) => `"${text.replaceAll("\n", "\\n")}" is refused`,
});

test(refused, "table=0,ip", "1:11: the rule has no actions=…");
test(
  refused,
  "\n\ntcp,tp_dts=80 actions=drop",
  '3:5: found "tp_dts", expected a match field (nearest: tp_dst)',
);
test(
  refused,
  "tcpp,actions=drop",
  '1:1: found "tcpp", expected a match field or protocol (nearest: tcp)',
);
test(refused, "tp_dst=80,actions=drop", "1:1: tp_dst needs tcp or tcp6 in the same match");
test(refused, "nw_src=10.0.0.1,actions=drop", "1:1: nw_src needs ip in the same match");
test(
  refused,
  "ip,tcp_flags=+syn,actions=drop",
  "1:4: tcp_flags needs tcp or tcp6 in the same match",
);
test(refused, "tcp,udp,actions=drop", "1:5: udp contradicts an earlier part of the same match");
test(
  refused,
  "ip,nw_src=10.0.0,actions=drop",
  '1:11: found "10.0.0", expected an IPv4 address such as 10.0.0.1',
);
test(
  refused,
  "ct_state=+trk+nwe,actions=drop",
  '1:14: found "+nwe", expected + or - and one of new, est, rel, rpl, inv, trk, snat, dnat',
);
test(refused, "ct_zone=1/3,actions=drop", "1:9: ct_zone takes no mask");
test(refused, "table=255,actions=drop", '1:7: found "255", expected a table number of at most 254');
test(
  refused,
  "ip,actions=outptu:2",
  '1:12: found "outptu:2", expected an action or a port (nearest: output)',
);
test(
  refused,
  "ip,actions=vm1",
  '1:12: found "vm1", expected an action or a port (number, or name in quotes: output:"name")',
);
test(refused, "actions=ct(commit)", "1:9: ct needs ip or ipv6 in the rule's match");
test(
  refused,
  "ip,actions=ct(commit,tabel=1)",
  '1:22: found "tabel=1", expected a part of ct (nearest: table)',
);
test(refused, "ip,actions=ct(nat(dst=10.0.0.1))", "1:15: nat(dst) needs commit");
test(refused, "ip,actions=ct(commit", '1:14: "(" is never closed');
test(
  refused,
  "ip,actions=ct(commit,exec(output:2))",
  "1:27: exec can only set ct_mark or ct_label",
);
test(refused, "ip,actions=ct(commit,alg=ftp)", "1:26: alg=ftp needs tcp in the rule's match");
test(refused, "tcp,actions=ct(commit,alg=sip)", '1:27: found "sip", expected ftp or tftp');
test(
  refused,
  "ct_state=+inv,ip,actions=ct(commit)",
  "1:26: ct(commit) commits nothing where the match has ct_state=+inv",
);
test(
  refused,
  "actions=set_field:1->ct_mark",
  "1:22: ct_mark can be changed only within ct(commit,exec(…))",
);
test(
  refused,
  "actions=push_vlan:0x8100,set_field:5->vlan_vid",
  "1:36: vlan_vid needs the bit 0x1000, which says that there is a tag",
);
test(
  refused,
  "actions=write_metadata:1,output:2",
  "1:26: output:2 must stand before write_metadata",
);
test(
  refused,
  "actions=write_actions(learn(table=1))",
  "1:23: learn(table=1) cannot stand within write_actions",
);
test(refused, "conj_id=1,actions=drop", "1:1: matching conj_id is not supported here");
test(
  refused,
  "ct_state=+trk,ip,ct_nw_src=10.0.0.1,actions=drop",
  "1:18: ct_nw_src needs ip, and a ct_state that means a valid connection (such as +trk-inv) in the same match",
);
test(
  refused,
  "in_port=1,in_port=2,actions=drop",
  "1:11: in_port contradicts an earlier part of the same match",
);
test(
  refused,
  "vlan_tci=0x2000/0x2000,actions=drop",
  "1:1: vlan_tci: a VLAN priority can be matched only as a whole, and with a tag",
);
test(refused, "actions=set_field:10.0.0.1->ip_src", "1:29: ip_src needs ip in the rule's match");
test(refused, "actions=dec_ttl", "1:9: dec_ttl needs ip or ipv6 in the rule's match");
test(refused, "actions=set_field:1->ct_state", "1:22: ct_state cannot be changed");
test(
  refused,
  "table=3,actions=goto_table:2",
  "1:28: goto_table goes only forward, from 3 to a higher table",
);
test(refused, "actions=goto_table:2,output:1", "1:22: goto_table must be the last action");
test(refused, "actions=drop,output:1", "1:9: drop must be the only action");
test(refused, "actions=move:NXM_OF_ETH_SRC[]->NXM_NX_REG0[]", "1:32: 48 bits cannot move into 32");
test(refused, "actions=load:1->NXM_NX_REG0[30..40]", "1:17: reg0 has bits 0 to 31 only");

test("what ovs-ofctl leaves out of a match is left out where it is asked for", (t) => {
  const read = (text: string) => formatRule(parseRule(text, { lenient: true }));
  t.is(read("nw_src=10.0.0.1,actions=drop"), "table=0,actions=drop");
  t.is(read("tcp,udp,tp_dst=53,actions=drop"), "table=0,udp,tp_dst=53,actions=drop");
  t.is(read("reg0=1,xreg0=0x500000006,actions=drop"), "table=0,reg0=0x5,reg1=0x6,actions=drop");
  t.throws(() => read("ip,ct_nw_src=10.0.0.1,actions=drop"), { instanceOf: InputError });
});

test("a word and the one behind it need no blank between them, as in ovs-ofctl", (t) => {
  t.is(
    formatRule(parseRule("ip,ip_frag=firstaction=drop")),
    "table=0,ip,nw_frag=first,actions=drop",
  );
});

const later = test.macro({
  exec(t, text: string, what: string, since: string) {
    t.notThrows(() => parseRule(text));
    const error = t.throws(() => parseRule(text, { version: "2.5" }), { instanceOf: InputError });
    t.is(error?.message, `${what} came with Open vSwitch ${since}, and this is for 2.5`);
  },
  title: (_title, text) => `the language of 2.5 has no "${text}"`,
});

test(later, "ct_state=+trk+snat,actions=drop", "snat and dnat in ct_state", "2.6");
test(later, "ct_state=+new,ip,ct_nw_src=10.0.0.1,actions=drop", "ct_nw_src", "2.8");
test(later, "xxreg0=1,actions=drop", "xxreg0", "2.6");
test(later, "reg8=1,actions=drop", "reg8", "2.6");
test(later, "in_port=vm1,actions=drop", "the name of a port", "2.8");
test(later, "ip,actions=ct(commit,nat(dst=10.0.0.1))", "nat", "2.6");
test(later, "ip,actions=ct(commit,force)", "force", "2.8");
test(later, "udp,actions=ct(commit,alg=tftp)", "alg=tftp", "2.7");
test(later, "actions=ct_clear", "ct_clear", "2.7");
test(later, "actions=clone(output:1)", "clone", "2.7");
test(later, "actions=output(port=1,max_len=64)", "max_len of output", "2.6");
test(later, "ct_state=+new,ip,actions=resubmit(,1,ct)", "resubmit(…,ct)", "2.7");
test(later, "actions=controller(userdata=00)", "userdata of controller", "2.6");
test(later, "actions=load:1->reg0[0..3]", 'a part of a field written as "reg0[0..3]"', "2.7");

test("the language of 2.5 has all that its conntrack can do", (t) => {
  const text =
    "ct_state=+trk+new-inv,ct_zone=3,ct_mark=0x1/0xf,tcp,actions=ct(commit,zone=NXM_NX_REG0[0..15],table=2,alg=ftp,exec(load:0x8->NXM_NX_CT_MARK[],set_field:0x1->ct_label))";
  t.notThrows(() => parseRule(text, { version: "2.5" }));
});
