import { TCP_FLAG } from "../wire/tcp.ts";

export const { fin: FIN, syn: SYN, rst: RST, psh: PSH, ack: ACK } = TCP_FLAG;

/** A TCP segment, without its ports. */
export interface Segment {
  readonly sequence: number;
  readonly acknowledgement: number;
  readonly flags: number;
  /** As it stands in the header: nobody here offers window scaling. */
  readonly window: number;
  /** Maximum segment size, where a SYN carries it. */
  readonly mss?: number;
  readonly payload: Uint8Array;
}
