import type { Random } from "../../src/base/random.ts";
import { EDGE_NUMBERS, join, mutateBytes } from "./bytes.ts";

/** Changes a capture file: its bytes, its length fields, or the order of its blocks. */
export function mutateFile(random: Random, file: Uint8Array, other: Uint8Array): Uint8Array {
  const kind = random.float();
  if (kind < 0.4) return mutateBytes(random, file, other);
  const items = itemsOf(file);
  if (items.length < 2) return mutateBytes(random, file, other);
  if (kind < 0.7) return join(...reorder(random, items, itemsOf(other)));
  return tamperLength(random, items);
}

/** Moves, doubles, removes, or takes from another file. The first item, which tells the format, mostly stays. */
function reorder(
  random: Random,
  items: readonly Uint8Array[],
  others: readonly Uint8Array[],
): Uint8Array[] {
  const out = [...items];
  for (let left = random.int(1, 4); left > 0 && out.length > 1; left--) {
    const from = random.int(random.chance(0.9) ? 1 : 0, out.length - 1);
    const to = random.int(random.chance(0.9) ? 1 : 0, out.length);
    const kind = random.int(0, 3);
    if (kind === 0) out.splice(to, 0, ...out.splice(from, 1));
    else if (kind === 1) out.splice(to, 0, out[from]!);
    else if (kind === 2) out.splice(from, 1);
    else if (others.length > 0) out.splice(to, 0, random.pick(others));
  }
  return out;
}

/** Writes another number into one of the first words of an item, where lengths and types are. */
function tamperLength(random: Random, items: readonly Uint8Array[]): Uint8Array {
  const out = [...items];
  for (let left = random.int(1, 3); left > 0; left--) {
    const index = random.int(0, out.length - 1);
    const item = out[index]!.slice();
    const words = Math.min(8, item.length >> 2);
    if (words === 0) continue;
    const at = random.chance(0.85) ? 4 * random.int(0, words - 1) : item.length - 4;
    const view = new DataView(item.buffer);
    const little = random.chance(0.6);
    const old = view.getUint32(at, little);
    view.setUint32(
      at,
      random.chance(0.5) ? random.pick(EDGE_NUMBERS) : old + 4 * random.int(-9, 9),
      little,
    );
    out[index] = item;
  }
  return join(...out);
}

/** The header and the records of a classic pcap file, or the blocks of pcapng, as far as their lengths lead. */
function itemsOf(file: Uint8Array): Uint8Array[] {
  if (file.length < 24) return [file];
  const view = new DataView(file.buffer, file.byteOffset, file.length);
  const isPcapng = view.getUint32(0) === 0x0a0d0d0a;
  const little = isPcapng ? view.getUint32(8, true) === 0x1a2b3c4d : view.getUint8(0) !== 0xa1;
  const isModified = !isPcapng && view.getUint32(0, little) === 0xa1b2cd34;
  const items: Uint8Array[] = isPcapng ? [] : [file.subarray(0, 24)];
  let at = isPcapng ? 0 : 24;
  while (at + 16 <= file.length) {
    const length = isPcapng
      ? Math.max(12, view.getUint32(at + 4, little))
      : (isModified ? 24 : 16) + view.getUint32(at + 8, little);
    items.push(file.subarray(at, at + length));
    at += length;
  }
  if (at < file.length) items.push(file.subarray(at));
  return items;
}
