/** What is wrong in a capture that can be read nevertheless. */
export type CaptureEventKind =
  /** The file ends within a packet or block; all before it was delivered. */
  | "cut-short"
  /** A pcapng block of a type that is not known here; it was skipped. */
  | "unknown-block"
  /** A pcapng packet refers to an interface that no block describes; it was skipped. */
  | "unknown-interface"
  /** The fields of a pcapng block do not fit into it; it was skipped. */
  | "malformed-block";

export interface CaptureEvent {
  readonly kind: CaptureEventKind;
  /** File, packet number and offset. */
  readonly where: string;
  readonly detail: string;
}
