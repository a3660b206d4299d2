import type { TcpSegment } from "./tcp.ts";

/** What Linux keeps of a TCP connection, and the first segment of one. */

export const FLAG = { fin: 0x01, syn: 0x02, rst: 0x04, ack: 0x10, urg: 0x20 } as const;

/** RFC 7323 section 2.3: a shift above 14 counts as 14. */
const SCALE_MAX = 14;

export type SegmentKind = "syn" | "synAck" | "fin" | "ack" | "rst" | "none";

export interface LinuxPeer {
  /** End of what it has sent. */
  end: number;
  /** End of what it may send. */
  endMax: number;
  /** Largest window it has offered; 0: it has not spoken. */
  window: number;
  /** Highest acknowledgement that it has sent. */
  ackMax: number | null;
  scale: number;
  isScaling: boolean;
  /** The handshake was not seen: its window is not enforced. */
  isLiberal: boolean;
  /** It closed first. */
  closes: boolean;
  hasUnacknowledged: boolean;
}

/** One TCP connection: one state for both ends. */
export interface LinuxTcp {
  state: number;
  readonly peers: readonly [LinuxPeer, LinuxPeer];
  readonly last: LinuxLast;
  retransmissions: number;
  isSimultaneous: boolean;
}

/** The segment before this one. */
export interface LinuxLast {
  kind: SegmentKind;
  isReply: boolean;
  sequence: number;
  acknowledgement: number;
  end: number;
  window: number;
  /** Of a SYN that was let through unseen; -1: it had none. */
  scale: number;
  expectsChallenge: boolean;
}

/** A connection with its first segment, which `updateLinux` has yet to see. `isLiberal`: picked up in mid-stream. */
export function beginLinux(segment: TcpSegment): LinuxTcp {
  const isLiberal = (segment.flags & FLAG.syn) === 0;
  const end = endOf(segment);
  const window = Math.max(segment.window, 1);
  const sender = emptyPeer(isLiberal);
  sender.end = end;
  sender.endMax = isLiberal ? (end + window) | 0 : end;
  sender.window = window;
  if (!isLiberal) readScale(sender, segment);
  return {
    state: 0,
    peers: [sender, emptyPeer(isLiberal)],
    last: {
      kind: "none",
      isReply: false,
      sequence: 0,
      acknowledgement: 0,
      end: 0,
      window: 0,
      scale: -1,
      expectsChallenge: false,
    },
    retransmissions: 0,
    isSimultaneous: false,
  };
}

function emptyPeer(isLiberal: boolean): LinuxPeer {
  return {
    end: 0,
    endMax: 0,
    window: 0,
    ackMax: null,
    scale: 0,
    isScaling: false,
    isLiberal,
    closes: false,
    hasUnacknowledged: false,
  };
}

/** As if it had not spoken yet. */
export function forget(peer: LinuxPeer): void {
  Object.assign(peer, emptyPeer(peer.isLiberal));
}

export function readScale(peer: LinuxPeer, { scale }: Pick<TcpSegment, "scale">): void {
  peer.scale = scale < 0 ? 0 : Math.min(scale, SCALE_MAX);
  peer.isScaling = scale >= 0;
}

/** Sequence number behind the segment. */
export function endOf({ sequence, payloadBytes, flags }: TcpSegment): number {
  return (sequence + payloadBytes + (flags & FLAG.syn ? 1 : 0) + (flags & FLAG.fin ? 1 : 0)) | 0;
}

/** Whether `a` lies before `b` in sequence space (RFC 9293 section 3.4). */
export function before(a: number, b: number): boolean {
  return ((a - b) | 0) < 0;
}
