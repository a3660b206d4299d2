import type { Step, SwitchCase } from "../../../src/case/case.ts";
import { CLIENT, OTHER, ping, SERVER, tcp, udp, unreachable } from "./frames.ts";
import { ct, draft, flush, packet, STAMP, warp } from "./steps.ts";

/*
 * What the random comparison with the real switch has found where the simulated one was wrong, each by itself.
 */

const TRACKED = [
  "table=0,ip,actions=ct(table=1)",
  "table=0,ipv6,actions=ct(table=1)",
  "table=1,priority=9,ct_state=+new,ip,actions=ct(commit,table=2)",
  "table=1,priority=9,ct_state=+new,ipv6,actions=ct(commit,table=2)",
  "table=1,priority=1,actions=resubmit(,2)",
  `table=2,actions=${STAMP},3`,
];

/** Tracked, and translated when new. */
function translated(nat: string, commit = "commit", asks = ""): string[] {
  return [
    `table=0,ip,actions=ct(${asks}table=1)`,
    `table=1,priority=9,ct_state=+new,ip,actions=ct(${commit},${nat},table=2)`,
    "table=1,priority=1,actions=resubmit(,2)",
    `table=2,actions=${STAMP},3`,
  ];
}

const VIRTUAL = { ...SERVER, address: "10.1.1.9" };

/** fd00::1 opens a TCP connection to fd00::2. */
const SYN6 =
  "50540000000250540000000186dd6000000000140640fd000000000000000000000000000001fd0000000000000000000000000000029c400050000003e80000000050022000f5650000";
const SYN_ACK6 =
  "50540000000150540000000286dd6000000000140640fd000000000000000000000000000002fd00000000000000000000000000000100509c4000015f90000003e95012200095c30000";
/** Time exceeded about SYN_ACK6, with 8 bytes of its TCP header. */
const ERROR6 =
  "50540000000250540000000186dd6000000000383a40fd000000000000000000000000000001fd0000000000000000000000000000020300a60d000000006000000000140640fd000000000000000000000000000002fd00000000000000000000000000000100509c4000015f90";
/** Unreachable, about SYN6 with a fragment header that says that it is all of the packet. */
const ERROR6_ATOMIC =
  "50540000000150540000000286dd60000000004c3a40fd000000000000000000000000000002fd0000000000000000000000000000010300694b0000000060000000001c2c40fd000000000000000000000000000001fd00000000000000000000000000000206000000000006e79c400050000003e80000000050022000f5650000";
/** The second 8 bytes of an ICMPv6 packet. */
const LATER6 =
  "50540000000250540000000186dd6000000000102c40fd000000000000000000000000000001fd0000000000000000000000000000023a000008000000016262626262626262";

function frame(in_port: number, hex: string): Step {
  return { op: "packet", in_port, hex, expect: [] };
}

/** An IPv4 frame whose data ends too early. */
function cut(bytes: Uint8Array): Uint8Array {
  return bytes.slice(0, -4);
}

/** A frame with zeros behind its packet. */
function padded(bytes: Uint8Array, count: number): Uint8Array {
  const longer = new Uint8Array(bytes.length + count);
  longer.set(bytes);
  return longer;
}

/** An echo with a code, its checksum corrected. */
function coded(bytes: Uint8Array): Uint8Array {
  const copy = bytes.slice();
  copy[35] = 1;
  const sum = (copy[36]! << 8) + copy[37]! - 1;
  copy[36] = sum >> 8;
  copy[37] = sum & 0xff;
  return copy;
}

