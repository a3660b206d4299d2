/** A packet as it was on a link. The bytes are never changed in place; views on them are made on demand. */
export interface Frame {
  /** Nanoseconds since the Unix epoch (captures) or since the start of virtual time (simulator). */
  readonly timeNs: bigint;
  /** From the link-layer header on, without frame check sequence. */
  readonly bytes: Uint8Array;
  /** The port (switch) or the interface (capture) it belongs to. */
  readonly port?: number;
}
