import { SWITCH_LIMITS } from "../../src/base/limits.ts";
import { WORDS } from "./layout.ts";
import type { Program } from "./operation.ts";
import { mix } from "./table.ts";

interface Slot {
  /** The masked key, in the order of the group's words. */
  readonly key: Int32Array;
  readonly hash: number;
  readonly program: Program;
}

/** Results whose walks looked at the same bits. */
interface Group {
  /** Pairs word, mask. */
  readonly masks: Int32Array;
  /** Hash table without chains: of two results in one slot the later one stays. */
  slots: (Slot | undefined)[];
  used: number;
}

const GROUPS_MAX = SWITCH_LIMITS.flowCacheGroupsMax;
const SLOTS_MIN = 64;

/**
 * The results of earlier walks from one table, each valid for all packets that agree in the bits which that walk
 * looked at ("megaflows" of Open vSwitch): one hash look-up for each set of bits, whatever the number of rules.
 */
export class FlowCache {
  #groups: Group[] = [];
  readonly #slotsMax: number;

  /** `slotsMax`: for each set of bits; a power of two. */
  constructor(slotsMax: number) {
    this.#slotsMax = slotsMax;
  }

  find(key: Int32Array): Program | null {
    const groups = this.#groups;
    for (let g = 0; g < groups.length; g++) {
      const { masks, slots } = groups[g]!;
      let hash = 0;
      for (let i = 0; i < masks.length; i += 2) hash = mix(hash, key[masks[i]!]! & masks[i + 1]!);
      const slot = slots[hash & (slots.length - 1)];
      if (slot !== undefined && slot.hash === hash && agrees(slot.key, masks, key)) {
        return slot.program;
      }
    }
    return null;
  }

  /** Keeps `program` for every key that agrees with `key` in the bits of `seen`. */
  insert(key: Int32Array, seen: Int32Array, program: Program): void {
    const masks = pairs(seen);
    let group = this.#groups.find((g) => sameWords(g.masks, masks));
    if (group === undefined) {
      if (this.#groups.length >= GROUPS_MAX) this.#groups = [];
      group = { masks, slots: new Array<Slot | undefined>(SLOTS_MIN).fill(undefined), used: 0 };
      this.#groups.push(group);
    }
    const kept = new Int32Array(masks.length / 2);
    let hash = 0;
    for (let i = 0, j = 0; i < masks.length; i += 2, j++) {
      kept[j] = key[masks[i]!]! & masks[i + 1]!;
      hash = mix(hash, kept[j]!);
    }
    if (group.used * 4 > group.slots.length && group.slots.length < this.#slotsMax) grow(group);
    put(group, { key: kept, hash, program });
  }
}

function agrees(kept: Int32Array, masks: Int32Array, key: Int32Array): boolean {
  for (let i = 0, j = 0; i < masks.length; i += 2, j++) {
    if ((key[masks[i]!]! & masks[i + 1]!) !== kept[j]) return false;
  }
  return true;
}

function grow(group: Group): void {
  const old = group.slots;
  group.slots = new Array<Slot | undefined>(old.length * 4).fill(undefined);
  group.used = 0;
  for (const slot of old) if (slot !== undefined) put(group, slot);
}

function put(group: Group, slot: Slot): void {
  const at = slot.hash & (group.slots.length - 1);
  if (group.slots[at] === undefined) group.used++;
  group.slots[at] = slot;
}

function pairs(seen: Int32Array): Int32Array {
  const masks: number[] = [];
  for (let w = 0; w < WORDS; w++) if (seen[w] !== 0) masks.push(w, seen[w]!);
  return Int32Array.from(masks);
}

function sameWords(a: Int32Array, b: Int32Array): boolean {
  return a.length === b.length && a.every((word, i) => word === b[i]);
}
