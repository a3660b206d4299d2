import type { Random } from "../../src/base/random.ts";

/** Larger inputs are cut: what is quadratic shows itself below this, and small ones run faster. */
export const INPUT_BYTES_MAX = 65_536;

/** Numbers at which readers of length fields go wrong. */
export const EDGE_NUMBERS: readonly number[] = [
  0, 1, 2, 3, 4, 7, 8, 12, 15, 16, 20, 24, 28, 31, 32, 40, 60, 63, 64, 127, 128, 255, 256, 1_023,
  1_500, 4_095, 32_767, 32_768, 65_535, 65_536, 0x00ff_ffff, 0x0100_0000, 0x0101_0000, 0x7fff_ffff,
  0x8000_0000, 0xffff_fff0, 0xffff_fffc, 0xffff_ffff,
];

type Change = (random: Random, bytes: Uint8Array, other: Uint8Array) => Uint8Array;

/** One to four changes that know nothing of what the bytes mean. `other` is what is spliced in. */
export function mutateBytes(random: Random, bytes: Uint8Array, other: Uint8Array): Uint8Array {
  let mutated = bytes;
  for (let left = random.int(1, 4); left > 0; left--) {
    if (mutated.length === 0) mutated = random.bytes(random.int(1, 64));
    mutated = random.pick(CHANGES)(random, mutated, other);
  }
  return mutated.length > INPUT_BYTES_MAX ? mutated.subarray(0, INPUT_BYTES_MAX) : mutated;
}

/** Flips one to eight bits. */
export function flipBits(random: Random, bytes: Uint8Array): Uint8Array {
  const out = bytes.slice();
  for (let left = random.int(1, 8); left > 0; left--) {
    const at = random.int(0, out.length - 1);
    out[at] = out[at]! ^ (1 << random.int(0, 7));
  }
  return out;
}

/** Writes a number at which length fields break, or moves what stands there by a little. */
export function tamperField(random: Random, bytes: Uint8Array): Uint8Array {
  const size = random.pick([1, 2, 4]);
  if (bytes.length < size) return bytes;
  const out = bytes.slice();
  const view = new DataView(out.buffer);
  let at = random.int(0, out.length - size);
  if (random.chance(0.7)) at -= at % size;
  const little = random.chance(0.5);
  const old =
    size === 1
      ? view.getUint8(at)
      : size === 2
        ? view.getUint16(at, little)
        : view.getUint32(at, little);
  const value = random.chance(0.5) ? random.pick(EDGE_NUMBERS) : old + random.int(-9, 9);
  if (size === 1) view.setUint8(at, value);
  else if (size === 2) view.setUint16(at, value, little);
  else view.setUint32(at, value, little);
  return out;
}

/** A stretch of the bytes as start and end: mostly short. */
export function stretch(random: Random, length: number): readonly [number, number] {
  const start = random.int(0, Math.max(0, length - 1));
  const most = random.chance(0.8) ? 64 : length;
  return [start, Math.min(length, start + random.int(1, Math.max(1, most)))];
}

const CHANGES: readonly Change[] = [
  flipBits,
  flipBits,
  tamperField,
  tamperField,
  tamperField,
  function truncate(random, bytes) {
    return bytes.subarray(0, random.int(0, bytes.length));
  },
  function behead(random, bytes) {
    return bytes.subarray(stretch(random, bytes.length)[1]);
  },
  function remove(random, bytes) {
    const [start, end] = stretch(random, bytes.length);
    return join(bytes.subarray(0, start), bytes.subarray(end));
  },
  function duplicate(random, bytes) {
    const [start, end] = stretch(random, bytes.length);
    return join(bytes.subarray(0, end), bytes.subarray(start));
  },
  function repeat(random, bytes) {
    const [start, end] = stretch(random, bytes.length);
    const most = Math.max(1, Math.floor((INPUT_BYTES_MAX - bytes.length) / (end - start)));
    const times = Math.min(most, random.chance(0.98) ? random.int(2, 16) : random.int(2, 10_000));
    const piece = bytes.subarray(start, end);
    return join(
      bytes.subarray(0, start),
      ...Array<Uint8Array>(times).fill(piece),
      bytes.subarray(end),
    );
  },
  function exchange(random, bytes) {
    const middle = random.int(0, bytes.length);
    const [a, b] = [stretch(random, middle), stretch(random, bytes.length - middle)];
    return join(
      bytes.subarray(0, a[0]),
      bytes.subarray(middle + b[0], middle + b[1]),
      bytes.subarray(a[1], middle + b[0]),
      bytes.subarray(a[0], a[1]),
      bytes.subarray(middle + b[1]),
    );
  },
  function insert(random, bytes) {
    const at = random.int(0, bytes.length);
    return join(bytes.subarray(0, at), random.bytes(random.int(1, 16)), bytes.subarray(at));
  },
  function splice(random, bytes, other) {
    const from = random.int(0, other.length);
    return join(bytes.subarray(0, random.int(0, bytes.length)), other.subarray(from));
  },
  function graft(random, bytes, other) {
    if (other.length === 0) return bytes;
    const [start, end] = stretch(random, other.length);
    const out = bytes.slice();
    const at = random.int(0, bytes.length - 1);
    out.set(other.subarray(start, Math.min(end, start + out.length - at)), at);
    return out;
  },
];

export function join(...parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
