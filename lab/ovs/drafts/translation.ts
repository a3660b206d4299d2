import type { SwitchCase } from "../../../src/case/case.ts";
import {
  CLIENT,
  type End,
  fragments,
  OTHER,
  ping,
  SERVER,
  tcp,
  udp,
  unreachable,
} from "./frames.ts";
import { ct, dpctl, draft, packet, STAMP } from "./steps.ts";

/** Where answers go to once the client's address is translated. */
const PUBLIC: End = { mac: CLIENT.mac, address: "10.1.1.100", port: 40_000 };
/** Whom the client means; the server answers for it. */
const VIRTUAL: End = { mac: SERVER.mac, address: "10.1.1.200", port: 8_080 };

const SNAT = [
  "table=0,in_port=1,ip,actions=ct(commit,zone=1,nat(src=10.1.1.100),table=1)",
  "table=0,in_port=2,ip,actions=ct(zone=1,nat,table=1)",
  `table=1,in_port=1,ip,actions=${STAMP},2`,
  `table=1,in_port=2,ip,actions=${STAMP},1`,
];

/** How addresses are translated, and how fragments pass. */
export const TRANSLATION: readonly SwitchCase[] = [
  draft(
    "snat",
    "the source is rewritten on the way out and the destination on the way back; errors are rewritten inside, too",
    SNAT,
    [
      packet(1, udp(CLIENT, SERVER)),
      packet(2, udp(SERVER, PUBLIC)),
      packet(1, tcp(CLIENT, SERVER, "S", 100)),
      packet(2, tcp(SERVER, PUBLIC, "SA", 500, 101)),
      packet(1, ping(CLIENT, SERVER, 8)),
      packet(2, ping(SERVER, PUBLIC, 0)),
      packet(2, unreachable(SERVER, PUBLIC, udp(PUBLIC, SERVER))),
      packet(2, unreachable(OTHER, PUBLIC, udp(PUBLIC, SERVER)), "from a third host"),
      ct,
    ],
  ),
  draft(
    "dnat",
    "address and port of the destination are rewritten, and the answer's source back",
    [
      "table=0,in_port=1,ip,actions=ct(commit,zone=1,nat(dst=10.1.1.2:80),table=1)",
      "table=0,in_port=2,ip,actions=ct(zone=1,nat,table=1)",
      `table=1,in_port=1,ip,actions=${STAMP},2`,
      `table=1,in_port=2,ip,actions=${STAMP},1`,
    ],
    [
      packet(1, tcp(CLIENT, VIRTUAL, "S", 100)),
      packet(2, tcp(SERVER, CLIENT, "SA", 500, 101)),
      packet(1, tcp(CLIENT, VIRTUAL, "A", 101, 501)),
      ct,
    ],
  ),
  draft(
    "nat-only-when-asked",
    "ct without nat tracks but does not translate; nat without a connection does nothing",
    [
      "table=0,in_port=1,ip,actions=ct(commit,zone=1,nat(src=10.1.1.100),table=1)",
      "table=0,in_port=2,ip,actions=ct(zone=1,table=1)",
      "table=0,in_port=3,ip,actions=ct(zone=1,nat,table=1)",
      `table=1,ip,actions=${STAMP},4`,
    ],
    [
      packet(1, udp(CLIENT, SERVER)),
      packet(2, udp(SERVER, PUBLIC)),
      packet(3, udp(SERVER, OTHER)),
      packet(3, udp(SERVER, PUBLIC)),
    ],
  ),
  draft(
    "nat-change-ignored",
    "a second nat() on a connection is ignored",
    [
      "table=0,in_port=1,ip,actions=ct(commit,zone=1,nat(src=10.1.1.100),table=1)",
      "table=0,in_port=3,ip,actions=ct(commit,zone=1,nat(src=10.1.1.101),table=1)",
      `table=1,ip,actions=${STAMP},4`,
    ],
    [packet(1, udp(CLIENT, SERVER)), packet(3, udp(CLIENT, SERVER)), ct],
  ),
  draft(
    "nat-exhausted",
    "with no translation free the packet is not committed, and goes on untranslated as +new: a guard must stop it",
    [
      "table=0,in_port=1,ip,actions=ct(commit,zone=1,nat(src=10.1.1.100:7000),table=1)",
      `table=1,priority=9,ip,nw_src=10.1.1.100,actions=${STAMP},2`,
      `table=1,priority=1,ip,actions=${STAMP},3`,
    ],
    [packet(1, udp(CLIENT, SERVER)), packet(1, udp(OTHER, SERVER)), ct],
  ),
  draft(
    "fragments",
    "fragments are held until all are there, tracked once, and go on as they came; small ones are +inv",
    SNAT,
    [
      dpctl("ipf-set-min-frag", "v4", "400"),
      ...fragments(udp(CLIENT, SERVER, "x".repeat(1_200)), 504).map((part) => packet(1, part)),
      ...fragments(udp(OTHER, SERVER, "y".repeat(1_200)), 504)
        .toReversed()
        .map((part) => packet(1, part)),
      dpctl("ipf-get-status"),
      ...fragments(udp(CLIENT, SERVER, "z".repeat(400)), 200).map((part) => packet(1, part)),
      dpctl("ipf-set-max-nfrags", "10"),
      dpctl("ipf-set-disabled", "v4"),
      ...fragments(udp(CLIENT, SERVER, "x".repeat(1_200)), 504).map((part) => packet(1, part)),
      dpctl("ipf-get-status"),
      ct,
    ],
  ),
];
