import { extractKey } from "./key.ts";
import { W, WORDS } from "./layout.ts";
import type { Packet } from "./packet.ts";

/**
 * A hash of addresses and ports, the same for both directions: Open vSwitch's `hash(sym_l4(0))`, by which its select
 * groups choose. It depends on nothing else. As lib/flow.c of Open vSwitch 3.1, `flow_hash_symmetric_l3l4`; lib/hash.h,
 * MurmurHash3 of words in the machine's order, which is taken to be little-endian.
 */
export function symmetricHash(packet: Packet): number {
  const key = new Int32Array(WORDS);
  // Of a copy: whoever comes next must still see that the packet has changed.
  extractKey(packet.clone(), key);
  const type = key[W.ethType]!;
  let hash = 0;
  if (type === 0x0800) hash = add(hash, swap32(key[W.ipSrc]! ^ key[W.ipDst]!));
  else if (type === 0x86dd) {
    for (let i = 0; i < 4; i++) hash = add(hash, swap32(key[W.ipSrc + i]! ^ key[W.ipDst + i]!));
  } else return finish(hashOfLink(key));
  const protocol = key[W.nwProto]!;
  hash = add(hash, protocol);
  // Not UDP, of whose fragments only the first has ports.
  const hasPorts = key[W.ipFrag] === 0 && (protocol === 6 || protocol === 132);
  if (hasPorts) hash = add(hash, swap32((key[W.tpSrc]! ^ key[W.tpDst]!) << 16));
  return finish(hash);
}

/** Type, VLAN and hardware addresses, 12 bytes in all. */
function hashOfLink(key: Int32Array): number {
  const tag = key[W.vlanTci]!;
  const vlan = (tag & 0x1000) === 0 ? 0 : tag & 0xfff;
  const upper = key[W.ethSrc]! ^ key[W.ethDst]!;
  const lower = key[W.ethSrc + 1]! ^ key[W.ethDst + 1]!;
  const words = [(key[W.ethType]! << 16) | vlan, (upper << 16) | (lower >>> 16), lower << 16];
  return words.reduce((hash, word) => add(hash, swap32(word)), 0);
}

function swap32(word: number): number {
  return (word << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24);
}

function rotate(word: number, by: number): number {
  return (word << by) | (word >>> (32 - by));
}

function add(hash: number, word: number): number {
  const mixed = Math.imul(rotate(Math.imul(word, 0xcc9e2d51), 15), 0x1b873593);
  return (Math.imul(rotate(hash ^ mixed, 13), 5) + 0xe6546b64) | 0;
}

function finish(hash: number): number {
  let h = hash;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}
