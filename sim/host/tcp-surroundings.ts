import type { Segment } from "./segment.ts";

/** States of RFC 9293, 3.3.2; LISTEN belongs to the host. */
export type TcpState =
  | "syn-sent"
  | "syn-received"
  | "established"
  | "fin-wait-1"
  | "fin-wait-2"
  | "close-wait"
  | "closing"
  | "last-ack"
  | "time-wait"
  | "closed";

/** What a connection needs from its host. */
export interface TcpSurroundings {
  /** Nanoseconds. */
  readonly nowNumber: number;
  send(segment: Segment): void;
  /** The state, what can be read, or what can be written has changed. The last thing that happens in a call. */
  changed(): void;
  /** The connection wants to be asked at its `deadlineNs`, which has become earlier, or is gone. */
  reschedule(): void;
}
