import { WIRE_LIMITS } from "../base/limits.ts";

/**
 * Memory for frames. A typed array of its own costs about 1.5 µs (it lives outside the JavaScript heap), a view on a
 * larger one 0.05 µs, so frames are cut one after another from slabs. No place is used twice: a frame stays as it is
 * for as long as somebody holds it, and a slab is freed with the last of its frames.
 */
const SLAB_BYTES = 65_536;

const SHARED_BYTES_MAX = WIRE_LIMITS.sharedFrameBytesMax;

/** Two bytes before a multiple of four: behind a 14-byte Ethernet header the IP packet is aligned for the checksum. */
const START = 2;

let slab = new ArrayBuffer(SLAB_BYTES);
let next = START;

/** Zeroed bytes for a frame of `length` bytes. `frame.buffer` is shared with other frames. */
export function allocateFrame(length: number): Uint8Array {
  if (length > SHARED_BYTES_MAX) return new Uint8Array(new ArrayBuffer(length + START), START);
  if (next + length > SLAB_BYTES) {
    slab = new ArrayBuffer(SLAB_BYTES);
    next = START;
  }
  const frame = new Uint8Array(slab, next, length);
  next += (length + 3) & ~3;
  return frame;
}
