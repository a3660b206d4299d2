import { FIN, type Segment } from "./segment.ts";
import { TCP } from "./tcp-parameters.ts";

const NEVER = Number.POSITIVE_INFINITY;

/** When to acknowledge what came: at once, with the second segment, or after a while (RFC 5681, 4.2). */
export class Acknowledgement {
  /** Segments that wait for it; -1: at once. */
  #waiting = 0;
  #deadlineNs = NEVER;
  #challengeNs = 0;

  /** When the delay of an acknowledgement ends. */
  get deadlineNs(): number {
    return this.#deadlineNs;
  }

  /** A segment came in order. */
  segment(): void {
    if (this.#waiting >= 0) this.#waiting++;
  }

  /** A gap, its end, the end of the stream: the peer must hear of it without delay. */
  atOnce(): void {
    this.#waiting = -1;
  }

  /** Some segment has carried the acknowledgement. */
  sent(): void {
    this.#waiting = 0;
    this.#deadlineNs = NEVER;
  }

  /** Whether to send one now; otherwise the delay begins. */
  due(nowNs: number): boolean {
    if (this.#waiting < 0 || this.#waiting >= 2) return true;
    if (this.#waiting === 1 && this.#deadlineNs === NEVER) {
      this.#deadlineNs = nowNs + TCP.delayedAckNs;
    }
    return false;
  }

  /**
   * Whether to tell a peer that its segment does not fit where the connection is. Without data at most one in a while:
   * two sides that disagree would answer each other for ever.
   */
  challenges(segment: Segment, nowNs: number): boolean {
    if (segment.payload.length > 0 || (segment.flags & FIN) !== 0) return true;
    if (nowNs < this.#challengeNs) return false;
    this.#challengeNs = nowNs + TCP.challengeGapNs;
    return true;
  }
}
