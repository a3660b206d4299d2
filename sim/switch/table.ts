import type { Rule } from "../../src/rule/rule.ts";
import { forEachWord, W, WORDS } from "./layout.ts";

/** A rule in the tables, with its match as words and its counters. */
export interface Entry {
  readonly rule: Rule;
  /** Triples word, value, mask. */
  readonly words: Int32Array;
  /** Place in the order in which rules were given; decides between equal priorities. */
  readonly order: number;
  packets: number;
  bytes: number;
  /** Milliseconds of the switch's clock: when it came in, when it last matched. */
  readonly addedMs: number;
  usedMs: number;
}

/** Rules whose masks are the same: one hash look-up finds those that match. */
interface Group {
  /** Pairs word, mask. */
  readonly masks: Int32Array;
  readonly byHash: Map<number, Entry[]>;
  readonly priorityMax: number;
}

/**
 * One table, classified by tuple space as in Open vSwitch: as many hash look-ups as there are different masks, not
 * rules. `order` breaks ties between equal priorities (undefined in OpenFlow; here the earlier rule wins).
 */
export class Table {
  readonly entries: readonly Entry[];
  readonly #groups: readonly Group[];
  /** Every bit that any rule of the table looks at. */
  readonly mask = new Int32Array(WORDS);

  constructor(entries: readonly Entry[]) {
    this.entries = entries;
    const groups = new Map<string, { masks: Int32Array; entries: Entry[] }>();
    for (const entry of entries) {
      const masks = masksOf(entry.words);
      for (let i = 0; i < masks.length; i += 2) this.mask[masks[i]!]! |= masks[i + 1]!;
      const name = masks.join();
      const group = groups.get(name);
      if (group === undefined) groups.set(name, { masks, entries: [entry] });
      else group.entries.push(entry);
    }
    this.#groups = [...groups.values()]
      .map(makeGroup)
      .sort((a, b) => b.priorityMax - a.priorityMax);
  }

  /** The rule that matches `key`, or `null`: a miss. */
  find(key: Int32Array): Entry | null {
    let best: Entry | null = null;
    for (const group of this.#groups) {
      if (best !== null && group.priorityMax < best.rule.priority) break;
      const found = findInGroup(group, key);
      if (found !== null && (best === null || before(found, best))) best = found;
    }
    return best;
  }
}

function makeGroup({ masks, entries }: { masks: Int32Array; entries: Entry[] }): Group {
  const byHash = new Map<number, Entry[]>();
  let priorityMax = 0;
  for (const entry of entries) {
    priorityMax = Math.max(priorityMax, entry.rule.priority);
    const hash = hashEntry(entry);
    const bucket = byHash.get(hash);
    if (bucket === undefined) byHash.set(hash, [entry]);
    else bucket.push(entry);
  }
  for (const bucket of byHash.values()) bucket.sort((a, b) => (before(a, b) ? -1 : 1));
  return { masks, byHash, priorityMax };
}

function before(a: Entry, b: Entry): boolean {
  return a.rule.priority !== b.rule.priority
    ? a.rule.priority > b.rule.priority
    : a.order < b.order;
}

function findInGroup(group: Group, key: Int32Array): Entry | null {
  const { masks } = group;
  let hash = 0;
  for (let i = 0; i < masks.length; i += 2) hash = mix(hash, key[masks[i]!]! & masks[i + 1]!);
  const bucket = group.byHash.get(hash);
  if (bucket === undefined) return null;
  for (const entry of bucket) if (matches(entry.words, key)) return entry;
  return null;
}

function hashEntry(entry: Entry): number {
  let hash = 0;
  for (let i = 0; i < entry.words.length; i += 3) hash = mix(hash, entry.words[i + 1]!);
  return hash;
}

function matches(words: Int32Array, key: Int32Array): boolean {
  for (let i = 0; i < words.length; i += 3) {
    if ((key[words[i]!]! & words[i + 2]!) !== words[i + 1]) return false;
  }
  return true;
}

/** One step of a hash over 32-bit words. */
export function mix(hash: number, word: number): number {
  const h = Math.imul(hash ^ word, 0x9e3779b1);
  return h ^ (h >>> 15);
}

function masksOf(words: Int32Array): Int32Array {
  const masks = new Int32Array((words.length / 3) * 2);
  for (let i = 0; i < words.length / 3; i++) {
    masks[2 * i] = words[3 * i]!;
    masks[2 * i + 1] = words[3 * i + 2]!;
  }
  return masks;
}

/** A rule's match as triples word, value, mask, by rising word. `inPort` is the number of the match's port. */
export function matchWords(rule: Rule, inPort: number | null): Int32Array {
  const values = new Map<number, [value: number, mask: number]>();
  if (inPort !== null) values.set(W.inPort, [inPort, 0xffff]);
  for (const { field, value, mask } of rule.match.fields) {
    forEachWord(field, value, mask, (word, v, m) => {
      const [oldValue, oldMask] = values.get(word) ?? [0, 0];
      values.set(word, [oldValue | v, oldMask | m]);
    });
  }
  const words = [...values].sort(([a], [b]) => a - b);
  return Int32Array.from(words.flatMap(([word, [value, mask]]) => [word, value, mask]));
}
