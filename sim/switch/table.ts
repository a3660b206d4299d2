import type { Match } from "../../src/rule/match.ts";
import type { Rule } from "../../src/rule/rule.ts";
import { forEachWord, W } from "./layout.ts";

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
  /** The next rule of the same hash, in its group of a table. */
  next: Entry | null;
}

/** Rules whose masks are the same: one hash look-up finds those that match. */
interface Group {
  /** Pairs word, mask, by rising word. */
  readonly masks: Int32Array;
  /** For each word the hashes of the rules up to and with that word; the last one is `byHash`. */
  readonly prefixes: readonly Set<number>[];
  readonly byHash: Map<number, Entry>;
  readonly priorityMax: number;
}

/**
 * One table, classified by tuple space as in Open vSwitch: as many hash look-ups as there are different masks, not
 * rules. Between equal priorities the order is undefined in OpenFlow; here it depends on the rules alone.
 */
export class Table {
  readonly entries: readonly Entry[];
  readonly #groups: readonly Group[];

  constructor(entries: readonly Entry[]) {
    this.entries = entries;
    const groups = new Map<string, { masks: Int32Array; entries: Entry[] }>();
    for (const entry of entries) {
      const masks = masksOf(entry.words);
      const name = masks.join();
      const group = groups.get(name);
      if (group === undefined) groups.set(name, { masks, entries: [entry] });
      else group.entries.push(entry);
    }
    this.#groups = [...groups.values()]
      .map(makeGroup)
      .sort((a, b) => b.priorityMax - a.priorityMax);
  }

  /**
   * The rule that matches `key`, or `null`: a miss. Bits of the key that had a say are added to `seen`: whatever
   * agrees with the key in them finds the same rule. A group that fails at one word (the port, say) does not look at
   * the words behind it, so that results hold for as many packets as possible.
   */
  find(key: Int32Array, seen: Int32Array): Entry | null {
    let best: Entry | null = null;
    for (const group of this.#groups) {
      if (best !== null && group.priorityMax <= best.rule.priority) break;
      const found = findInGroup(group, key, seen);
      if (found !== null && (best === null || found.rule.priority > best.rule.priority)) {
        best = found;
      }
    }
    return best;
  }
}

function makeGroup({ masks, entries }: { masks: Int32Array; entries: Entry[] }): Group {
  const byHash = new Map<number, Entry>();
  const prefixes = Array.from({ length: masks.length / 2 }, () => new Set<number>());
  let priorityMax = 0;
  // The best comes first in its chain.
  entries.sort((a, b) => a.rule.priority - b.rule.priority || b.order - a.order);
  for (const entry of entries) {
    priorityMax = Math.max(priorityMax, entry.rule.priority);
    let hash = 0;
    for (const [i, prefix] of prefixes.entries()) {
      hash = mix(hash, entry.words[3 * i + 1]!);
      prefix.add(hash);
    }
    entry.next = byHash.get(hash) ?? null;
    byHash.set(hash, entry);
  }
  return { masks, prefixes, byHash, priorityMax };
}

function findInGroup(group: Group, key: Int32Array, seen: Int32Array): Entry | null {
  const { masks, prefixes } = group;
  let hash = 0;
  for (let i = 0; i < prefixes.length; i++) {
    const word = masks[2 * i]!;
    const mask = masks[2 * i + 1]!;
    seen[word]! |= mask;
    hash = mix(hash, key[word]! & mask);
    if (!prefixes[i]!.has(hash)) return null;
  }
  for (let entry = group.byHash.get(hash) ?? null; entry !== null; entry = entry.next) {
    if (matches(entry.words, key)) return entry;
  }
  return null;
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

/** A match as triples word, value, mask, by rising word. `inPort` is the number of the match's port. */
export function matchWords(match: Match, inPort: number | null): Int32Array {
  const values = new Map<number, [value: number, mask: number]>();
  if (inPort !== null) values.set(W.inPort, [inPort, 0xffff]);
  for (const { field, value, mask } of match.fields) {
    forEachWord(field, value, mask, (word, v, m) => {
      const [oldValue, oldMask] = values.get(word) ?? [0, 0];
      values.set(word, [oldValue | v, oldMask | m]);
    });
  }
  const words = [...values].sort(([a], [b]) => a - b);
  return Int32Array.from(words.flatMap(([word, [value, mask]]) => [word, value, mask]));
}
