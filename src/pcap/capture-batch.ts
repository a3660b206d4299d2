import { PCAP_LIMITS } from "../base/limits.ts";
import { NO_BYTES } from "../wire/bytes.ts";
import { CaptureRecord } from "./capture-record.ts";

/** A packet's time, made a bigint only when somebody asks. */
class PacketTime {
  seconds = 0;
  nanoseconds = 0;
  /** The whole second that was asked for last: packets of the same one follow. */
  #second = 0;
  #secondNs = 0n;

  get timeNs(): bigint {
    if (this.seconds !== this.#second) {
      this.#second = this.seconds;
      this.#secondNs = BigInt(this.seconds) * 1_000_000_000n;
    }
    return this.#secondNs + BigInt(this.nanoseconds);
  }
}

/**
 * Packets that came in one piece of the file, in the file's order: column by column, for an object for each packet would
 * keep the garbage collector busy. Used again for the next packets as soon as those are asked for; the records that
 * iteration gives stay as they are.
 */
export class CaptureBatch implements Iterable<CaptureRecord> {
  /** Where the packets are: number `i` is `piece[starts[i], ends[i])`, until the next batch is asked for. */
  piece: Uint8Array = NO_BYTES;
  length = 0;
  readonly starts = new Int32Array(PCAP_LIMITS.batchRecordsMax);
  readonly ends = new Int32Array(PCAP_LIMITS.batchRecordsMax);
  /** Lengths on the wire. */
  readonly originalLengths = new Uint32Array(PCAP_LIMITS.batchRecordsMax);
  /** LINKTYPE numbers. */
  readonly linkTypes = new Int32Array(PCAP_LIMITS.batchRecordsMax);
  readonly #ports = new Uint32Array(PCAP_LIMITS.batchRecordsMax);
  readonly #seconds = new Float64Array(PCAP_LIMITS.batchRecordsMax);
  readonly #nanoseconds = new Float64Array(PCAP_LIMITS.batchRecordsMax);
  readonly #time = new PacketTime();

  get isFull(): boolean {
    return this.length === PCAP_LIMITS.batchRecordsMax;
  }

  /** Forget the packets; the next ones are in `piece`. */
  begin(piece: Uint8Array): void {
    this.piece = piece;
    this.length = 0;
  }

  /** For the decoders; the batch must not be full. */
  add(
    seconds: number,
    nanoseconds: number,
    start: number,
    end: number,
    originalLength: number,
    linkType: number,
    port: number,
  ): void {
    const i = this.length++;
    this.#seconds[i] = seconds;
    this.#nanoseconds[i] = nanoseconds;
    this.starts[i] = start;
    this.ends[i] = end;
    this.originalLengths[i] = originalLength;
    this.linkTypes[i] = linkType;
    this.#ports[i] = port;
  }

  /** The time of packet `i`: always the same object, right until the next call. */
  timeOf(i: number): { readonly timeNs: bigint } {
    const time = this.#time;
    time.seconds = this.#seconds[i]!;
    time.nanoseconds = this.#nanoseconds[i]!;
    return time;
  }

  *[Symbol.iterator](): Generator<CaptureRecord, void, undefined> {
    for (let i = 0; i < this.length; i++) {
      yield new CaptureRecord(
        this.#seconds[i]!,
        this.#nanoseconds[i]!,
        this.piece.subarray(this.starts[i]!, this.ends[i]!),
        this.originalLengths[i]!,
        this.linkTypes[i]!,
        this.#ports[i]!,
      );
    }
  }
}
