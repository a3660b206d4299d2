import { FLOW_LIMITS } from "../base/limits.ts";
import type { Stream } from "./stream.ts";

/**
 * Where a stream without SYN begins: with what is held first. But where the peer first acknowledged less, and later, with
 * more data of its own, some of what is between, that was sent in the meantime and is not in the capture.
 */
export function beginOf(stream: Stream, peer: Stream): number | null {
  const first = stream.held[0];
  if (first === undefined) return null;
  const earliest = peer.held[0];
  if (earliest?.hasAcknowledgement !== true) return first.sequence;
  const from = earliest.acknowledgement;
  const missing = (first.sequence - from) | 0;
  if (missing <= 0 || missing >= FLOW_LIMITS.aheadBytesMax) return first.sequence;
  const isMissed = peer.held.some(
    ({ hasAcknowledgement, acknowledgement }) =>
      hasAcknowledgement &&
      ((acknowledgement - from) | 0) > 0 &&
      ((first.sequence - acknowledgement) | 0) >= 0,
  );
  return isMissed ? from : first.sequence;
}

/** Whether a SYN+ACK can tell that what is held of a stream begins at `next`, and that of its peer at `acknowledgement`. */
export function canBeginAt(
  stream: Stream,
  peer: Stream,
  next: number,
  acknowledgement: number,
): boolean {
  const first = stream.held[0];
  if (stream.isAnchored || first === undefined) return true;
  const distance = (first.sequence - next) | 0;
  if (distance >= 0 && distance < FLOW_LIMITS.aheadBytesMax) return true;
  return !peer.isAnchored || Math.abs(peer.ahead(acknowledgement)) < FLOW_LIMITS.aheadBytesMax;
}
