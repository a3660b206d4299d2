import type { SwitchCase } from "../../../src/case/case.ts";
import { arp, CLIENT, OTHER, SERVER, tcp, udp } from "./frames.ts";
import { ct, draft, packet, packetOut, STAMP } from "./steps.ts";

/** How a packet goes through the tables, and what the controller is told. */
export const PIPELINE: readonly SwitchCase[] = [
  draft(
    "outputs-are-snapshots",
    "each output sends the packet as it is then; a packet does not leave through its ingress unless the rule says in_port",
    [
      "table=0,udp,actions=2,set_field:10.9.9.9->ip_dst,3,mod_tp_dst:99,push_vlan:0x8100,set_field:4100->vlan_vid,4,pop_vlan,1,LOCAL",
      "table=0,tcp,actions=in_port,output:1,2",
    ],
    [
      packet(1, udp(CLIENT, SERVER)),
      packet(1, tcp(CLIENT, SERVER, "S")),
      packet("LOCAL", udp(CLIENT, SERVER)),
    ],
  ),
  draft(
    "tables",
    "the highest priority wins; goto_table goes on, resubmit comes back, a miss drops and is told to the controller",
    [
      "table=0,priority=7,udp,actions=resubmit(,1),set_field:10.9.9.1->ip_dst,3",
      "table=0,priority=5,ip,actions=clear_actions,write_actions(output:4),goto_table:2",
      "table=1,udp,tp_dst=80,actions=set_field:10.9.9.2->ip_src,2",
      "table=2,tcp,tcp_flags=+syn-ack,actions=write_actions(output:3)",
      "table=2,tcp,tcp_flags=+fin,actions=clear_actions",
      "table=2,tcp,tcp_flags=+rst,actions=resubmit(,9)",
      "table=2,tcp,tcp_flags=+ack,actions=drop",
    ],
    [
      packet(1, udp(CLIENT, SERVER)),
      packet(1, udp(SERVER, CLIENT)),
      packet(1, tcp(CLIENT, SERVER, "S")),
      packet(1, tcp(CLIENT, SERVER, "F")),
      packet(1, tcp(CLIENT, SERVER, "R")),
      packet(1, tcp(CLIENT, SERVER, "P"), "no rule: a miss in table 2"),
      packet(1, arp(CLIENT, SERVER), "a miss in table 0"),
    ],
  ),
  draft(
    "packet-ins",
    "the controller is told table, cookie, registers and what conntrack said; max_len does not cut what is not buffered",
    [
      "table=0,cookie=0x77,udp,actions=load:5->NXM_NX_REG1[],load:0x99->OXM_OF_METADATA[],load:3->NXM_NX_PKT_MARK[],controller(max_len=20),ct(commit,zone=3,table=1,exec(load:7->NXM_NX_CT_MARK[],load:0x12345->NXM_NX_CT_LABEL[]))",
      "table=0,tcp,actions=ct(zone=3,table=1)",
      "table=1,ip,actions=controller,ct(zone=4,table=2),controller",
      "table=2,ip,actions=dec_ttl,controller,2",
    ],
    [
      packet(1, udp(CLIENT, SERVER)),
      packet(2, udp(SERVER, CLIENT)),
      packet(1, tcp(CLIENT, SERVER, "SA"), "an invalid one"),
      packet(1, udp(CLIENT, SERVER, "data", 1), "its TTL expires"),
    ],
  ),
  draft(
    "packet-outs",
    "actions on a frame that no port received; in_port is what the packet-out says",
    [
      "table=0,in_port=1,ip,actions=2",
      "table=0,in_port=CONTROLLER,ip,actions=3",
      `table=0,in_port=4,ip,actions=ct(commit,table=1)`,
      `table=1,ip,actions=${STAMP},1`,
    ],
    [
      packetOut("CONTROLLER", "output:1,output:2,LOCAL", udp(CLIENT, SERVER)),
      packetOut("CONTROLLER", "resubmit(,0)", udp(CLIENT, SERVER)),
      packetOut(1, "resubmit(,0)", udp(CLIENT, SERVER)),
      packetOut(3, "in_port,output:3,4", udp(CLIENT, SERVER)),
      packetOut("NONE", "set_field:10.9.9.9->ip_dst,output:4", udp(CLIENT, SERVER)),
      packetOut(4, "resubmit(,0)", udp(CLIENT, SERVER)),
      packetOut("LOCAL", "resubmit(1,0)", udp(CLIENT, SERVER)),
      ct,
    ],
  ),
  draft(
    "recirculations",
    "six recirculations pass, the seventh is dropped",
    [
      ...[0, 1, 2, 3, 4, 5].map((n) => `table=${n},ip,actions=ct(zone=${n + 1},table=${n + 1})`),
      "table=6,udp,actions=2",
      "table=6,tcp,actions=ct(zone=9,table=7)",
      "table=7,ip,actions=2",
    ],
    [packet(1, udp(CLIENT, SERVER)), packet(1, tcp(CLIENT, SERVER, "S"))],
  ),
  draft(
    "learning",
    "normal floods what it does not know and learns where addresses are; learn adds a rule for the answers",
    [
      "table=0,arp,actions=normal",
      "table=0,in_port=1,udp,actions=learn(table=1,hard_timeout=9,eth_type=0x800,nw_proto=17,NXM_OF_IP_SRC[]=NXM_OF_IP_DST[],NXM_OF_UDP_DST[]=NXM_OF_UDP_SRC[],output:NXM_OF_IN_PORT[]),2",
      "table=0,in_port=2,udp,actions=resubmit(,1)",
      "table=1,priority=0,actions=3",
    ],
    [
      packet(1, arp(CLIENT, SERVER)),
      packet(2, arp(SERVER, CLIENT)),
      packet(2, udp(SERVER, CLIENT)),
      packet(1, udp(CLIENT, SERVER)),
      packet(2, udp(SERVER, CLIENT)),
      packet(2, udp(OTHER, CLIENT)),
    ],
  ),
  draft(
    "replayer",
    "the rules of a packet-level replayer on port 2 that answers as the server: nothing else passes",
    [
      "table=0,priority=9,in_port=1,tcp,nw_dst=10.1.1.2,tp_dst=80,actions=ct(zone=2,table=1)",
      "table=0,priority=9,in_port=2,tcp,nw_src=10.1.1.2,tp_src=80,actions=ct(zone=2,table=1)",
      "table=0,priority=0,actions=drop",
      "table=1,priority=90,ct_state=+trk+inv,ip,actions=drop",
      "table=1,priority=80,ct_state=+trk+new-rpl,tcp,in_port=1,tcp_flags=+syn-ack,actions=ct(commit,zone=2,exec(set_field:0x8->ct_mark)),output:2",
      "table=1,priority=80,ct_state=+trk+est-rpl,ct_mark=0x8,tcp,in_port=1,actions=output:2",
      "table=1,priority=80,ct_state=+trk+est+rpl,ct_mark=0x8,tcp,in_port=2,actions=output:1",
      "table=1,priority=0,actions=drop",
    ],
    [
      packet(1, tcp(CLIENT, SERVER, "A", 100, 50), "a connection that was there before"),
      packet(2, tcp(SERVER, CLIENT, "S", 1), "the replayer may not begin"),
      packet(1, tcp(CLIENT, SERVER, "S", 100)),
      packet(2, tcp(SERVER, CLIENT, "SA", 500, 101)),
      packet(1, tcp(CLIENT, SERVER, "A", 101, 501)),
      packet(1, tcp(CLIENT, SERVER, "PA", 101, 501, "GET /gate.php HTTP/1.1\r\n\r\n")),
      packet(2, tcp(SERVER, CLIENT, "PA", 501, 127, "HTTP/1.1 200 OK\r\n\r\n")),
      packet(1, tcp(CLIENT, OTHER, "S", 100), "to somebody else"),
      packet(1, udp(CLIENT, SERVER)),
      packet(1, arp(CLIENT, SERVER)),
      packet(3, tcp(CLIENT, SERVER, "PA", 127, 520, "x"), "from a foreign port"),
      ct,
    ],
  ),
];
