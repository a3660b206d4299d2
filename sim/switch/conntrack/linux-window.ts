import {
  before,
  endOf,
  FLAG,
  type LinuxPeer,
  type LinuxTcp,
  readScale,
  type SegmentKind,
} from "./linux-connection.ts";
import { LINUX_STATE } from "./linux-states.ts";
import type { TcpSegment } from "./tcp.ts";

/** How far an acknowledgement may lag behind, unless the window is larger. */
const ACK_WINDOW_MIN = 66_000;

/**
 * Whether a segment lies in the window, as Linux' nf_conntrack sees it; if so, both ends are moved on. `ignore`: it is
 * let through, and the ends stay.
 */
export function inLinuxWindow(
  tcp: LinuxTcp,
  segment: TcpSegment,
  kind: SegmentKind,
  isReply: boolean,
  liberal: boolean,
): "accept" | "ignore" | "invalid" {
  const sender = tcp.peers[isReply ? 1 : 0];
  const receiver = tcp.peers[isReply ? 0 : 1];
  const { flags } = segment;
  const opens = (flags & FLAG.syn) !== 0;
  const isAlone = opens && (flags & FLAG.ack) === 0;
  let { sequence, window } = segment;
  let end = endOf(segment);
  if (sender.window === 0) {
    if (opens) {
      openSender(sender, receiver, segment, isReply);
      if (isAlone) return "accept";
    } else pickUpSender(sender, receiver, segment);
  } else if (opens && before(sender.end, end) && isOpening(tcp)) {
    // Another try, with another number (RFC 9293 section 3.4).
    openSender(sender, receiver, segment, isReply);
    if (isReply && isAlone) return "accept";
  }
  const hasNoAck =
    (flags & FLAG.ack) === 0 || ((flags & FLAG.rst) !== 0 && segment.acknowledgement === 0);
  const acknowledgement = hasNoAck ? receiver.end : segment.acknowledgement;
  if ((flags & FLAG.rst) !== 0 && sequence === 0 && tcp.state === LINUX_STATE.synSent) {
    // A reset that answers a SYN.
    sequence = sender.end;
    end = sender.end;
  }

  const isAckNew = before(
    receiver.end - Math.max(sender.window, ACK_WINDOW_MIN) - 1,
    acknowledgement,
  );
  const isAckSent = before(acknowledgement, receiver.end + 1);
  const isRecent = before(sender.end - receiver.window - 1, end);
  const refuse = (verdict: "ignore" | "invalid") =>
    liberal || sender.isLiberal ? "accept" : verdict;
  if (!before(sequence, sender.endMax + 1)) {
    const overshot = (end - sender.endMax + 1) >>> 0;
    if (receiver.window > 0 && isRecent && isAckNew && isAckSent && overshot <= receiver.window) {
      // It sends more than it may. The other end may take it all the same, and then acknowledges it.
      sender.end = end;
      sender.hasUnacknowledged = true;
      return refuse("ignore");
    }
    return refuse("invalid");
  }
  if (!isAckSent) return refuse("invalid");
  if (receiver.window > 0 && !isRecent) return refuse("ignore");
  if (!isAckNew) return refuse("ignore");

  if (!opens) window <<= sender.scale;
  if (sender.window < window) sender.window = window;
  if (before(sender.end, end)) {
    sender.end = end;
    sender.hasUnacknowledged = true;
  }
  if (
    (flags & FLAG.ack) !== 0 &&
    (sender.ackMax === null || before(sender.ackMax, acknowledgement))
  )
    sender.ackMax = acknowledgement;
  if (receiver.window !== 0 && before(sender.endMax, end)) receiver.window += end - sender.endMax;
  if (!before(acknowledgement + window, receiver.endMax))
    receiver.endMax = (acknowledgement + Math.max(window, 1)) | 0;
  if (acknowledgement === receiver.end) receiver.hasUnacknowledged = false;
  if (kind === "ack") countRetransmissions(tcp, segment, isReply, sequence, acknowledgement, end);
  return "accept";
}

function isOpening({ state }: LinuxTcp): boolean {
  return state === LINUX_STATE.synSent || state === LINUX_STATE.synReceived;
}

/** A SYN says all that there is to know of its sender. */
function openSender(
  sender: LinuxPeer,
  receiver: LinuxPeer,
  segment: TcpSegment,
  isReply: boolean,
): void {
  sender.end = endOf(segment);
  sender.endMax = sender.end;
  sender.window = Math.max(segment.window, 1);
  readScale(sender, segment);
  if (isReply && !(sender.isScaling && receiver.isScaling)) {
    // Both ends scale, or none does (RFC 7323 section 2.2).
    sender.scale = 0;
    receiver.scale = 0;
  }
}

/** The first segment of an end whose SYN was not seen. */
function pickUpSender(sender: LinuxPeer, receiver: LinuxPeer, segment: TcpSegment): void {
  sender.end = endOf(segment);
  sender.window = Math.max(segment.window << sender.scale, 1);
  sender.endMax = (sender.end + sender.window) | 0;
  if (receiver.window === 0) {
    receiver.end = segment.acknowledgement;
    receiver.endMax = segment.acknowledgement;
  } else if (segment.acknowledgement === ((receiver.end + 1) | 0)) {
    // It answers a keep-alive.
    receiver.end = (receiver.end + 1) | 0;
  }
}

function countRetransmissions(
  tcp: LinuxTcp,
  { window }: TcpSegment,
  isReply: boolean,
  sequence: number,
  acknowledgement: number,
  end: number,
): void {
  const { last } = tcp;
  if (
    last.isReply === isReply &&
    last.sequence === sequence &&
    last.acknowledgement === acknowledgement &&
    last.end === end &&
    last.window === window
  ) {
    tcp.retransmissions++;
    return;
  }
  Object.assign(last, { isReply, sequence, acknowledgement, end, window });
  tcp.retransmissions = 0;
}
