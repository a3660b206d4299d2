/**
 * The TCP state machine of connection tracking, pure: a connection's two ends and the numbers of one segment go in,
 * the verdict and the changed ends come out. It follows "Real Stateful TCP Packet Filtering in IP Filter"
 * (G. van Rooij, 2000), the method of pf and of Open vSwitch's user-space datapath; the states and their order are
 * those that `dpctl/dump-conntrack` prints.
 */

/** In the order of a connection's life; comparisons use the order. */
export const TCP_STATE = {
  closed: 0,
  listen: 1,
  synSent: 2,
  synReceived: 3,
  established: 4,
  closeWait: 5,
  finWait1: 6,
  closing: 7,
  lastAck: 8,
  finWait2: 9,
  timeWait: 10,
} as const;

export const TCP_STATE_NAMES = [
  "CLOSED",
  "LISTEN",
  "SYN_SENT",
  "SYN_RECV",
  "ESTABLISHED",
  "CLOSE_WAIT",
  "FIN_WAIT_1",
  "CLOSING",
  "LAST_ACK",
  "FIN_WAIT_2",
  "TIME_WAIT",
] as const;

const FIN = 0x01;
const SYN = 0x02;
const RST = 0x04;
const PSH = 0x08;
const ACK = 0x10;
const URG = 0x20;

/** RFC 7323 section 2.3: a shift above 14 counts as 14. */
const SCALE_MAX = 14;
/** What `TcpPeer.scale` holds besides the shift. */
export const SCALE = {
  /** The option was in the SYN. */
  given: 0x80,
  /** The handshake was not seen, so the scale is not known. */
  unknown: 0x40,
  bits: 0x0f,
} as const;

/** How far an acknowledgement may be off: the largest unscaled window and a segment. */
const ACK_WINDOW = 0xffff + 1500;

export interface TcpPeer {
  /** End of what it has sent. */
  low: number;
  /** End of what it may send: what the other end acknowledged, plus that end's window. */
  high: number;
  /** Largest window it has offered, before scaling. */
  window: number;
  /** Window scale, with flags: see `SCALE`. */
  scale: number;
  state: number;
}

/** What the state machine needs to know of a segment. Sequence numbers are 32-bit words of either sign. */
export interface TcpSegment {
  flags: number;
  sequence: number;
  acknowledgement: number;
  window: number;
  payloadBytes: number;
  /** The window scale option's value, -1 without one. Only read where `flags` has SYN. */
  scale: number;
}

/** `loose`: established, too, but the time-out is left as it is, so that a flood cannot keep a connection alive. */
export type TcpVerdict = "established" | "loose" | "new" | "invalid" | "replace";

/** Signed distance from `b` to `a` in sequence space (RFC 9293 section 3.4). */
function distance(a: number, b: number): number {
  return (a - b) | 0;
}

function impossible(flags: number): boolean {
  if (flags & SYN) {
    if (flags & (RST | FIN)) return true;
  } else if (!(flags & (ACK | RST))) return true;
  return !(flags & ACK) && (flags & (FIN | PSH | URG)) !== 0;
}

/** Whether a connection may begin with this segment: a SYN, or one from the middle of a stream, but no SYN+ACK. */
export function mayBegin(flags: number): boolean {
  return !impossible(flags) && (flags & (SYN | ACK)) !== (SYN | ACK);
}

function offeredScale(segment: TcpSegment): number {
  return segment.scale < 0 ? 0 : Math.min(segment.scale, SCALE_MAX) | SCALE.given;
}

/** The window in units of the sender's scale, rounded up. */
function unscale(window: number, scale: number): number {
  return Math.ceil(window / (1 << (scale & SCALE.bits)));
}

/** The two ends, sender first, after the first segment of a connection. */
export function beginTcp(segment: TcpSegment): [TcpPeer, TcpPeer] {
  const syn = (segment.flags & SYN) !== 0;
  const scale = syn ? offeredScale(segment) : SCALE.unknown;
  let high = segment.sequence + segment.payloadBytes + 1;
  if (syn) high++;
  if (segment.flags & FIN) high++;
  const sender: TcpPeer = {
    low: segment.sequence,
    high: high | 0,
    window: unscale(Math.max(segment.window, 1), scale),
    scale,
    state: TCP_STATE.synSent,
  };
  const receiver: TcpPeer = {
    low: 0,
    high: 1,
    window: 1,
    scale: syn ? 0 : SCALE.unknown,
    state: TCP_STATE.closed,
  };
  return [sender, receiver];
}

/**
 * A further segment, sent by `from` to `to`; both are changed in place. `liberal`: windows are not enforced.
 * `replace`: the connection was over, and this SYN begins another one on the same tuple.
 */
