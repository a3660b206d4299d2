import type { SwitchCase } from "../../../src/case/case.ts";
import { CLIENT, type End, OTHER, SERVER, tcp } from "./frames.ts";
import { ct, draft, packet, STAMP } from "./steps.ts";

/** The instance with further connections. */
const SECOND: End = { ...CLIENT, port: 40_001 };
const THIRD: End = { ...CLIENT, port: 40_002 };
/** The C&C, as the analysis host on port 2 plays it: its address, from a foreign MAC address. */
const PLAYED: End = { ...SERVER, mac: OTHER.mac };
const REQUEST = "GET /gate.php HTTP/1.1\r\n\r\n";
const ANSWER = "HTTP/1.1 200 OK\r\n\r\n";

/** Why the paper's replay cannot be taken at its word: "source and destination rewritten, state made established". */
export const PAPER: readonly SwitchCase[] = [
  draft(
    "rewritten-to-itself",
    "an instance's packets rewritten to the instance itself have one address as source and destination, and no answer ever comes",
    [
      "table=0,tcp,in_port=1,actions=ct(zone=1,table=1)",
      `table=1,tcp,in_port=1,ct_state=+trk+new,actions=ct(commit,zone=1),mod_nw_dst:${CLIENT.address},mod_dl_dst:${CLIENT.mac},in_port`,
      `table=1,tcp,in_port=1,ct_state=+trk+est,actions=mod_nw_dst:${CLIENT.address},mod_dl_dst:${CLIENT.mac},in_port`,
    ],
    [
      packet(1, tcp(CLIENT, SERVER, "S", 100), "comes back as from 10.1.1.1 to 10.1.1.1 (LAND)"),
      packet(1, tcp(CLIENT, SERVER, "S", 100), "sent again: still new"),
      ct,
    ],
  ),
  draft(
    "established-is-no-evidence",
    "+est says that somebody answered, not that the instance took the answer; what was recorded has numbers that no action rewrites",
    [
      "table=0,tcp,actions=ct(zone=1,table=1)",
      `table=1,tcp,in_port=1,ct_state=+trk+new,actions=ct(commit,zone=1),${STAMP},4`,
      `table=1,tcp,actions=${STAMP},4`,
    ],
    [
      packet(1, tcp(CLIENT, SERVER, "S", 100), "the bot calls its C&C: new"),
      packet(
        2,
        tcp(PLAYED, CLIENT, "SA", 5_000, 101),
        "the analysis host's own SYN+ACK: established at once, though the bot has not said a word",
      ),
      packet(1, tcp(CLIENT, SERVER, "R", 101), "the bot refuses it: even its RST is established"),
      ct,
      packet(1, tcp(SECOND, SERVER, "S", 100), "a second call"),
      packet(
        2,
        tcp(PLAYED, SECOND, "SA", 77_000, 9_001),
        "the recorded SYN+ACK acknowledges what the recorded bot sent, not this one: established all the same",
      ),
      packet(
        1,
        tcp(SECOND, SERVER, "R", 9_001),
        "the bot refuses it (RFC 9293 §3.10.7.3); conntrack, which believes the recording, calls that invalid",
      ),
      packet(
        2,
        tcp(PLAYED, SECOND, "SA", 5_000, 101),
        "the answer that the bot would take is invalid now",
      ),
      packet(1, tcp(THIRD, SERVER, "S", 100), "a third call"),
      packet(2, tcp(PLAYED, THIRD, "SA", 5_000, 101), "answered by a real TCP"),
      packet(1, tcp(THIRD, SERVER, "A", 101, 5_001)),
      packet(1, tcp(THIRD, SERVER, "PA", 101, 5_001, REQUEST)),
      packet(
        2,
        tcp(PLAYED, THIRD, "PA", 77_001, 9_027, ANSWER),
        "the recorded answer with its recorded numbers: invalid",
      ),
      packet(
        2,
        tcp(PLAYED, THIRD, "PA", 5_001, 127, ANSWER),
        "renumbered by whoever holds the connection it passes; the switch has no action for that",
      ),
      ct,
    ],
  ),
];
