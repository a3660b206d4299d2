import {
  before,
  endOf,
  FLAG,
  forget,
  type LinuxTcp,
  type SegmentKind,
} from "./linux-connection.ts";
import {
  LINUX_STATE,
  LINUX_TCP_SECONDS,
  NEXT_STATE,
  RETRANSMISSIONS_MAX,
  STALLED_SECONDS,
} from "./linux-states.ts";
import { inLinuxWindow } from "./linux-window.ts";
import type { TcpSegment } from "./tcp.ts";

/**
 * TCP as Linux' nf_conntrack follows it (net/netfilter/nf_conntrack_proto_tcp.c of 6.1, with its defaults: loose pickup,
 * windows enforced, no invalid RST accepted): one state for both ends, and a table of what a segment makes of it.
 */

/** URG, PSH, ECE and CWR aside, the flags that a segment may have. */
const POSSIBLE_FLAGS: ReadonlySet<number> = new Set([
  FLAG.syn,
  FLAG.syn | FLAG.urg,
  FLAG.syn | FLAG.ack,
  FLAG.rst,
  FLAG.rst | FLAG.ack,
  FLAG.fin | FLAG.ack,
  FLAG.fin | FLAG.ack | FLAG.urg,
  FLAG.ack,
  FLAG.ack | FLAG.urg,
]);

const COUNTED_FLAGS = FLAG.fin | FLAG.syn | FLAG.rst | FLAG.ack | FLAG.urg;

/** In which a reset is believed without a look at its numbers: the tuple may be another connection's already. */
const CLOSING_STATES: ReadonlySet<number> = new Set([
  LINUX_STATE.finWait,
  LINUX_STATE.closeWait,
  LINUX_STATE.lastAck,
  LINUX_STATE.timeWait,
  LINUX_STATE.close,
]);

/** What the connection has been through besides its segments. */
export interface LinuxHistory {
  /** The other end has spoken. */
  hasReply: boolean;
  /** The handshake was completed, or a stream picked up was answered. */
  isAssured: boolean;
}

/** `repeat`: the connection was over, this SYN begins another; `ignore`: let through, and nothing changes. */
export type LinuxVerdict = "accept" | "ignore" | "invalid" | "repeat";

function kindOf(flags: number): SegmentKind {
  if (flags & FLAG.rst) return "rst";
  if (flags & FLAG.syn) return flags & FLAG.ack ? "synAck" : "syn";
  if (flags & FLAG.fin) return "fin";
  return flags & FLAG.ack ? "ack" : "none";
}

function isPossible(flags: number): boolean {
  return POSSIBLE_FLAGS.has(flags & COUNTED_FLAGS);
}

/** A SYN, or an ACK of a stream whose beginning was not seen; no FIN, no RST. */
export function mayBeginLinux(flags: number): boolean {
  const kind = kindOf(flags);
  return isPossible(flags) && (kind === "syn" || kind === "ack");
}

/** A segment of a connection; changes it. */
export function updateLinux(
  tcp: LinuxTcp,
  segment: TcpSegment,
  isReply: boolean,
  history: LinuxHistory,
  liberal: boolean,
): LinuxVerdict {
  if (!isPossible(segment.flags)) return "invalid";
  const kind = kindOf(segment.flags);
  const { last } = tcp;
  const old = tcp.state;
  const next = NEXT_STATE[kind][isReply ? 1 : 0][old];
  if (next === undefined || next === "-") return "invalid";
  let state = next === "I" ? LINUX_STATE.synReceived : Number(next);
  let checksWindow = true;
  const opensAgain = state === LINUX_STATE.synSent && old >= LINUX_STATE.timeWait;
  if (opensAgain && wasClosed(tcp, isReply)) return "repeat";
  if (opensAgain || next === "I") {
    if (!answersIgnoredSyn(tcp, segment, kind, isReply)) {
      noteIgnored(tcp, segment, kind, isReply);
      return "ignore";
    }
    state = LINUX_STATE.synReceived;
    resynchronise(tcp, isReply);
  } else if (kind === "rst") {
    const reset = judgeReset(tcp, segment, isReply, history);
    if (reset === null) return "invalid";
    ({ state, checksWindow } = reset);
  } else if (isChallenge(tcp, kind, isReply, state)) {
    last.expectsChallenge = false;
    return "ignore";
  } else if (state === LINUX_STATE.synSent2) tcp.isSimultaneous = true;
  else if (state === LINUX_STATE.synReceived && isReply && kind === "ack" && tcp.isSimultaneous)
    state = LINUX_STATE.established;

  if (checksWindow) {
    const fits = inLinuxWindow(tcp, segment, kind, isReply, liberal);
    if (fits !== "accept") return fits;
  }
  last.kind = kind;
  last.isReply = isReply;
  tcp.state = state;
  if (state !== old && state === LINUX_STATE.finWait) tcp.peers[isReply ? 1 : 0].closes = true;
  return "accept";
}

