import { PCAP_LIMITS } from "../base/limits.ts";
import { field16, field32 } from "./byte-order.ts";
import type { CaptureBatch } from "./capture-batch.ts";
import type { CaptureDecoder, CapturePosition } from "./capture-decoder.ts";

/*
 * Classic pcap (draft-ietf-opsawg-pcap), fields in the byte order of the writer
 *
 *   file   0 magic 4, 4 version 2+2, 8 reserved 8, 16 snapshot length 4, 20 link type 2 and FCS length
 *   packet 0 seconds 4, 4 fraction 4, 8 captured length 4, 12 original length 4, then the bytes
 *
 * "Modified" pcap (Kuznetzov, 1990s Linux) has 8 bytes more in a packet's header: interface 4, protocol 2, type 1.
 */
const FILE_HEADER_BYTES = 24;
const RECORD_HEADER_BYTES = 16;
const MODIFIED_RECORD_HEADER_BYTES = 24;

interface Variant {
  readonly recordHeaderBytes: number;
  /** Nanoseconds per unit of the fraction. */
  readonly unitNs: number;
}

const VARIANTS: ReadonlyMap<number, Variant> = new Map([
  [0xa1b2c3d4, { recordHeaderBytes: RECORD_HEADER_BYTES, unitNs: 1_000 }],
  [0xa1b23c4d, { recordHeaderBytes: RECORD_HEADER_BYTES, unitNs: 1 }],
  [0xa1b2cd34, { recordHeaderBytes: MODIFIED_RECORD_HEADER_BYTES, unitNs: 1_000 }],
]);

/** The decoder for a file that begins with these 4 bytes, or `null` where they are no magic of classic pcap. */
export function classicDecoder(
  start: Uint8Array,
  position: CapturePosition,
): ClassicDecoder | null {
  for (const little of [true, false]) {
    const variant = VARIANTS.get(field32(start, 0, little));
    if (variant !== undefined) return new ClassicDecoder(variant, little, position);
  }
  return null;
}

class ClassicDecoder implements CaptureDecoder {
  readonly #recordHeaderBytes: number;
  readonly #unitNs: number;
  readonly #little: boolean;
  readonly #position: CapturePosition;
  readonly skipping = 0;
  /** -1 until the file header is read. */
  #linkType = -1;

  constructor(variant: Variant, little: boolean, position: CapturePosition) {
    this.#recordHeaderBytes = variant.recordHeaderBytes;
    this.#unitNs = variant.unitNs;
    this.#little = little;
    this.#position = position;
  }

  get started(): boolean {
    return this.#linkType >= 0;
  }

  consume(bytes: Uint8Array, at: number, end: number, out: CaptureBatch): number {
    let next = at;
    if (this.#linkType < 0) {
      if (end - at < FILE_HEADER_BYTES) return at;
      this.#readFileHeader(bytes, at);
      next += FILE_HEADER_BYTES;
    }
    const little = this.#little;
    const unitNs = this.#unitNs;
    const linkType = this.#linkType;
    const headerLength = this.#recordHeaderBytes;
    const modified = headerLength === MODIFIED_RECORD_HEADER_BYTES;
    while (next + headerLength <= end && !out.isFull) {
      const length = field32(bytes, next + 8, little);
      if (length > PCAP_LIMITS.packetBytesMax) throw this.#absurd(next, length);
      const start = next + headerLength;
      if (start + length > end) break;
      out.add(
        field32(bytes, next, little),
        field32(bytes, next + 4, little) * unitNs,
        start,
        start + length,
        field32(bytes, next + 12, little),
        linkType,
        modified ? field32(bytes, next + 16, little) : 0,
      );
      this.#position.packets++;
      next = start + length;
    }
    return next;
  }

  need(bytes: Uint8Array, at: number, end: number): number {
    if (this.#linkType < 0) return FILE_HEADER_BYTES;
    if (end - at < this.#recordHeaderBytes) return this.#recordHeaderBytes;
    const length = field32(bytes, at + 8, this.#little);
    if (length > PCAP_LIMITS.packetBytesMax) throw this.#absurd(at, length);
    return this.#recordHeaderBytes + length;
  }

  #readFileHeader(bytes: Uint8Array, at: number): void {
    const major = field16(bytes, at + 4, this.#little);
    if (major !== 2) {
      const minor = field16(bytes, at + 6, this.#little);
      throw this.#position.fileError(
        `pcap version ${major}.${minor} is not known, only 2.x`,
        "convert it: editcap -F pcap IN OUT",
      );
    }
    // The upper half has the length of the frame check sequence, if packets carry one.
    this.#linkType = field32(bytes, at + 20, this.#little) & 0xffff;
  }

  #absurd(at: number, length: number): Error {
    return this.#position.error(
      at,
      `the packet claims ${length} bytes, more than the limit of ${PCAP_LIMITS.packetBytesMax}: the file is damaged there`,
    );
  }
}
