import { PCAP_LIMITS } from "../base/limits.ts";
import type { Frame } from "../wire/frame.ts";
import { setField32, setFields16 } from "./byte-order.ts";
import { LINKTYPE_ETHERNET } from "./link-types.ts";
import { PieceBuffer, type Sink } from "./piece-buffer.ts";

const NS_PER_S = 1_000_000_000n;
const FILE_HEADER_BYTES = 24;
const RECORD_HEADER_BYTES = 16;
const SNAP_LENGTH = 262_144;

/**
 * Writes classic pcap with nanoseconds, little endian whatever the machine: the same packets give the same bytes.
 * The file's bytes go to the sink in pieces; `end` sends the last one.
 */
export class PcapWriter {
  readonly #buffer: PieceBuffer;
  /** Packets written. */
  packets = 0;

  constructor(sink: Sink, linkType: number = LINKTYPE_ETHERNET) {
    this.#buffer = new PieceBuffer(sink);
    this.#buffer.add(FILE_HEADER_BYTES, (bytes, at) => {
      setField32(bytes, at, 0xa1b23c4d);
      setFields16(bytes, at + 4, 2, 4);
      setField32(bytes, at + 16, SNAP_LENGTH);
      setField32(bytes, at + 20, linkType);
    });
  }

  /**
   * @param originalLength the length on the wire, where the frame was cut.
   * Throws RangeError for a time before 1970 or after 2106, and for a frame longer than what is read again.
   */
  write(frame: Frame, originalLength: number = frame.bytes.length): void {
    const { timeNs, bytes: packet } = frame;
    const seconds = timeNs / NS_PER_S;
    if (timeNs < 0n || seconds > 0xffffffffn) {
      throw new RangeError(`${timeNs} ns is no time that pcap can hold`);
    }
    checkPacketLength(packet.length);
    this.#buffer.add(RECORD_HEADER_BYTES + packet.length, (bytes, at) => {
      setField32(bytes, at, Number(seconds));
      setField32(bytes, at + 4, Number(timeNs % NS_PER_S));
      setField32(bytes, at + 8, packet.length);
      setField32(bytes, at + 12, originalLength);
      bytes.set(packet, at + RECORD_HEADER_BYTES);
    });
    this.packets++;
  }

  end(): void {
    this.#buffer.flush();
  }
}

export function checkPacketLength(length: number): void {
  if (length <= PCAP_LIMITS.packetBytesMax) return;
  throw new RangeError(`a packet of ${length} bytes: at most ${PCAP_LIMITS.packetBytesMax}`);
}