export function updateTcp(
  from: TcpPeer,
  to: TcpPeer,
  segment: TcpSegment,
  liberal: boolean,
): TcpVerdict {
  const { flags } = segment;
  if (impossible(flags)) return "invalid";
  if ((flags & (SYN | ACK)) === SYN) {
    if (from.state >= TCP_STATE.finWait2 && to.state >= TCP_STATE.finWait2) {
      from.state = TCP_STATE.closed;
      to.state = TCP_STATE.closed;
      return "replace";
    }
    if (from.state <= TCP_STATE.synSent) {
      from.state = TCP_STATE.synSent;
      return "new";
    }
  }

  let fromScale = 0;
  let toScale = 0;
  if (!(flags & SYN)) {
    if (from.scale & SCALE.given && to.scale & SCALE.given) {
      fromScale = from.scale & SCALE.bits;
      toScale = to.scale & SCALE.bits;
    } else if (from.scale & SCALE.unknown && to.scale & SCALE.unknown) {
      fromScale = SCALE_MAX;
      toScale = SCALE_MAX;
    }
  }

  let { window } = segment;
  let sequence = segment.sequence;
  let end = sequence + segment.payloadBytes;
  if (flags & SYN) end++;
  if (flags & FIN) end++;
  end |= 0;
  let checkAck = true;

  if (from.state < TCP_STATE.synSent) {
    // The first segment of this end.
    if (flags & SYN && to.scale & SCALE.given) {
      from.scale = offeredScale(segment);
      if (from.scale & SCALE.given) {
        // The window in a SYN is not scaled (RFC 7323 section 2.2).
        fromScale = from.scale & SCALE.bits;
        window = unscale(window, fromScale);
        toScale = to.scale & SCALE.bits;
      } else {
        // One end does not scale, so neither does.
        to.window = (to.window << (to.scale & SCALE.bits)) & 0xffff;
        to.scale = 0;
      }
    }
    from.low = sequence;
    from.state = TCP_STATE.synSent;
    const high = (end + Math.max(1, to.window << toScale)) | 0;
    if (from.high === 1 || distance(high, from.high) >= 0) {
      from.high = high;
      checkAck = false;
    }
    if (window > from.window) from.window = window;
  }

  const noAck =
    !(flags & ACK) || (segment.acknowledgement === 0 && (flags & (ACK | RST)) === (ACK | RST));
  const acknowledgement = noAck ? to.low : segment.acknowledgement;
  if (sequence === end) {
    // A segment without data says nothing about the sequence.
    sequence = from.low;
    end = sequence;
  }

  const skew = checkAck ? distance(to.low, acknowledgement) : 0;
  const resetFits = !(flags & RST) || Math.abs(distance(segment.sequence, from.low)) <= 1;
  const inWindow =
    distance(from.high, end) >= 0 &&
    distance(sequence, from.low - (to.window << toScale)) >= 0 &&
    skew >= -ACK_WINDOW &&
    skew <= ACK_WINDOW << fromScale &&
    resetFits;

  if (inWindow || liberal) {
    slide(from, to, window, end, acknowledgement, fromScale);
    if (flags & SYN && from.state < TCP_STATE.synSent) from.state = TCP_STATE.synSent;
    if (flags & FIN && from.state < TCP_STATE.closing) from.state = TCP_STATE.closing;
    if (flags & ACK) {
      if (to.state === TCP_STATE.synSent) to.state = TCP_STATE.established;
      else if (to.state === TCP_STATE.closing) to.state = TCP_STATE.finWait2;
    }
    if (flags & RST) {
      from.state = TCP_STATE.timeWait;
      to.state = TCP_STATE.timeWait;
    }
    return "established";
  }

  // Before the other end has spoken and after the close, a segment may be a window off in either direction.
  const loose =
    to.state < TCP_STATE.synSent ||
    to.state >= TCP_STATE.finWait2 ||
    from.state >= TCP_STATE.finWait2;
  if (
    loose &&
    distance(from.high + ACK_WINDOW, end) >= 0 &&
    distance(sequence, from.low - ACK_WINDOW) >= 0
  ) {
    slide(from, to, window, end, acknowledgement, fromScale);
    if (flags & FIN && from.state < TCP_STATE.closing) from.state = TCP_STATE.closing;
    if (flags & RST) {
      from.state = TCP_STATE.timeWait;
      to.state = TCP_STATE.timeWait;
    }
    return "loose";
  }
  return "invalid";
}

function slide(
  from: TcpPeer,
  to: TcpPeer,
  window: number,
  end: number,
  acknowledgement: number,
  fromScale: number,
): void {
  if (from.window < window) from.window = window;
  if (distance(end, from.low) > 0) from.low = end;
  const high = acknowledgement + (window << fromScale);
  if (distance(high, to.high) >= 0) {
    to.high = (acknowledgement + Math.max(window << fromScale, 1)) | 0;
  }
}

export type TcpPhase = "opening" | "established" | "closing" | "finWait" | "closed";

/** Which time-out holds for a connection with these two ends. */
export function tcpPhase(a: TcpPeer, b: TcpPeer): TcpPhase {
  const lowest = Math.min(a.state, b.state);
  if (lowest >= TCP_STATE.finWait2) return "closed";
  if (lowest >= TCP_STATE.closing) return "finWait";
  if (lowest < TCP_STATE.established) return "opening";
  return Math.max(a.state, b.state) >= TCP_STATE.closing ? "closing" : "established";
}