/** How many seconds the connection stays after an accepted segment. */
export function secondsLeft(tcp: LinuxTcp): number {
  const seconds = LINUX_TCP_SECONDS[tcp.state] ?? 0;
  if (tcp.retransmissions >= RETRANSMISSIONS_MAX && seconds > STALLED_SECONDS)
    return STALLED_SECONDS;
  if (tcp.last.kind === "rst") return LINUX_TCP_SECONDS[LINUX_STATE.close];
  const stalls = tcp.peers.some((one) => one.hasUnacknowledged) || tcp.last.window === 0;
  return stalls ? Math.min(seconds, STALLED_SECONDS) : seconds;
}

function wasClosed({ peers, last }: LinuxTcp, isReply: boolean): boolean {
  return peers.some(({ closes }) => closes) || (last.isReply === isReply && last.kind === "rst");
}

/** RFC 5961: it answers a SYN that was let through, and does not acknowledge the last FIN. */
function isChallenge(
  { last, state: old }: LinuxTcp,
  kind: SegmentKind,
  isReply: boolean,
  state: number,
): boolean {
  return (
    state === LINUX_STATE.timeWait &&
    old === LINUX_STATE.lastAck &&
    kind === "ack" &&
    last.isReply !== isReply &&
    last.kind === "syn" &&
    last.expectsChallenge
  );
}

/** Both ends agree on a SYN that was let through: it is we who were wrong. */
function answersIgnoredSyn(
  { last }: LinuxTcp,
  { acknowledgement }: TcpSegment,
  kind: SegmentKind,
  isReply: boolean,
): boolean {
  return (
    kind === "synAck" &&
    last.kind === "syn" &&
    last.isReply !== isReply &&
    acknowledgement === last.end
  );
}

function resynchronise({ last, peers }: LinuxTcp, isReply: boolean): void {
  const opener = peers[last.isReply ? 1 : 0];
  opener.end = last.end;
  opener.endMax = last.end;
  opener.window = Math.max(last.window, 1);
  opener.scale = Math.max(last.scale, 0);
  opener.isScaling = last.scale >= 0;
  opener.closes = false;
  opener.isLiberal = false;
  opener.hasUnacknowledged = false;
  opener.ackMax = null;
  last.expectsChallenge = false;
  forget(peers[isReply ? 1 : 0]);
}

function noteIgnored(
  { last, state }: LinuxTcp,
  segment: TcpSegment,
  kind: SegmentKind,
  isReply: boolean,
): void {
  last.kind = kind;
  last.isReply = isReply;
  last.sequence = segment.sequence;
  last.end = endOf(segment);
  last.window = segment.window;
  if (kind === "syn" && !isReply) {
    last.scale = segment.scale;
    last.expectsChallenge = state === LINUX_STATE.lastAck;
  }
  if (state === LINUX_STATE.synSent && kind === "ack" && isReply)
    last.acknowledgement = segment.acknowledgement;
}

/** What a reset makes of the connection; `null`: it is not believed at all. */
function judgeReset(
  tcp: LinuxTcp,
  { sequence, acknowledgement }: TcpSegment,
  isReply: boolean,
  { hasReply, isAssured }: LinuxHistory,
): { readonly state: number; readonly checksWindow: boolean } | null {
  const { last } = tcp;
  const closed = { state: LINUX_STATE.close, checksWindow: true };
  if (CLOSING_STATES.has(tcp.state)) return { ...closed, checksWindow: false };
  const isUp = tcp.state === LINUX_STATE.established && isAssured;
  const expected = tcp.peers[isReply ? 0 : 1].ackMax;
  let state: number = LINUX_STATE.close;
  if (expected !== null && last.kind !== "syn") {
    if (sequence === 0 && !isUp) return closed;
    if (before(sequence, expected)) return null;
    const followsData = last.kind === "ack" && last.isReply === isReply && sequence === last.end;
    if (!isUp || sequence === expected || followsData) return closed;
    // Not the number expected: the other end may challenge it (RFC 5961), so the connection stays.
    state = tcp.state;
  }
  const answersIgnored =
    ((hasReply && last.kind === "syn") || (!isAssured && last.kind === "ack")) &&
    acknowledgement === last.end;
  const answersChallenge =
    tcp.state === LINUX_STATE.synSent &&
    last.kind === "ack" &&
    last.isReply &&
    sequence === last.acknowledgement;
  return { state, checksWindow: !answersIgnored && !answersChallenge };
}
