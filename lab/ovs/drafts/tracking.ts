import type { SwitchCase } from "../../../src/case/case.ts";
import { bent, CLIENT, OTHER, ping, SERVER, tcp, udp, unreachable, unsummed } from "./frames.ts";
import { ct, dpctl, draft, packet, STAMP, warp } from "./steps.ts";

/** The second pass: what the client sends goes to port 2, what the server sends to port 1, with the stamp. */
const SHOWN = [
  `table=1,in_port=1,ip,actions=${STAMP},2`,
  `table=1,in_port=2,ip,actions=${STAMP},1`,
];

/** Both directions are tracked; a new connection from port 1 is committed. */
const TRACKED = [
  "table=0,ip,actions=ct(zone=1,table=1)",
  `table=1,priority=50000,ct_state=+trk+new,ip,in_port=1,actions=ct(commit,zone=1),${STAMP},2`,
  ...SHOWN,
];

const HANDSHAKE = [
  packet(1, tcp(CLIENT, SERVER, "S", 100)),
  packet(2, tcp(SERVER, CLIENT, "SA", 500, 101)),
  packet(1, tcp(CLIENT, SERVER, "A", 101, 501)),
];

/** How states, marks and zones come about. */
export const TRACKING: readonly SwitchCase[] = [
  draft(
    "handshake-states",
    "+new for the SYN and its repetition, +est+rpl for the SYN/ACK, +est from then on, to the end of the connection",
    [
      "table=0,ip,actions=ct(zone=1,table=1)",
      `table=1,ct_state=+new,ip,actions=ct(commit,zone=1,table=2)`,
      "table=1,ip,actions=resubmit(,2)",
      ...SHOWN.map((line) => line.replace("table=1", "table=2")),
    ],
    [
      packet(1, tcp(CLIENT, SERVER, "S", 100)),
      packet(1, tcp(CLIENT, SERVER, "S", 100), "the same SYN again"),
      ct,
      packet(2, tcp(SERVER, CLIENT, "SA", 500, 101)),
      packet(1, tcp(CLIENT, SERVER, "A", 101, 501)),
      ct,
      packet(1, tcp(CLIENT, SERVER, "PA", 101, 501, "hello")),
      packet(2, tcp(SERVER, CLIENT, "FA", 501, 106)),
      ct,
      packet(1, tcp(CLIENT, SERVER, "FA", 106, 502)),
      packet(2, tcp(SERVER, CLIENT, "A", 502, 107)),
      ct,
      packet(1, tcp(CLIENT, SERVER, "S", 90_000), "a new connection of the same ends"),
      ct,
    ],
  ),
  draft(
    "never-committed",
    "without commit nothing is ever established: the SYN/ACK is +inv, the ACK +new again",
    ["table=0,ip,actions=ct(zone=1,table=1)", ...SHOWN],
    [...HANDSHAKE, ct],
  ),
  draft(
    "commit-clears",
    "behind ct(commit) without a table the rest of the list sees all ct fields zero",
    TRACKED,
    [...HANDSHAKE, ct],
  ),
  draft(
    "fork-keeps-registers",
    "ct(table) forks: the list goes on untracked, and the tracked copy keeps registers, metadata and port",
    [
      `table=0,ip,actions=load:5->NXM_NX_REG3[],load:6->OXM_OF_METADATA[],ct(zone=1,table=1),load:9->NXM_NX_REG3[],${STAMP},3`,
      `table=1,reg3=5,metadata=6,in_port=1,ip,actions=${STAMP},2`,
      "table=1,priority=1,actions=4",
    ],
    [packet(1, udp(CLIENT, SERVER)), ct],
  ),
  draft(
    "marks-stick",
    "a repeated commit changes mark and label but keeps the entry and its direction; force turns it",
    [
      "table=0,ip,actions=ct(zone=1,table=1)",
      `table=1,in_port=1,ip,actions=ct(commit,zone=1,table=2,exec(load:5->NXM_NX_CT_MARK[],load:0x77->NXM_NX_CT_LABEL[]))`,
      `table=1,in_port=2,ip,actions=ct(commit,zone=1,table=2,exec(load:0xf->NXM_NX_CT_MARK[4..7]))`,
      `table=1,in_port=3,ip,actions=ct(commit,force,zone=1,table=2)`,
      `table=2,ip,actions=${STAMP},4`,
    ],
    [
      packet(1, udp(CLIENT, SERVER)),
      ct,
      packet(2, udp(SERVER, CLIENT)),
      ct,
      packet(3, udp(SERVER, CLIENT)),
      ct,
    ],
  ),
  draft(
    "ct-clear",
    "ct_clear makes a packet untracked in the middle of a walk",
    [
      "table=0,ip,actions=ct(commit,zone=1,table=1)",
      `table=1,ct_state=+trk,ip,actions=ct_clear,${STAMP},2,resubmit(,2)`,
      "table=2,ct_state=-trk,ip,actions=3",
      "table=2,ct_state=+trk,ip,actions=4",
    ],
    [packet(1, udp(CLIENT, SERVER)), ct],
  ),
  draft(
    "zones-apart",
    "a connection of one zone is unknown in another",
    [
      "table=0,in_port=1,ip,actions=ct(commit,zone=1,table=1)",
      "table=0,in_port=2,ip,actions=ct(zone=1,table=1),ct(zone=2,table=1)",
      `table=1,ip,actions=${STAMP},3`,
    ],
    [packet(1, udp(CLIENT, SERVER)), packet(2, udp(SERVER, CLIENT)), ct],
  ),
  draft(
    "tuple-without-connection",
    "ct_nw_src and its like show the packet's own tuple where there is no connection yet",
    [
      "table=0,ip,actions=ct(zone=1,table=1)",
      "table=1,priority=9,ct_state=+trk-inv,udp,ct_nw_src=10.1.1.1,ct_nw_proto=17,ct_tp_dst=80,actions=2",
      "table=1,priority=1,actions=3",
    ],
    [packet(1, udp(CLIENT, SERVER)), packet(1, udp(OTHER, SERVER)), packet(1, udp(SERVER, CLIENT))],
  ),
  draft(
    "first-segments",
    "SYN, ACK, FIN+ACK and RST may begin a connection; SYN/ACK, FIN, no flag, all flags and SYN+FIN may not",
    ["table=0,ip,actions=ct(zone=1,table=1)", ...SHOWN],
    ["S", "A", "FA", "R", "SA", "F", "", "FPU", "SF", "PA", "RA", "SR"].map((flags, i) =>
      packet(1, tcp({ ...CLIENT, port: 5_000 + i }, SERVER, flags, 100, 50), flags || "no flag"),
    ),
  ),
  draft(
    "windows",
    "a segment outside the window is +inv and changes nothing, until sequence numbers are not looked at",
    TRACKED,
    [
      ...HANDSHAKE,
      packet(1, tcp(CLIENT, SERVER, "PA", 300_000, 501, "far")),
      packet(2, tcp(SERVER, CLIENT, "R", 900_000, 0), "a RST that does not fit"),
      ct,
      dpctl("ct-get-tcp-seq-chk"),
      dpctl("ct-disable-tcp-seq-chk"),
      packet(1, tcp(CLIENT, SERVER, "PA", 300_000, 501, "far")),
      dpctl("ct-enable-tcp-seq-chk"),
      dpctl("ct-get-tcp-seq-chk"),
      ct,
    ],
  ),
  draft(
    "checksums",
    "a wrong checksum of IP or of the transport is +inv; a UDP datagram may have none",
    ["table=0,ip,actions=ct(zone=1,table=1)", ...SHOWN],
    [
      packet(1, bent(udp(CLIENT, SERVER), 24), "IP"),
      packet(1, bent(udp(CLIENT, SERVER), 40), "UDP"),
      packet(1, bent(tcp(CLIENT, SERVER, "S"), 50), "TCP"),
      packet(1, bent(ping(CLIENT, SERVER, 8), 36), "ICMP"),
      packet(1, unsummed(udp(CLIENT, SERVER)), "none"),
    ],
  ),
  draft(
    "icmp-errors",
    "an error about a known flow is +rel+rpl from whoever it comes; about an unknown one it is +inv",
    TRACKED,
    [
      packet(1, ping(CLIENT, SERVER, 8)),
      packet(2, ping(SERVER, CLIENT, 0)),
      packet(2, ping(SERVER, CLIENT, 0, 99), "an answer without a question"),
      packet(1, udp(CLIENT, SERVER)),
      packet(2, unreachable(SERVER, CLIENT, udp(CLIENT, SERVER))),
      packet(2, unreachable(OTHER, CLIENT, udp(CLIENT, SERVER))),
      packet(2, unreachable(SERVER, OTHER, udp(OTHER, SERVER))),
      ct,
    ],
  ),
  draft(
    "timeouts",
    "UDP 60 s unanswered and 30 s answered, half-open TCP 30 s, established TCP 86,400 s, ICMP 60 s and 30 s",
    TRACKED,
    [
      packet(1, udp(CLIENT, SERVER)),
      packet(1, udp(OTHER, SERVER)),
      packet(2, udp(SERVER, OTHER)),
      packet(1, ping(CLIENT, SERVER, 8)),
      packet(1, tcp(OTHER, SERVER, "S")),
      ...HANDSHAKE,
      ct,
      warp(29),
      ct,
      warp(2),
      ct,
      warp(30),
      ct,
      warp(86_000),
      ct,
      warp(400),
      ct,
    ],
  ),
];
