import type { Frame } from "../wire/frame.ts";

/**
 * A packet as a capture file has it. Its time is kept as two numbers: a bigint for each packet would cost more than
 * reading it.
 */
export class CaptureRecord implements Frame {
  /** Seconds since the Unix epoch, and nanoseconds within the second. */
  readonly seconds: number;
  readonly nanoseconds: number;
  /**
   * The piece of the file that the packet came in; the packet is `piece[start, end)`. It stays as it is for as long as
   * it is held. A view for each packet would cost a quarter of the time that it takes to find its transactions.
   */
  readonly piece: Uint8Array;
  readonly start: number;
  readonly end: number;
  /** Length on the wire; more than `end - start` where the capture cut the packet. */
  readonly originalLength: number;
  /** What the bytes begin with: a LINKTYPE number. */
  readonly linkType: number;
  /** The interface, numbered from 0 through the whole file. */
  readonly port: number;

  constructor(
    seconds: number,
    nanoseconds: number,
    piece: Uint8Array,
    start: number,
    end: number,
    originalLength: number,
    linkType: number,
    port: number,
  ) {
    this.seconds = seconds;
    this.nanoseconds = nanoseconds;
    this.piece = piece;
    this.start = start;
    this.end = end;
    this.originalLength = originalLength;
    this.linkType = linkType;
    this.port = port;
  }

  /** A new view on the piece, which holds the whole of it: copy (`slice()`) what is kept for long. */
  get bytes(): Uint8Array {
    return this.piece.subarray(this.start, this.end);
  }

  get timeNs(): bigint {
    return BigInt(this.seconds) * 1_000_000_000n + BigInt(this.nanoseconds);
  }
}
