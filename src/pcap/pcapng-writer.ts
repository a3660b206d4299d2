import type { Frame } from "../wire/frame.ts";
import { setField32, setFields16 } from "./byte-order.ts";
import { LINKTYPE_ETHERNET } from "./link-types.ts";
import { BLOCK_FRAME_BYTES, BLOCK_TYPE, BYTE_ORDER_MAGIC, OPTION } from "./pcapng-block.ts";
import { PieceBuffer, type Sink } from "./piece-buffer.ts";
import { checkPacketLength } from "./writer.ts";

export interface InterfaceDescription {
  /** Shown by Wireshark in the column of the interface. */
  readonly name?: string;
  /** A LINKTYPE number; Ethernet without it. */
  readonly linkType?: number;
}

export interface PacketNotes {
  /** The length on the wire, where the frame was cut. */
  readonly originalLength?: number;
  /** Shown by Wireshark above the packet. */
  readonly comment?: string;
}

const NANOSECONDS = 9;
/** Section length not told. */
const UNKNOWN = 0xffffffff;

/**
 * Writes pcapng with nanoseconds, little endian whatever the machine: the same packets give the same bytes. One
 * section; `Frame.port` says which of the interfaces a frame belongs to (0 without it). `end` sends the last piece.
 */
export class PcapngWriter {
  readonly #buffer: PieceBuffer;
  readonly #interfaceCount: number;
  /** Packets written. */
  packets = 0;

  constructor(sink: Sink, interfaces: readonly InterfaceDescription[] = [{}]) {
    this.#buffer = new PieceBuffer(sink);
    this.#interfaceCount = interfaces.length;
    this.#block(BLOCK_TYPE.sectionHeader, 16, (bytes, at) => {
      setField32(bytes, at, BYTE_ORDER_MAGIC);
      setFields16(bytes, at + 4, 1, 0);
      setField32(bytes, at + 8, UNKNOWN);
      setField32(bytes, at + 12, UNKNOWN);
    });
    for (const description of interfaces) this.#describe(description);
  }

  /** Throws RangeError for a port that is no interface, and for a time that does not fit into 64 bits. */
  write(frame: Frame, notes: PacketNotes = {}): void {
    const { timeNs, bytes: packet, port = 0 } = frame;
    if (port >= this.#interfaceCount) {
      throw new RangeError(`port ${port}: the file has ${this.#interfaceCount} interfaces`);
    }
    if (timeNs < 0n || timeNs > 0xffff_ffff_ffff_ffffn) {
      throw new RangeError(`${timeNs} ns is no time that pcapng can hold`);
    }
    checkPacketLength(packet.length);
    const options = emitOptions([[OPTION.comment, text(notes.comment)]]);
    const padded = (packet.length + 3) & ~3;
    this.#block(BLOCK_TYPE.enhancedPacket, 20 + padded + options.length, (bytes, at) => {
      setField32(bytes, at, port);
      setField32(bytes, at + 4, Number(timeNs >> 32n));
      setField32(bytes, at + 8, Number(timeNs & 0xffffffffn));
      setField32(bytes, at + 12, packet.length);
      setField32(bytes, at + 16, notes.originalLength ?? packet.length);
      bytes.set(packet, at + 20);
      bytes.set(options, at + 20 + padded);
    });
    this.packets++;
  }

  end(): void {
    this.#buffer.flush();
  }

  #describe(description: InterfaceDescription): void {
    const options = emitOptions([
      [OPTION.interfaceName, text(description.name)],
      [OPTION.timeResolution, Uint8Array.of(NANOSECONDS)],
    ]);
    this.#block(BLOCK_TYPE.interfaceDescription, 8 + options.length, (bytes, at) => {
      setFields16(bytes, at, description.linkType ?? LINKTYPE_ETHERNET, 0);
      bytes.set(options, at + 8);
    });
  }

  #block(type: number, bodyLength: number, fill: (bytes: Uint8Array, at: number) => void): void {
    const length = BLOCK_FRAME_BYTES + bodyLength;
    this.#buffer.add(length, (bytes, at) => {
      setField32(bytes, at, type);
      setField32(bytes, at + 4, length);
      fill(bytes, at + 8);
      setField32(bytes, at + length - 4, length);
    });
  }
}

function text(value: string | undefined): Uint8Array | null {
  return value === undefined ? null : new TextEncoder().encode(value);
}

/** Options with the end mark behind them; nothing at all where there is none. */
function emitOptions(options: readonly (readonly [number, Uint8Array | null])[]): Uint8Array {
  const present = options.filter((option): option is [number, Uint8Array] => option[1] !== null);
  if (present.length === 0) return new Uint8Array(0);
  const padded = (value: Uint8Array) => (value.length + 3) & ~3;
  const length = present.reduce((sum, [, value]) => sum + 4 + padded(value), 4);
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const [code, value] of present) {
    setFields16(bytes, at, code, value.length);
    bytes.set(value, at + 4);
    at += 4 + padded(value);
  }
  return bytes;
}
