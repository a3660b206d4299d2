/** What a link does to frames, the same in both directions. Probabilities are per frame, from 0 to 1. */
export interface LinkOptions {
  /** Propagation. */
  readonly delayMs?: number;
  /** Added to the delay, uniform from 0 to this. Frames do not overtake each other by it. */
  readonly jitterMs?: number;
  /** Bits per second, counting the frame without preamble and gap. Absent: no limit. */
  readonly bandwidthBps?: number;
  /** Frames that wait for the line; what comes when it is full is lost. Only with `bandwidthBps`. */
  readonly queueFramesMax?: number;
  readonly loss?: number;
  readonly duplication?: number;
  /** Hold a frame back so that later ones overtake it. */
  readonly reordering?: number;
  /** The longest time that a frame is held back. */
  readonly reorderingMsMax?: number;
}

/** What happened on one direction of a link, in frames. */
export interface LinkCounts {
  sent: number;
  delivered: number;
  lost: number;
  duplicated: number;
  reordered: number;
  /** Did not fit into the queue before a slow line. */
  overflowed: number;
  /** Sent or in flight when the link was cut. */
  cut: number;
}

export function noCounts(): LinkCounts {
  return { sent: 0, delivered: 0, lost: 0, duplicated: 0, reordered: 0, overflowed: 0, cut: 0 };
}
