import { WIRE_LIMITS } from "../base/limits.ts";

/**
 * The Internet checksum (RFC 1071). A "sum" here is a plain sum of 16-bit big-endian words, not yet folded; sums of
 * parts can be added as long as every part but the last has an even length.
 */

const LITTLE_ENDIAN = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

/** Below this length the byte loop is quicker than the word loop with its preparation. */
const WORD_LOOP_BYTES_MIN = 48;

const KEPT_BUFFER_BYTES_MAX = WIRE_LIMITS.keptBufferBytesMax;

/** The last buffer's words: most packets come from the same slab as the one before. */
let lastBuffer: ArrayBufferLike = new ArrayBuffer(0);
let lastWords: Uint32Array = new Uint32Array(lastBuffer);

function wordsOf(buffer: ArrayBufferLike): Uint32Array {
  if (buffer === lastBuffer) return lastWords;
  const words = new Uint32Array(buffer, 0, buffer.byteLength >>> 2);
  if (buffer.byteLength <= KEPT_BUFFER_BYTES_MAX) {
    lastBuffer = buffer;
    lastWords = words;
  }
  return words;
}

/** Sum of `bytes[start, end)`; an odd last byte counts as the high half of a word. At most 2 MiB. */
export function sumBytes(bytes: Uint8Array, start = 0, end: number = bytes.length): number {
  if (end - start < WORD_LOOP_BYTES_MIN) return sumShort(bytes, start, end);

  const address = bytes.byteOffset + start;
  const lead = -address & 3;
  const wordCount = (end - start - lead) >>> 2;
  const words = wordsOf(bytes.buffer);
  const first = (address + lead) >>> 2;
  const stop = first + wordCount;
  let native = 0;
  let i = first;
  for (; i + 3 < stop; i += 4) native += words[i]! + words[i + 1]! + words[i + 2]! + words[i + 3]!;
  for (; i < stop; i++) native += words[i]!;

  // RFC 1071 §2(B): the sum in the other byte order is the sum with its bytes swapped; one byte on, the same again.
  const folded = foldSum(native);
  const oddLead = (lead & 1) === 1;
  const middle = oddLead === LITTLE_ENDIAN ? folded : ((folded & 0xff) << 8) | (folded >>> 8);

  let sum = sumShort(bytes, start, start + lead) + middle;
  const tail = start + lead + wordCount * 4;
  for (let at = tail; at < end; at++) {
    sum += ((at - start) & 1) === 0 ? bytes[at]! << 8 : bytes[at]!;
  }
  return sum;
}

function sumShort(bytes: Uint8Array, start: number, end: number): number {
  let sum = 0;
  let at = start;
  for (; at + 1 < end; at += 2) sum += (bytes[at]! << 8) | bytes[at + 1]!;
  if (at < end) sum += bytes[at]! << 8;
  return sum;
}

/** A sum (below 2^53) as 16 bits with end-around carry. Zero only for a sum of zero. */
export function foldSum(sum: number): number {
  const low = sum >>> 0;
  const high = (sum - low) / 0x1_0000_0000;
  let folded = (low >>> 16) + (low & 0xffff) + high;
  folded = (folded >>> 16) + (folded & 0xffff);
  return (folded >>> 16) + (folded & 0xffff);
}

/** The checksum field for a sum: its complement. */
export function checksumOf(sum: number): number {
  return ~foldSum(sum) & 0xffff;
}

/** The checksum of `bytes[start, end)`, its own field being zero there. */
export function internetChecksum(bytes: Uint8Array, start?: number, end?: number): number {
  return checksumOf(sumBytes(bytes, start, end));
}

/**
 * The new checksum after some of the words it covers have changed (RFC 1624 eqn. 3): from sum `before` of the old
 * words to sum `after` of the new ones. For address translation.
 */
export function adjustChecksum(checksum: number, before: number, after: number): number {
  return checksumOf((~checksum & 0xffff) + (~foldSum(before) & 0xffff) + foldSum(after));
}
