import type { Points } from "./points.ts";

const DIGIT_BITS = 11;
const DIGITS = 1 << DIGIT_BITS;

/**
 * Point numbers by the first column, then the second, and so on (the order of compareRows); equal points stay in the
 * order in which they came. A radix sort: a million pairs take half a second, with a comparing function three.
 * The values must be numbers, not NaN.
 */
export function sortedOrder(points: Points): Uint32Array {
  let order = Uint32Array.from({ length: points.count }, (_, i) => i);
  // Training sorts its observations before, so that this is the usual case.
  if (isSorted(points)) return order;
  let spare = new Uint32Array(points.count);
  const low = new Uint32Array(points.count);
  const high = new Uint32Array(points.count);
  for (let j = points.width - 1; j >= 0; j--) {
    columnKeys(points, j, low, high);
    for (const keys of [low, high]) {
      for (let shift = 0; shift < 32; shift += DIGIT_BITS) {
        if (!sortByDigit(keys, shift, order, spare)) continue;
        [order, spare] = [spare, order];
      }
    }
  }
  return order;
}

function isSorted({ count, width, values }: Points): boolean {
  for (let i = 1, at = width; i < count; i++, at += width) {
    let j = 0;
    while (j < width && values[at + j] === values[at - width + j]) j++;
    if (j < width && values[at + j]! < values[at - width + j]!) return false;
  }
  return true;
}

/** A column as whole numbers of 64 bits, in two halves, that have the same order as its values. */
function columnKeys(
  { count, width, values }: Points,
  column: number,
  low: Uint32Array,
  high: Uint32Array,
): void {
  const bits = new DataView(new ArrayBuffer(8));
  for (let i = 0; i < count; i++) {
    // + 0 makes -0 the same as 0.
    bits.setFloat64(0, values[i * width + column]! + 0);
    const top = bits.getUint32(0);
    const bottom = bits.getUint32(4);
    // The bits of a double order like a whole number with a sign, except that negative ones run backwards.
    const negative = top >>> 31 === 1;
    high[i] = negative ? ~top : top ^ 0x8000_0000;
    low[i] = negative ? ~bottom : bottom;
  }
}

/** Sorts `from` into `to` by some bits of the keys, stably. False, and nothing done, where these bits are the same in all keys. */
function sortByDigit(
  keys: Uint32Array,
  shift: number,
  from: Uint32Array,
  to: Uint32Array,
): boolean {
  const next = new Uint32Array(DIGITS);
  for (let i = 0; i < keys.length; i++) next[(keys[i]! >>> shift) & (DIGITS - 1)]! += 1;
  let sum = 0;
  for (let digit = 0; digit < DIGITS; digit++) {
    const size = next[digit]!;
    if (size === keys.length) return false;
    next[digit] = sum;
    sum += size;
  }
  for (const i of from) {
    const digit = (keys[i]! >>> shift) & (DIGITS - 1);
    to[next[digit]!] = i;
    next[digit]! += 1;
  }
  return true;
}
