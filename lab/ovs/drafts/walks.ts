import type { SwitchCase } from "../../../src/case/case.ts";
import { arp, CLIENT, OTHER, ping, SERVER, tcp, udp } from "./frames.ts";
import { ct, draft, dumpFlows, ofctlText, packet, STAMP } from "./steps.ts";

/*
 * What one walk through the tables does to its packet, and what it leaves to the next one.
 */

/** With tags, given by type and TCI, the outer one first. */
function tagged(frame: Uint8Array, ...tags: readonly (readonly [type: number, tci: number])[]) {
  const head = tags.flatMap(([type, tci]) => [type >> 8, type & 255, tci >> 8, tci & 255]);
  return Uint8Array.from([...frame.subarray(0, 12), ...head, ...frame.subarray(12)]);
}

const SHARES =
  "bucket=weight=1,actions=output:2,bucket=weight=3,actions=output:3,bucket=weight=2,actions=output:4";

/** fd00::1 opens a TCP connection to fd00::2. */
const SYN6 = Uint8Array.from(
  Buffer.from(
    "50540000000250540000000186dd6000000000140640fd000000000000000000000000000001fd0000000000000000000000000000029c400050000003e80000000050022000f5650000",
    "hex",
  ),
);

export const WALKS: readonly SwitchCase[] = [
  draft(
    "select-groups",
    "a select group chooses by a hash of the packet, which only another walk has: the rest of the list waits for it, registers and tags are kept, and after a clone that waits nothing comes",
    [],
    [
      ofctlText(
        "add-groups",
        `group_id=3,type=select,bucket=actions=output:2\ngroup_id=4,type=select,${SHARES}\n`,
        "-",
      ),
      ofctlText(
        "add-flows",
        [
          "table=0,priority=9,udp,actions=load:1->NXM_NX_REG0[],group:4,load:4->NXM_NX_REG0[],set_field:50:54:00:00:00:0a->eth_src,output:NXM_NX_REG0[]",
          "table=0,priority=9,icmp,actions=clone(group:3,mod_vlan_pcp:5,output:3),output:4",
          "table=0,priority=9,tcp,actions=ct(commit,zone=1),resubmit(,1),output:2",
          `table=1,actions=mod_vlan_vid:9,group:4,group:4,${STAMP},goto_table:2`,
          "table=2,vlan_vid=0x1000/0x1000,actions=pop_vlan,output:3",
          "table=0,priority=1,actions=group:4",
        ].join("\n"),
        "-",
      ),
      ...[1, 2, 3, 4].map((i) =>
        packet(1, udp(CLIENT, { ...SERVER, address: `10.1.1.${10 + i}` })),
      ),
      ...[1, 2, 3, 4].map((i) => packet(1, tcp({ ...CLIENT, port: 40_000 + i }, SERVER, "S", 1))),
      packet(1, ping(CLIENT, SERVER, 8)),
      packet(1, arp(CLIENT, SERVER)),
      packet(1, arp(OTHER, SERVER)),
      packet(1, tagged(arp(CLIENT, SERVER), [0x8100, 7])),
      packet(1, SYN6),
      packet(1, Uint8Array.from([...udp(CLIENT, SERVER).subarray(0, 12), 0, 4, 1, 2, 3, 4])),
      ct,
      dumpFlows,
    ],
  ),
  draft(
    "pushed-tags",
    "mod_vlan_vid pushes a tag, in clones and buckets too, where the rule does not say that there is one; two tags hide an IP packet",
    [
      "table=0,priority=9,udp,actions=clone(mod_vlan_vid:9,ct(table=2)),ct(commit,zone=1,table=2,nat(dst=10.1.1.3)),resubmit(,2)",
      "table=0,priority=9,tcp,actions=clone(mod_vlan_vid:9,mod_vlan_pcp:2,output:3),mod_vlan_pcp:3,output:2,mod_vlan_vid:8,output:3",
      "table=0,priority=9,icmp,dl_vlan=9,actions=clone(mod_vlan_vid:9,output:3),mod_vlan_vid:8,output:3",
    ],
    [
      packet(1, tagged(udp(CLIENT, SERVER), [0x8100, 9])),
      packet(1, tagged(tcp(CLIENT, SERVER, "S"), [0x8100, 9])),
      packet(1, tcp(CLIENT, SERVER, "S")),
      packet(1, tagged(ping(CLIENT, SERVER, 8), [0x8100, 9])),
      ofctlText(
        "add-groups",
        "group_id=4,type=all,bucket=mod_vlan_vid:9,output:2,bucket=mod_vlan_pcp:3,mod_vlan_vid:5,output:3,bucket=push_vlan:0x88a8,set_field:4101->vlan_vid,output:4\n",
        "-",
      ),
      ofctlText("add-flows", "table=0,priority=1,actions=group:4", "-"),
      packet(1, tagged(arp(CLIENT, SERVER), [0x8100, 0x6007])),
      packet(1, tagged(arp(CLIENT, SERVER), [0x88a8, 7])),
      ct,
    ],
  ),
  draft(
    "tag-stacks",
    "two tags are known of a packet; a third loses the lowest, and a tag that says nothing ends at normal, with what is below it",
    [
      "table=0,arp,actions=push_vlan:0x88a8,push_vlan:0x8100,set_field:4101->vlan_vid,output:2,resubmit(,2),pop_vlan,output:4",
      "table=2,arp,actions=push_vlan:0x8100,output:3,pop_vlan,resubmit(,3)",
      "table=3,dl_vlan=0,actions=pop_vlan,output:3",
      "table=0,tcp,actions=push_vlan:0x8100,normal,push_vlan:0x8100,set_field:4101->vlan_vid,normal,output:2",
      "table=0,icmp,actions=push_vlan:0x8100,output(port=2,max_len=40),pop_vlan,output(port=3,max_len=40),mod_vlan_pcp:3,output(port=2,max_len=40)",
    ],
    [arp(CLIENT, SERVER), tcp(CLIENT, SERVER, "S"), ping(CLIENT, SERVER, 8)].flatMap((frame) => [
      packet(1, frame),
      packet(1, tagged(frame, [0x8100, 0x6007])),
      packet(1, tagged(frame, [0x88a8, 7])),
      packet(1, tagged(frame, [0x8100, 7], [0x8100, 9])),
    ]),
  ),
  draft(
    "exit-ends-action-set",
    "after exit the action set is not carried out",
    [
      "table=0,udp,actions=write_actions(output:2),goto_table:1",
      "table=1,udp,tp_dst=80,actions=output:3,exit",
      "table=1,udp,tp_dst=81,actions=clone(output:3,exit),output:4",
    ],
    [80, 81, 82].map((port) => packet(1, udp(CLIENT, { ...SERVER, port }))),
  ),
  draft(
    "exec-gives-what-it-reads",
    "what exec(…) reads of the packet's mark, the connection gets, too",
    [
      "table=0,udp,actions=ct(commit,exec(set_field:0x128->ct_mark),table=1)",
      "table=1,udp,actions=ct(commit,zone=1,exec(move:NXM_NX_CT_MARK[0..7]->NXM_NX_CT_LABEL[8..15]),table=2)",
      `table=2,udp,actions=${STAMP},output:2`,
    ],
    [packet(1, udp(CLIENT, SERVER)), ct],
  ),
  draft(
    "stack-goes-along",
    "what was pushed can be popped in the table where the packet goes on after ct",
    [
      "table=0,udp,actions=push:NXM_OF_ETH_SRC[0..15],ct(zone=1,table=1)",
      "table=1,udp,actions=pop:NXM_NX_REG1[0..15],move:NXM_NX_REG1[]->NXM_OF_ETH_DST[0..31],output:2",
    ],
    [packet(1, udp(CLIENT, SERVER))],
  ),
  draft(
    "clear-untracked",
    "ct_clear means the conntrack fields that the rules see: where they see none, the packet keeps what conntrack has found",
    [
      "table=0,udp,actions=ct(commit,zone=1,nat(src=10.1.1.9)),ct_clear,ct(zone=1,table=1)",
      "table=0,tcp,actions=ct(commit,zone=1),ct_clear,ct(zone=2,table=1)",
      `table=1,actions=${STAMP},output:2`,
    ],
    [packet(1, udp(CLIENT, SERVER)), packet(1, tcp(CLIENT, SERVER, "S")), ct],
  ),
  draft(
    "learned-before-it-comes-again",
    "a rule that is learned after ct in a list, within a clone or not, is there when the packet comes to its table",
    [
      "table=0,priority=9,icmp,actions=ct(zone=1,table=1),learn(table=1,priority=9,NXM_OF_IN_PORT[],load:1->NXM_NX_REG0[],output:NXM_OF_IN_PORT[])",
      "table=0,priority=9,udp,actions=ct(zone=1,table=1),clone(load:3->NXM_NX_REG1[],learn(table=1,priority=8,eth_type=0x800,NXM_OF_ETH_SRC[],output:NXM_NX_REG1[]))",
      "table=1,priority=1,actions=output:4",
    ],
    [
      packet(1, ping(CLIENT, SERVER, 8)),
      packet(2, udp(SERVER, CLIENT)),
      packet(2, udp(OTHER, CLIENT)),
      packet(1, udp(CLIENT, SERVER)),
      dumpFlows,
    ],
  ),
];
