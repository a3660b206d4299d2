import { TCP_FLAG } from "../../src/wire/tcp.ts";

export const { fin: FIN, syn: SYN, rst: RST, psh: PSH, ack: ACK } = TCP_FLAG;

export const NOTHING = new Uint8Array(0);

/** A TCP segment without its ports. Sequence numbers are unsigned 32-bit. */
export interface Segment {
  readonly sequence: number;
  /** Means something only with ACK. */
  readonly acknowledgement: number;
  readonly flags: number;
  readonly window: number;
  /** The option of a SYN; null: not there. */
  readonly mss: number | null;
  readonly payload: Uint8Array;
}

/** Octets of sequence space that a segment takes. */
export function sequenceLength(segment: Segment): number {
  const { flags, payload } = segment;
  return payload.length + ((flags & SYN) !== 0 ? 1 : 0) + ((flags & FIN) !== 0 ? 1 : 0);
}

/** The reset that answers a segment for which there is no connection (RFC 9293, 3.10.7.1); null for a reset. */
export function resetFor(segment: Segment): Segment | null {
  if ((segment.flags & RST) !== 0) return null;
  const base = { window: 0, mss: null, payload: NOTHING };
  if ((segment.flags & ACK) !== 0) {
    return { ...base, sequence: segment.acknowledgement, acknowledgement: 0, flags: RST };
  }
  const acknowledgement = (segment.sequence + sequenceLength(segment)) >>> 0;
  return { ...base, sequence: 0, acknowledgement, flags: RST | ACK };
}