export const DIFFERENTIAL: readonly SwitchCase[] = [
  draft(
    "quoted-echo-with-code",
    "an ICMP error about an echo that has a code is invalid",
    TRACKED,
    [
      packet(1, ping(CLIENT, SERVER, 8)),
      packet(2, unreachable(SERVER, CLIENT, ping(CLIENT, SERVER, 8))),
      packet(2, unreachable(SERVER, CLIENT, coded(ping(CLIENT, SERVER, 8)))),
      ct,
    ],
  ),
  draft(
    "icmp6-quotes-tcp",
    "an ICMPv6 error that quotes less than a TCP header is invalid",
    TRACKED,
    [frame(1, SYN6), frame(2, SYN_ACK6), frame(1, ERROR6), ct],
  ),
  draft(
    "icmp6-quotes-whole-fragment",
    "an ICMPv6 error may quote a packet with extension headers, and with that of a fragment that is the whole packet",
    TRACKED,
    [frame(1, SYN6), frame(2, ERROR6_ATOMIC), ct],
  ),
  draft(
    "translation-outlives-connection",
    "a translated connection that a packet has ended stands in the way until time goes on, or it is flushed",
    translated("nat(src=10.1.1.9:6000)"),
    [
      packet(1, tcp(CLIENT, SERVER, "RA", 1_500, 90_000)),
      packet(2, tcp(SERVER, { ...VIRTUAL, port: 6_000 }, "R", 90_000)),
      packet(1, tcp(CLIENT, SERVER, "S", 1_000)),
      ct,
      flush(),
      packet(1, tcp(CLIENT, SERVER, "S", 1_000)),
      ct,
    ],
  ),
  draft(
    "translation-to-itself",
    "where nothing is changed by the translation, what is left of a connection stands in the way of both directions",
    translated("nat(dst=10.1.1.2)"),
    [
      packet(1, tcp(CLIENT, SERVER, "A", 90_000, 1_000)),
      packet(2, tcp(SERVER, CLIENT, "A", 1_000, 90_000)),
      packet(2, tcp(SERVER, CLIENT, "RA", 1_000, 90_000)),
      packet(2, tcp(SERVER, CLIENT, "S", 1_000)),
      ct,
    ],
  ),
  draft(
    "force-on-translated",
    "a forced commit of an answer ends a translated connection, and begins none",
    translated("nat(dst=10.1.1.2)", "commit,force", "nat,"),
    [
      packet(1, tcp(CLIENT, VIRTUAL, "S", 1_000)),
      packet(2, tcp(SERVER, CLIENT, "S", 9_000)),
      packet(2, tcp(SERVER, CLIENT, "PA", 9_001, 1_000, "a")),
      ct,
      packet(1, tcp(CLIENT, VIRTUAL, "S", 1_000)),
      ct,
    ],
  ),
  draft(
    "addresses-are-forgotten",
    "normal knows an address for 300 seconds, and no longer",
    ["table=0,actions=normal"],
    [
      packet(2, udp(SERVER, CLIENT)),
      warp(299),
      packet(1, udp(CLIENT, SERVER)),
      warp(1),
      packet(1, udp(CLIENT, SERVER)),
    ],
  ),
  draft(
    "cut-packet-is-left-alone",
    "no address is written into a packet that is shorter than its header says",
    ["table=0,ip,actions=mod_nw_dst:10.1.1.7,2"],
    [packet(1, udp(CLIENT, SERVER)), packet(1, cut(udp(CLIENT, SERVER)))],
  ),
  draft(
    "set-address-then-track",
    "a packet whose address is set is looked up anew by a second ct in the same zone",
    [
      "table=0,ip,actions=ct(zone=1,table=1)",
      "table=1,ct_state=+new,ip,priority=9,actions=ct(commit,zone=1,nat(dst=10.1.1.2:8080),table=2)",
      "table=1,priority=1,actions=resubmit(,2)",
      `table=2,ip,actions=mod_nw_dst:10.1.1.2,ct(commit,zone=1,table=3),${STAMP},2`,
      `table=3,actions=${STAMP},3`,
    ],
    [
      packet(1, tcp(CLIENT, VIRTUAL, "A", 1_001, 90_001)),
      packet(1, tcp(CLIENT, VIRTUAL, "PA", 1_001, 90_001, "data")),
      ct,
    ],
  ),
  draft(
    "invalid-between",
    "a packet that is invalid in one zone, because the connection that it answers has just ended, keeps what another zone found before; there it is translated, and stays invalid",
    [
      "table=0,in_port=2,ip,actions=ct(commit,zone=2,nat(src=10.1.1.9)),3",
      "table=0,in_port=1,ip,actions=ct(zone=1),ct(zone=2),ct(commit,zone=1,nat(dst=10.1.1.2),table=1)",
      `table=1,actions=${STAMP},3`,
    ],
    [
      packet(2, tcp(SERVER, CLIENT, "RA", 90_000, 1_000)),
      packet(2, tcp(SERVER, CLIENT, "RA", 90_000, 1_000)),
      packet(2, tcp(SERVER, CLIENT, "S", 1_000)),
      packet(1, tcp(CLIENT, VIRTUAL, "S", 1_000)),
      packet(1, tcp(CLIENT, VIRTUAL, "A", 1_001, 90_001)),
      ct,
    ],
  ),
  draft(
    "checksum-in-padding",
    "where an ICMP error quotes the first 8 bytes of a TCP header, a change of its port corrects a checksum in the frame's padding",
    translated("nat(src=10.1.1.9:6000)", "commit", "nat,"),
    [
      packet(1, tcp(CLIENT, SERVER, "S", 1_000)),
      ...[8, 10, 12].map((count) => {
        const quoted = tcp({ ...VIRTUAL, port: 6_000 }, SERVER, "S", 1_000);
        return packet(2, padded(unreachable(SERVER, VIRTUAL, quoted), count));
      }),
    ],
  ),
  draft(
    "translated-twice",
    "a packet that is translated, changed and translated once more begins a connection only once; after that it goes on untranslated, as what the first translation made of it",
    [
      "table=0,ip,actions=ct(nat,table=1)",
      "table=1,in_port=1,ip,actions=ct(commit,nat(dst=10.1.1.2),table=2)",
      "table=1,in_port=2,ip,actions=mod_nw_dst:10.1.1.9,ct(commit,nat(dst=10.1.1.2),table=2)",
      `table=2,actions=${STAMP},3`,
    ],
    [
      packet(1, udp(CLIENT, VIRTUAL)),
      packet(2, udp(SERVER, CLIENT)),
      packet(2, udp(SERVER, CLIENT)),
      ct,
    ],
  ),
  draft(
    "clones-carry-out-action-set",
    "what was written into the action set so far is carried out at the end of each clone, too",
    [
      "table=0,ip,actions=write_actions(output:2),goto_table:1",
      "table=1,actions=clone(set_field:5->metadata),clone(output:3),output:4",
    ],
    [packet(1, udp(CLIENT, SERVER))],
  ),
  draft(
    "later-ipv6-fragment",
    "what a later IPv6 fragment carries is not known: its protocol is that of fragments",
    ["table=0,priority=9,icmp6,actions=2", "table=0,priority=8,ipv6,nw_proto=44,actions=3"],
    [frame(1, LATER6)],
  ),
  draft(
    "groups-write-back",
    "a group's bucket gives back what each packet had, whichever came first",
    [],
    [
      {
        op: "ofctl",
        cmd: "add-group",
        args: ["group_id=1,type=indirect,bucket=set_field:50:54:00:00:00:0c->eth_dst,output:2"],
      },
      {
        op: "ofctl",
        cmd: "add-flow",
        args: ["table=0,priority=40000,ip,actions=group:1,output:3"],
      },
      packet(1, udp(CLIENT, SERVER)),
      packet(1, udp(CLIENT, OTHER)),
    ],
  ),
];
