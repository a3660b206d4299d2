import { PCAP_LIMITS } from "../base/limits.ts";
import { field16, field32 } from "./byte-order.ts";
import type { CaptureBatch } from "./capture-batch.ts";
import type { CaptureDecoder, CapturePosition } from "./capture-decoder.ts";
import {
  BLOCK_FRAME_BYTES,
  BLOCK_TYPE,
  BYTE_ORDER_MAGIC,
  QUIET_BLOCK_TYPES,
} from "./pcapng-block.ts";
import { type PcapngInterface, readInterface } from "./pcapng-interface.ts";

/** Type, length and byte-order magic: enough to know how long a block is, even the first of a section. */
const BLOCK_START_BYTES = 12;
const SECTION_BYTES_MIN = 28;
const INTERFACE_BYTES_MIN = 20;

export class PcapngDecoder implements CaptureDecoder {
  readonly #position: CapturePosition;
  #started = false;
  #little = true;
  /** The interfaces of this section, and how many there were before it. */
  #interfaces: PcapngInterface[] = [];
  #interfacesBefore = 0;
  /** Bytes of a block that is being skipped, which may be longer than memory. */
  #skipping = 0;
  /** The time of the last packet: simple packet blocks have none of their own. */
  #seconds = 0;
  #nanoseconds = 0;

  constructor(position: CapturePosition) {
    this.#position = position;
  }

  get started(): boolean {
    return this.#started;
  }

  get skipping(): number {
    return this.#skipping;
  }

  consume(bytes: Uint8Array, at: number, end: number, out: CaptureBatch): number {
    let next = at;
    for (;;) {
      if (this.#skipping > 0) {
        const skipped = Math.min(this.#skipping, end - next);
        this.#skipping -= skipped;
        next += skipped;
      }
      if (next + BLOCK_START_BYTES > end || out.isFull) return next;
      const type = field32(bytes, next, this.#little);
      if (type === BLOCK_TYPE.sectionHeader) this.#readByteOrder(bytes, next);
      const length = this.#blockLength(bytes, next);
      if (!isRead(type)) {
        if (!QUIET_BLOCK_TYPES.has(type)) {
          this.#position.event("unknown-block", next, `type ${type}, ${length} bytes`);
        }
        this.#skipping = length;
        continue;
      }
      if (length > PCAP_LIMITS.blockBytesMax) throw this.#absurd(next, length);
      if (next + length > end) return next;
      this.#checkTrailer(bytes, next, length);
      this.#readBlock(type, bytes, next, length, out);
      next += length;
    }
  }

  need(bytes: Uint8Array, at: number, end: number): number {
    if (end - at < BLOCK_START_BYTES) return BLOCK_START_BYTES;
    const type = field32(bytes, at, this.#little);
    if (type === BLOCK_TYPE.sectionHeader) this.#readByteOrder(bytes, at);
    return this.#blockLength(bytes, at);
  }

  #readByteOrder(bytes: Uint8Array, at: number): void {
    if (field32(bytes, at + 8, true) === BYTE_ORDER_MAGIC) this.#little = true;
    else if (field32(bytes, at + 8, false) === BYTE_ORDER_MAGIC) this.#little = false;
    else throw this.#position.error(at, "a pcapng section without its byte-order magic");
  }

  #blockLength(bytes: Uint8Array, at: number): number {
    const length = field32(bytes, at + 4, this.#little);
    if (length < BLOCK_FRAME_BYTES || length % 4 !== 0) {
      throw this.#position.error(
        at,
        `a pcapng block claims a length of ${length} bytes, which no block can have: the file is damaged there`,
      );
    }
    return length;
  }

  #checkTrailer(bytes: Uint8Array, at: number, length: number): void {
    const trailer = field32(bytes, at + length - 4, this.#little);
    if (trailer === length) return;
    throw this.#position.error(
      at,
      `a pcapng block begins with a length of ${length} bytes and ends with ${trailer}: the file is damaged there`,
    );
  }

