import { WORDS } from "./layout.ts";
import type { Program } from "./operation.ts";
import { mix } from "./table.ts";

interface Slot {
  /** The masked key, in the order of the cache's words. */
  readonly key: Int32Array;
  readonly program: Program;
}

/**
 * The results of earlier walks from one table, keyed by exactly those bits that any walk so far has looked at. One
 * hash look-up per packet, whatever the number of rules. When a walk looks at new bits, all is forgotten once.
 */
export class FlowCache {
  readonly #mask = new Int32Array(WORDS);
  /** Pairs word, mask: the non-zero part of `#mask`. */
  #masks = new Int32Array(0);
  #slots: (Slot | undefined)[];

  /** `size`: number of slots, a power of two. A walk whose slot is taken replaces the older one. */
  constructor(size: number) {
    this.#slots = new Array<Slot | undefined>(size).fill(undefined);
  }

  find(key: Int32Array): Program | null {
    const masks = this.#masks;
    const slot = this.#slots[this.#hash(key)];
    if (slot === undefined) return null;
    const kept = slot.key;
    for (let i = 0, j = 0; i < masks.length; i += 2, j++) {
      if ((key[masks[i]!]! & masks[i + 1]!) !== kept[j]) return null;
    }
    return slot.program;
  }

  /** Keeps `program` for every key that agrees with `key` in the bits of `mask`. */
  insert(key: Int32Array, mask: Int32Array, program: Program): void {
    let grown = false;
    for (let w = 0; w < WORDS; w++) {
      if ((mask[w]! & ~this.#mask[w]!) !== 0) {
        this.#mask[w]! |= mask[w]!;
        grown = true;
      }
    }
    if (grown) this.#rebuild();
    const masks = this.#masks;
    const kept = new Int32Array(masks.length / 2);
    for (let i = 0, j = 0; i < masks.length; i += 2, j++) kept[j] = key[masks[i]!]! & masks[i + 1]!;
    this.#slots[this.#hash(key)] = { key: kept, program };
  }

  #rebuild(): void {
    const masks: number[] = [];
    for (let w = 0; w < WORDS; w++) if (this.#mask[w] !== 0) masks.push(w, this.#mask[w]!);
    this.#masks = Int32Array.from(masks);
    this.#slots.fill(undefined);
  }

  #hash(key: Int32Array): number {
    const masks = this.#masks;
    let hash = 0;
    for (let i = 0; i < masks.length; i += 2) hash = mix(hash, key[masks[i]!]! & masks[i + 1]!);
    return hash & (this.#slots.length - 1);
  }
}
