import test from "ava";
import { prove } from "../../src/contain/exact.ts";
import { staticFindings } from "../../src/contain/static.ts";
import { parseRules } from "../../src/rule/parse.ts";
import { buildPacket } from "../../src/trace/build-packet.ts";
import { Conversations } from "../../src/trace/conversation.ts";
import { parsePacket } from "../../src/trace/packet-text.ts";
import { confirmOnSwitch } from "./confirm.ts";

/** A rule set that lets something out in an unusual way, or looks as if it did. */
interface Case {
  readonly name: string;
  readonly rules: string;
  /** Packets of which the last one gets out through port `to`, or does not. */
  readonly packets?: readonly string[];
  readonly to?: number;
  readonly allow?: Readonly<Record<number, readonly number[]>>;
  readonly leaks: boolean;
  /** The exact proof may leave it open. */
  readonly isHard?: true;
}

const PORTS = [1, 2, 3];
const D =
  "\ntable=0,priority=0,actions=drop\ntable=1,priority=0,actions=drop\ntable=2,priority=0,actions=drop\ntable=3,priority=0,actions=drop\n";
const T = "tcp,nw_src=10.0.0.1,nw_dst=10.0.0.2,tp_src=4000,tp_dst=80";
const TR = "tcp,nw_src=10.0.0.2,nw_dst=10.0.0.1,tp_src=80,tp_dst=4000";
const U = "udp,nw_src=10.0.0.1,nw_dst=10.0.0.2,tp_src=4000,tp_dst=53";
const UR = "udp,nw_src=10.0.0.2,nw_dst=10.0.0.1,tp_src=53,tp_dst=4000";
const CASES: readonly Case[] = [
  { name: "plain drop", rules: D, leaks: false },
  {
    name: "output to a register that has the ingress port in it, and one added to it",
    rules: `in_port=2,actions=move:NXM_OF_IN_PORT[]->NXM_NX_REG0[0..15],load:1->NXM_NX_REG0[0],output:NXM_NX_REG0[]${D}`,
    packets: [`in_port=2,${T}`],
    to: 3,
    leaks: true,
  },
  {
    name: "output to where it came from, with the ingress port forgotten",
    rules: `in_port=1,actions=move:NXM_OF_IN_PORT[]->NXM_NX_REG0[0..15],load:3->NXM_OF_IN_PORT[],resubmit(,1)\ntable=1,reg0=1,actions=output:2${D}`,
    packets: [`in_port=1,${T}`],
    to: 2,
    leaks: true,
  },
  {
    name: "resubmit(2,1) then output:2",
    rules: `in_port=1,actions=resubmit(2,1)\ntable=1,in_port=2,actions=output:2${D}`,
    packets: [`in_port=1,${T}`],
    to: 2,
    leaks: true,
  },
  {
    name: "resubmit(2,1) then resubmit(,2) with in_port=1",
    rules: `in_port=1,actions=resubmit(2,1)\ntable=1,in_port=2,actions=resubmit(,2)\ntable=2,in_port=1,actions=output:3${D}`,
    packets: [`in_port=1,${T}`],
    to: 3,
    leaks: true,
  },
  {
    name: "resubmit(2,1) then goto 2 with in_port=1",
    rules: `in_port=1,actions=resubmit(2,1)\ntable=1,in_port=2,actions=goto_table:2\ntable=2,in_port=1,actions=output:3${D}`,
    packets: [`in_port=1,${T}`],
    to: 3,
    leaks: true,
  },
  {
    name: "resubmit(2,1) then ct(table=2) with in_port=1",
    rules: `in_port=1,actions=resubmit(2,1)\ntable=1,in_port=2,tcp,actions=ct(table=2)\ntable=2,in_port=1,actions=output:3${D}`,
    packets: [`in_port=1,${T}`],
    to: 3,
    leaks: true,
  },
  {
    name: "load in_port then in_port",
    rules: `in_port=1,actions=load:2->NXM_OF_IN_PORT[],in_port${D}`,
    packets: [`in_port=1,${T}`],
    to: 2,
    leaks: true,
  },
  {
    name: "ct_state=+new,mark from retransmitted SYN",
    rules: `in_port=1,tcp,actions=ct(table=1)\ntable=1,priority=9,ct_state=+new,ct_mark=8,actions=output:2\ntable=1,priority=5,ip,ct_state=+new,actions=ct(commit,exec(load:8->NXM_NX_CT_MARK[]))${D}`,
    packets: [`in_port=1,tcp_flags=syn,${T}`, `in_port=1,tcp_flags=syn,${T}`],
    to: 2,
    leaks: true,
  },
  {
    name: "udp second unanswered +new with mark",
    rules: `in_port=1,udp,actions=ct(table=1)\ntable=1,priority=9,ct_state=+new,ct_mark=8,actions=output:2\ntable=1,priority=5,ip,ct_state=+new,actions=ct(commit,exec(load:8->NXM_NX_CT_MARK[]))${D}`,
    packets: [`in_port=1,${U}`, `in_port=1,${U}`],
    to: 2,
    leaks: true,
  },
  {
    name: "same packet: commit, then ct again sees mark with +new",
    rules: `in_port=1,udp,actions=ct(commit,exec(load:8->NXM_NX_CT_MARK[])),ct(table=1)\ntable=1,priority=9,ct_state=+new,ct_mark=8,actions=output:2${D}`,
    packets: [`in_port=1,${U}`],
    to: 2,
    leaks: true,
  },
  {
    name: "commit,table: mark visible",
    rules: `in_port=1,udp,actions=ct(commit,table=1,exec(load:8->NXM_NX_CT_MARK[]))\ntable=1,priority=9,ct_state=+new,ct_mark=8,actions=output:2${D}`,
    packets: [`in_port=1,${U}`],
    to: 2,
    leaks: true,
  },
  {
    name: "inv of a known connection has its mark",
    rules: `in_port=1,tcp,actions=ct(table=1)\ntable=1,priority=9,ct_state=+inv,ct_mark=8,actions=output:2\ntable=1,priority=5,ip,ct_state=+new,actions=ct(commit,exec(load:8->NXM_NX_CT_MARK[]))${D}`,
    packets: [`in_port=1,tcp_flags=syn,${T}`, `in_port=1,tcp_flags=syn|fin,${T}`],
    to: 2,
    leaks: true,
  },
  {
    name: "est with dnat bit",
    rules: `in_port=1,tcp,nw_dst=10.0.0.2,actions=ct(commit,nat(dst=10.0.0.9),table=1)\ntable=1,priority=9,ct_state=+est+dnat,actions=output:3\nin_port=2,tcp,actions=ct(nat,table=2)${D}`,
    packets: [
      `in_port=1,tcp_flags=syn,${T}`,
      "in_port=2,tcp,nw_src=10.0.0.9,nw_dst=10.0.0.1,tp_src=80,tp_dst=4000,tcp_flags=syn|ack",
      `in_port=1,tcp_flags=ack,${T}`,
    ],
    to: 3,
    leaks: true,
  },
  {
    name: "reply with snat bit",
    rules: `in_port=1,tcp,nw_dst=10.0.0.2,actions=ct(commit,nat(dst=10.0.0.9),table=1)\nin_port=2,tcp,actions=ct(nat,table=2)\ntable=2,ct_state=+rpl+snat,actions=output:3${D}`,
    packets: [
      `in_port=1,tcp_flags=syn,${T}`,
      "in_port=2,tcp,nw_src=10.0.0.9,nw_dst=10.0.0.1,tp_src=80,tp_dst=4000,tcp_flags=syn|ack",
    ],
    to: 3,
    leaks: true,
  },
  {
    name: "snat collision changes the port",
    rules:
      `in_port=1,tcp,actions=ct(commit,nat(src=10.0.0.9),table=1)\ntable=1,tcp,tp_src=4001,ip,nw_src=10.0.0.9,ct_mark=0,actions=resubmit(,2)\ntable=2,actions=output:3`.replace(
        "tcp,tp_src=4001,ip,",
        "tcp,tp_src=4001,",
      ) + D,
    leaks: true,
  },
  {
    name: "a source port that was taken by another",
    isHard: true,
    rules: `in_port=1,tcp,tp_src=4000,actions=ct(commit,nat(src=10.0.0.9),table=1)\ntable=1,tcp,tp_src=4001,actions=output:3${D}`,
    packets: [
      `in_port=1,tcp_flags=syn,${T}`,
      "in_port=1,tcp_flags=syn,tcp,nw_src=10.0.0.7,nw_dst=10.0.0.2,tp_src=4000,tp_dst=80",
    ],
    to: 3,
    leaks: true,
  },
  {
    name: "rst in established",
    rules: `in_port=1,tcp,actions=ct(table=1)\nin_port=2,tcp,actions=ct(table=2)\ntable=1,priority=9,tcp,ct_state=+est,tcp_flags=+rst,actions=output:3\ntable=1,priority=5,ip,ct_state=+new,actions=ct(commit)${D}`,
    packets: [
      `in_port=1,tcp_flags=syn,${T}`,
      `in_port=2,tcp_flags=syn|ack,${TR}`,
      `in_port=1,tcp_flags=ack,${T}`,
      `in_port=1,tcp_flags=rst|ack,${T}`,
    ],
    to: 3,
    leaks: true,
  },
  {
    name: "icmp redirect is related",
    rules: `in_port=1,icmp,icmp_type=5,actions=ct(table=1)\nin_port=2,udp,actions=ct(commit,table=2)\ntable=1,ct_state=+rel,actions=output:3${D}`,
    leaks: true,
  },
  {
    name: "icmp source quench is related",
    rules: `in_port=1,icmp,icmp_type=4,actions=ct(table=1)\nin_port=2,udp,actions=ct(commit,table=2)\ntable=1,ct_state=+rel,actions=output:3${D}`,
    leaks: true,
  },
  {
    name: "icmp unreachable is related",
    rules: `in_port=1,icmp,icmp_type=3,actions=ct(table=1)\nin_port=2,udp,actions=ct(commit,table=2)\ntable=1,ct_state=+rel,actions=output:3${D}`,
    leaks: true,
  },
  {
    name: "two commits behind one rule, only one fits",
    rules: `in_port=1,udp,nw_dst=10.0.0.2,tp_dst=1,actions=ct(commit,zone=1)\nin_port=1,udp,nw_dst=10.0.0.3,tp_dst=1,actions=ct(commit,zone=1)\nin_port=2,udp,actions=ct(zone=1,table=1)\ntable=1,ip,ct_state=+rpl,actions=ct(commit,zone=1,exec(load:1->NXM_NX_CT_MARK[]))\nin_port=3,udp,nw_src=10.0.0.3,actions=ct(zone=1,table=2)\ntable=2,ct_state=+rpl,ct_mark=1,actions=output:2${D}`,
    packets: [
      "in_port=1,udp,nw_src=10.0.0.1,nw_dst=10.0.0.3,tp_src=4000,tp_dst=1",
      "in_port=2,udp,nw_src=10.0.0.3,nw_dst=10.0.0.1,tp_src=1,tp_dst=4000",
      "in_port=3,udp,nw_src=10.0.0.3,nw_dst=10.0.0.1,tp_src=1,tp_dst=4000",
    ],
    to: 2,
    leaks: true,
  },
  {
    name: "mid-stream ack commits",
    rules: `in_port=1,tcp,tcp_flags=+ack-syn,actions=ct(table=1)\ntable=1,priority=9,ct_state=+est,actions=output:3\ntable=1,priority=5,ip,ct_state=+new,actions=ct(commit)${D}`,
    packets: [`in_port=1,tcp_flags=ack,${T}`, `in_port=1,tcp_flags=ack,${T}`],
    to: 3,
    leaks: true,
  },
  {
    name: "mpls",
    rules: `dl_type=0x8847,actions=output:2${D}`,
    packets: ["in_port=1,dl_type=0x8847"],
    to: 2,
    leaks: true,
  },
  {
    name: "second tag as type",
    rules: `in_port=1,dl_type=0x8100,actions=output:2${D}`,
    leaks: true,
  },
  {
    name: "QinQ: pop, inner tag",
    rules: `in_port=1,dl_vlan=5,actions=pop_vlan,resubmit(,1)\ntable=1,dl_vlan=7,actions=output:2${D}`,
    leaks: false,
  },
  {
    name: "move ct_nw_src",
    rules: `in_port=1,udp,actions=ct(table=1)\ntable=1,ip,ct_state=+trk-inv,actions=move:NXM_NX_CT_NW_SRC[]->NXM_NX_REG0[],resubmit(,2)\ntable=2,reg0=0x0a000001,actions=output:2${D}`,
    packets: [`in_port=1,${U}`],
    to: 2,
    leaks: true,
  },
  {
    name: "exit ends action set",
    rules: `in_port=1,actions=write_actions(output:2),goto_table:1\ntable=1,actions=exit${D}`,
    packets: [`in_port=1,${T}`],
    to: 2,
    leaks: false,
  },
  {
    name: "clone does the action set",
    rules: `in_port=1,actions=write_actions(output:2),goto_table:1\ntable=1,actions=clone(set_field:7->reg0),clear_actions${D}`,
    packets: [`in_port=1,${T}`],
    to: 2,
    leaks: true,
  },
  {
    name: "clone does what is written in it",
    rules: `in_port=1,actions=clone(resubmit(,1)),clear_actions\ntable=1,actions=write_actions(output:2)${D}`,
    packets: [`in_port=1,${T}`],
    to: 2,
    leaks: true,
  },
  {
    name: "what is written in a clone ends with it",
    rules: `in_port=1,actions=clone(resubmit(,1)),output:3\ntable=1,actions=write_actions(output:2),goto_table:2\ntable=2,actions=exit${D}`,
    packets: [`in_port=1,${T}`],
    to: 2,
    leaks: false,
  },
  {
    name: "exit in clone ends everything",
    rules: `in_port=1,actions=clone(exit),output:2${D}`,
    packets: [`in_port=1,${T}`],
    to: 2,
    leaks: false,
  },
  {
    name: "write_actions in clone",
    rules: `in_port=1,actions=clone(resubmit(,1))\ntable=1,actions=write_actions(output:2)${D}`,
    packets: [`in_port=1,${T}`],
    to: 2,
    leaks: true,
  },
  {
    name: "action set survives ct? ",
    rules: `in_port=1,actions=write_actions(output:2),goto_table:1\ntable=1,tcp,actions=ct(table=2)\ntable=2,actions=goto_table:3${D}`,
    packets: [`in_port=1,${T}`],
    to: 2,
    leaks: true,
  },
  {
    name: "two writes: only the last output",
    rules: `in_port=1,actions=write_actions(output:2),goto_table:1\ntable=1,actions=write_actions(output:1)${D}`,
    packets: [`in_port=1,${T}`],
    to: 2,
    leaks: false,
  },
  {
    name: "dec_ttl to 0 goes no further",
    rules: `in_port=1,ip,nw_ttl=1,actions=dec_ttl,output:2${D}`,
    packets: [`in_port=1,nw_ttl=1,${T}`],
    to: 2,
    leaks: false,
  },
  {
    name: "dec_ttl chain",
    rules: `in_port=1,ip,nw_ttl=5,actions=dec_ttl,resubmit(,1)\ntable=1,ip,nw_ttl=4,actions=output:2${D}`,
    packets: [`in_port=1,nw_ttl=5,${T}`],
    to: 2,
    leaks: true,
  },
  {
    name: "dec_ttl chain impossible",
    rules: `in_port=1,ip,nw_ttl=5,actions=dec_ttl,resubmit(,1)\ntable=1,ip,nw_ttl=3,actions=output:2${D}`,
    leaks: false,
  },
  {
    name: "long chain of zones",
    rules: `${[1, 2, 3, 4, 5, 6].map((z) => `priority=${z},in_port=1,udp,tp_dst=${z},actions=ct(commit,zone=${z})`).join("\n")}\nin_port=2,udp,actions=ct(zone=1,table=1)\n${[1, 2, 3, 4, 5].map((z) => `table=${z},ip,ct_state=+rpl,actions=ct(zone=${z + 1},table=${z + 1})`).join("\n")}\ntable=6,ct_state=+rpl,actions=output:3${D}`,
    leaks: false,
  },
  {
    name: "long chain of marks (5 steps)",
    rules: `in_port=1,udp,actions=ct(zone=1,table=1)\ntable=1,priority=9,ct_mark=6,actions=output:2\n${[1, 2, 3, 4, 5].map((z) => `table=1,priority=${z},udp,ct_state=+new,ct_mark=${z},actions=ct(commit,zone=1,exec(load:${z + 1}->NXM_NX_CT_MARK[]))`).join("\n")}\ntable=1,priority=1,udp,ct_state=+new,ct_mark=0,actions=ct(commit,zone=1,exec(load:1->NXM_NX_CT_MARK[]))${D}`,
    packets: Array.from({ length: 7 }, () => `in_port=1,${U}`),
    to: 2,
    leaks: true,
  },
  {
    name: "long chain of marks on replies",
    rules: `in_port=1,udp,actions=ct(commit,zone=1)\nin_port=3,udp,actions=ct(zone=1,table=1)\ntable=1,priority=9,ct_mark=5,actions=output:2\n${[0, 1, 2, 3, 4].map((z) => `table=1,priority=${z},udp,ct_state=+rpl,ct_mark=${z},actions=ct(commit,zone=1,exec(load:${z + 1}->NXM_NX_CT_MARK[]))`).join("\n")}${D}`,
    packets: [`in_port=1,${U}`, ...Array.from({ length: 6 }, () => `in_port=3,${UR}`)],
    to: 2,
    leaks: true,
  },
  {
    name: "untranslated: ct(commit,nat),output in one list",
    rules: `in_port=1,udp,actions=ct(commit,nat(dst=10.0.0.9)),output:2${D}`,
    allow: { 1: [2] },
    leaks: false,
  },
  {
    name: "dnat with exact guard",
    rules: `in_port=1,udp,nw_dst=10.0.0.2,actions=ct(commit,zone=1,nat(dst=10.0.0.9),table=1)\nin_port=2,udp,nw_src=10.0.0.9,actions=ct(zone=1,nat,table=1)\ntable=1,priority=10,ct_state=+inv,actions=drop\ntable=1,ip,in_port=1,nw_dst=10.0.0.9,actions=output:2\ntable=1,udp,in_port=2,ct_state=+est+rpl,nw_src=10.0.0.2,actions=output:1${D}`,
    allow: { 1: [2], 2: [1] },
    leaks: false,
  },
  {
    name: "dnat with wrong guard",
    rules: `in_port=1,udp,nw_dst=10.0.0.2,actions=ct(commit,zone=1,nat(dst=10.0.0.9),table=1)\ntable=1,ip,in_port=1,nw_dst=10.0.0.8,actions=output:2${D}`,
    leaks: false,
  },
  {
    name: "later fragment",
    rules: `in_port=1,ip,ip_frag=later,actions=output:2${D}`,
    packets: ["in_port=1,ip,ip_frag=later"],
    to: 2,
    leaks: true,
  },
  { name: "802.3", rules: `in_port=1,dl_type=0x5ff,actions=output:2${D}`, leaks: true },
  {
    name: "force",
    rules: `in_port=1,udp,actions=ct(commit,zone=1)\nin_port=2,udp,actions=ct(commit,force,zone=1,table=1)\ntable=1,ct_state=+new,actions=output:3${D}`,
    packets: [`in_port=2,${U}`],
    to: 3,
    leaks: true,
  },
  {
    name: "reply after force",
    rules:
      `in_port=1,udp,nw_src=10.0.0.1,actions=ct(commit,zone=1)\nin_port=2,udp,nw_src=10.0.0.2,actions=ct(commit,force,zone=1)\nin_port=3,udp,nw_src=10.0.0.1,actions=ct(zone=1,table=1)\ntable=1,ct_state=+rpl,actions=output:3\ntable=1,ct_state=+rpl,in_port=3,actions=output:2`
        .replace("actions=output:3\n", "actions=drop\n")
        .replace("table=1,ct_state=+rpl,actions=drop\n", "") + D,
    packets: [`in_port=1,${U}`, `in_port=2,${UR}`, `in_port=3,${U}`],
    to: 2,
    leaks: true,
  },
];

for (const { name, rules: text, packets, to, allow = {}, leaks, isHard } of CASES) {
  test(`${leaks ? "gets out" : "stays in"}: ${name}`, (t) => {
    const rules = parseRules(text);
    const egress = new Map(
      Object.entries(allow).map(([port, out]) => [Number(port), new Set(out)]),
    );
    const confirm = confirmOnSwitch(rules, PORTS);
    if (packets !== undefined) {
      const conversations = new Conversations();
      const sent = packets.map((packet) => {
        const spec = parsePacket(packet, { origin: "test" });
        const bytes = buildPacket(spec, conversations);
        conversations.saw(bytes);
        return { from: Number(spec.inPort), bytes };
      });
      t.is(confirm(sent, to ?? 0), leaks);
    }
    const { outcome } = prove(rules, PORTS, egress, confirm);
    if (isHard === undefined || outcome !== "undecided")
      t.is(outcome, leaks ? "open" : "contained");
    // The static check may cry wolf, but never misses.
    if (leaks) t.true(staticFindings(rules, PORTS, egress).length > 0);
  });
}
