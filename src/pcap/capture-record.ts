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
   * A view on the piece of the file that the packet came in. It stays as it is if the source leaves its pieces alone,
   * but it holds the whole piece: copy (`slice()`) what is kept for long.
   */
  readonly bytes: Uint8Array;
  /** Length on the wire; more than `bytes.length` where the capture cut the packet. */
  readonly originalLength: number;
  /** What the bytes begin with: a LINKTYPE number. */
  readonly linkType: number;
  /** The interface, numbered from 0 through the whole file. */
  readonly port: number;

  constructor(
    seconds: number,
    nanoseconds: number,
    bytes: Uint8Array,
    originalLength: number,
    linkType: number,
    port: number,
  ) {
    this.seconds = seconds;
    this.nanoseconds = nanoseconds;
    this.bytes = bytes;
    this.originalLength = originalLength;
    this.linkType = linkType;
    this.port = port;
  }

  get timeNs(): bigint {
    return BigInt(this.seconds) * 1_000_000_000n + BigInt(this.nanoseconds);
  }
}
