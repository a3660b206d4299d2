import type { SegmentKind } from "./linux-connection.ts";

/** The states of a TCP connection in Linux' nf_conntrack, and how long it stays in each. */

export const LINUX_STATE = {
  none: 0,
  synSent: 1,
  synReceived: 2,
  established: 3,
  finWait: 4,
  closeWait: 5,
  lastAck: 6,
  timeWait: 7,
  close: 8,
  synSent2: 9,
} as const;

/** As `dpctl/dump-conntrack` names them. */
export const LINUX_STATE_NAMES = [
  "CLOSED",
  "SYN_SENT",
  "SYN_RECV",
  "ESTABLISHED",
  "FIN_WAIT_1",
  "CLOSE_WAIT",
  "LAST_ACK",
  "TIME_WAIT",
  "CLOSING",
  "SYN_SENT2",
] as const;

/** Seconds without a packet, by state. */
export const LINUX_TCP_SECONDS = [0, 120, 60, 432_000, 120, 60, 30, 120, 10, 120] as const;
/** After several retransmissions, with data that nobody has acknowledged, or with a window of 0. */
export const STALLED_SECONDS = 300;
export const RETRANSMISSIONS_MAX = 3;

/** The next state, by segment, direction and state. `I`: let through as it is, both ends may know better; `-`: invalid; digits are states. */
export const NEXT_STATE: Readonly<Record<SegmentKind, readonly [original: string, reply: string]>> =
  {
    //        none, SYN_SENT, SYN_RECV, ESTABLISHED, FIN_WAIT, CLOSE_WAIT, LAST_ACK, TIME_WAIT, CLOSE, SYN_SENT2
    syn: ["11IIIII119", "-9-----1-9"],
    synAck: ["--2------2", "-2IIIIIII2"],
    fin: ["--4466678-", "--4466678-"],
    ack: ["3-3355778-", "-I2355778I"],
    rst: ["-888888888", "-888888888"],
    none: ["----------", "----------"],
  };
