import type { SwitchCase } from "../../../src/case/case.ts";
import { CLIENT, fragments, OTHER, SERVER, tcp, udp, unreachable } from "./frames.ts";
import { ct, draft, dumpFlows, packet, STAMP } from "./steps.ts";

/*
 * Packets whose upper layer is not all there, or belongs to somebody else.
 */

const BIG = udp({ ...CLIENT, port: 4_000 }, { ...SERVER, port: 53 }, "x".repeat(3_000));

/** The same TCP segment with another length of its header, in words of four bytes. */
function withOffset(frame: Uint8Array, words: number): Uint8Array {
  const copy = frame.slice();
  copy[46] = words << 4;
  return copy;
}

export const FRAGMENTS: readonly SwitchCase[] = [
  draft(
    "fragments-have-no-ports",
    "rules see ports 0 in every fragment, the first included; conntrack knows the ports of the whole, and shows those of the tuple to the first only",
    [
      "table=0,priority=9,udp,tp_dst=53,ip_frag=first,actions=output:4",
      "table=0,priority=8,udp,tp_dst=0,ip_frag=first,actions=ct(commit,zone=1,table=1)",
      "table=0,priority=7,ip,ip_frag=later,actions=ct(commit,zone=1,table=1)",
      "table=0,priority=6,udp,tp_dst=53,actions=ct(zone=1,table=1)",
      "table=1,priority=9,udp,ct_tp_dst=53,ip_frag=first,actions=output:2",
      "table=1,priority=8,ip,ct_tp_dst=0,ip_frag=later,actions=output:3",
      `table=1,priority=1,actions=${STAMP},output:4`,
    ],
    [
      ...fragments(BIG, 1_400).map((piece) => packet(1, piece)),
      packet(1, udp({ ...CLIENT, port: 4_000 }, { ...SERVER, port: 53 })),
      ct,
      dumpFlows,
    ],
  ),
  draft(
    "impossible-data-offset",
    "a TCP header that says it is shorter than a header, or longer than the packet, has no ports and no flags for rules, is invalid to conntrack, and gets no other port",
    [
      "table=0,priority=10,tcp,in_port=3,actions=mod_tp_dst:81,output:4",
      "table=0,priority=9,tcp,tp_dst=80,actions=ct(commit,zone=1,table=1)",
      "table=0,priority=8,tcp,tp_dst=0,actions=ct(commit,zone=2,table=1)",
      "table=0,priority=1,tcp,actions=output:4",
      `table=1,actions=${STAMP},output:2`,
    ],
    [
      packet(1, withOffset(tcp(CLIENT, SERVER, "S", 1), 4)),
      packet(1, withOffset(tcp(CLIENT, SERVER, "S", 1), 15)),
      packet(1, tcp(CLIENT, SERVER, "S", 1)),
      packet(3, withOffset(tcp(CLIENT, SERVER, "S", 1), 4)),
      packet(3, withOffset(tcp(CLIENT, SERVER, "S", 1), 15)),
      packet(3, tcp(CLIENT, SERVER, "S", 1)),
      ct,
      dumpFlows,
    ],
  ),
  draft(
    "related-tells-no-tuple",
    "a packet-in about an error that is related and nothing else has no original tuple; one about an answer has",
    [
      "table=0,ip,actions=ct(zone=1,table=1)",
      "table=1,priority=9,udp,ct_state=+new,actions=ct(commit,zone=1),output:2",
      "table=1,priority=1,actions=controller",
    ],
    [
      packet(1, udp(CLIENT, SERVER)),
      packet(1, unreachable(CLIENT, SERVER, udp(SERVER, CLIENT))),
      packet(2, unreachable(OTHER, CLIENT, udp(CLIENT, SERVER))),
      packet(2, udp(SERVER, CLIENT)),
      ct,
    ],
  ),
];