  #readBlock(type: number, bytes: Uint8Array, at: number, length: number, out: CaptureBatch): void {
    switch (type) {
      case BLOCK_TYPE.enhancedPacket:
        this.#readEnhancedPacket(bytes, at, length, out);
        break;
      case BLOCK_TYPE.packet:
        this.#readOldPacket(bytes, at, length, out);
        break;
      case BLOCK_TYPE.simplePacket:
        this.#readSimplePacket(bytes, at, length, out);
        break;
      case BLOCK_TYPE.interfaceDescription:
        this.#readInterface(bytes, at, length);
        break;
      case BLOCK_TYPE.sectionHeader:
        this.#readSection(bytes, at, length);
    }
  }

  #readSection(bytes: Uint8Array, at: number, length: number): void {
    if (length < SECTION_BYTES_MIN)
      throw this.#position.error(at, "a pcapng section header is cut");
    const major = field16(bytes, at + 12, this.#little);
    if (major !== 1) {
      const minor = field16(bytes, at + 14, this.#little);
      throw this.#position.error(at, `pcapng version ${major}.${minor} is not known, only 1.x`);
    }
    this.#started = true;
    this.#interfacesBefore += this.#interfaces.length;
    this.#interfaces = [];
  }

  #readInterface(bytes: Uint8Array, at: number, length: number): void {
    if (length < INTERFACE_BYTES_MIN) {
      throw this.#position.error(at, "a pcapng interface description is cut");
    }
    const index = this.#interfacesBefore + this.#interfaces.length;
    if (index >= PCAP_LIMITS.interfacesMax) {
      throw this.#position.error(at, `more than ${PCAP_LIMITS.interfacesMax} interfaces`);
    }
    const body = at + 8;
    this.#interfaces.push(readInterface(bytes, body, at + length - 4, this.#little, index));
  }

  /** 8 interface 4, 12 time 4+4, 20 captured length 4, 24 original length 4, 28 bytes, options */
  #readEnhancedPacket(bytes: Uint8Array, at: number, length: number, out: CaptureBatch): void {
    if (length < 32) {
      this.#malformed(at, "an enhanced packet block", length);
      return;
    }
    const number = field32(bytes, at + 8, this.#little);
    this.#readTimed(bytes, at, length, number, out);
  }

  /** 8 interface 2, 10 drops 2, 12 time 4+4, 20 captured length 4, 24 original length 4, 28 bytes, options */
  #readOldPacket(bytes: Uint8Array, at: number, length: number, out: CaptureBatch): void {
    if (length < 32) {
      this.#malformed(at, "a packet block", length);
      return;
    }
    const number = field16(bytes, at + 8, this.#little);
    this.#readTimed(bytes, at, length, number, out);
  }

  #readTimed(
    bytes: Uint8Array,
    at: number,
    length: number,
    interfaceNumber: number,
    out: CaptureBatch,
  ): void {
    const little = this.#little;
    const captured = field32(bytes, at + 20, little);
    if (captured > length - 32) {
      this.#malformed(at, `a packet of ${captured} bytes in a block`, length);
      return;
    }
    const source = this.#interface(at, interfaceNumber);
    if (source === undefined) return;
    const time = source.time;
    time.set(field32(bytes, at + 12, little), field32(bytes, at + 16, little));
    this.#seconds = time.seconds;
    this.#nanoseconds = time.nanoseconds;
    this.#deliver(at + 28, captured, field32(bytes, at + 24, little), source, out);
  }

  /** 8 original length 4, 12 bytes; they were captured on the first interface. */
  #readSimplePacket(bytes: Uint8Array, at: number, length: number, out: CaptureBatch): void {
    if (length < 16) {
      this.#malformed(at, "a simple packet block", length);
      return;
    }
    const source = this.#interface(at, 0);
    if (source === undefined) return;
    const original = field32(bytes, at + 8, this.#little);
    const limit = source.snapLength === 0 ? original : Math.min(original, source.snapLength);
    this.#deliver(at + 12, Math.min(limit, length - 16), original, source, out);
  }

  #deliver(
    at: number,
    length: number,
    originalLength: number,
    source: PcapngInterface,
    out: CaptureBatch,
  ): void {
    const { linkType, index } = source;
    out.add(this.#seconds, this.#nanoseconds, at, at + length, originalLength, linkType, index);
    this.#position.packets++;
  }

  #interface(at: number, number: number): PcapngInterface | undefined {
    const source = this.#interfaces[number];
    if (source === undefined) {
      const detail = `interface ${number}, the section has ${this.#interfaces.length}`;
      this.#position.event("unknown-interface", at, detail);
    }
    return source;
  }

  #malformed(at: number, what: string, length: number): void {
    this.#position.event("malformed-block", at, `${what} of ${length} bytes`);
  }

  #absurd(at: number, length: number): Error {
    return this.#position.error(
      at,
      `a pcapng block claims ${length} bytes, more than the limit of ${PCAP_LIMITS.blockBytesMax}: the file is damaged there`,
    );
  }
}

function isRead(type: number): boolean {
  return (
    type === BLOCK_TYPE.enhancedPacket ||
    type === BLOCK_TYPE.packet ||
    type === BLOCK_TYPE.simplePacket ||
    type === BLOCK_TYPE.interfaceDescription ||
    type === BLOCK_TYPE.sectionHeader
  );
}
