import type { ModName, Subfield } from "../../src/rule/action.ts";
import { type Field, fieldNamed, type Prerequisite } from "../../src/rule/field.ts";
import { hasFields } from "./has-fields.ts";
import { forEachWord, PACKET_WORD, PIPELINE_WORDS, readBits, W, WORDS } from "./layout.ts";
import { MODIFIED } from "./modified.ts";

/** What a walk knows of its packet at one moment, for going back to it. */
export interface WalkKeyState {
  readonly key: Int32Array;
  readonly written: Int32Array;
  readonly innerTags: readonly number[];
  readonly ctCleared: boolean;
}

/** The flow key during a walk: what was read of it has a say in the result, what was written goes into the packet. */
export class WalkKey {
  readonly words: Int32Array;
  /** Bits of the key that had a say. */
  readonly mask = new Int32Array(WORDS);
  /** What the walk takes the packet's bytes to say; a translation on the way it does not know of. */
  readonly #base: Int32Array;
  /** Bits of the packet's fields that were set and are not yet written to its bytes. */
  readonly #dirty = new Int32Array(WORDS);
  /** Bits of the packet's fields that were set at any time of the walk. */
  readonly #touched = new Int32Array(WORDS);
  /** Bits of registers and conntrack fields that were set. */
  #written = new Int32Array(WORDS);
  /** Tags below those that this walk pushed. */
  #innerTags: number[] = [];
  #ctCleared = false;

  constructor(key: Int32Array) {
    this.words = key.slice();
    this.#base = key.slice();
    this.mask[W.inPort] = -1;
    this.mask[W.ethType] = -1;
    this.mask[W.nwProto] = -1;
    this.mask[W.ipFrag] = -1;
    this.mask[W.vlanTci] = 0x1000;
  }

  get inPort(): number {
    return this.words[W.inPort]!;
  }

  /** The conntrack fields were cleared, or hold what no packet at this place can have. */
  get ctCleared(): boolean {
    return this.#ctCleared;
  }

  save(): WalkKeyState {
    return {
      key: this.words.slice(),
      written: this.#written.slice(),
      innerTags: [...this.#innerTags],
      ctCleared: this.#ctCleared,
    };
  }

  /** Back to an earlier moment, with nothing left to write into the packet. */
  restore({ key, written, innerTags, ctCleared }: WalkKeyState): void {
    this.words.set(key);
    this.#base.set(key);
    this.#written = written.slice();
    this.#innerTags = [...innerTags];
    this.#ctCleared = ctCleared;
    this.#dirty.fill(0);
  }

  /** Back to an earlier moment of the same packet: what it got since is to be written back. */
  revert({ key, written, ctCleared }: WalkKeyState): void {
    for (let w = PACKET_WORD; w < WORDS; w++) {
      // Not only what differs: another packet on the same way has other values to be written back.
      const touched = this.#touched[w]!;
      this.#dirty[w]! |= touched;
      this.mask[w]! |= touched;
    }
    this.words.set(key);
    this.#written = written.slice();
    this.#ctCleared = ctCleared;
  }

  /** Whether this packet has fields with that prerequisite. */
  has(prerequisite: Prerequisite): boolean {
    // Type, protocol and fragment have a say in every walk; the ICMP type only here.
    if (prerequisite.startsWith("nd")) this.mask[W.tpSrc] = -1;
    return hasFields(this.words, prerequisite);
  }

  /** Reads bits of a field; they now have a say in the result. */
  read({ field, start, bits }: Subfield): bigint {
    const ones = (1n << BigInt(bits)) - 1n;
    forEachWord(
      field,
      0n,
      ones,
      (word, _value, mask) => {
        this.mask[word]! |= mask;
      },
      start,
    );
    return readBits(this.words, field, start, bits);
  }

  load({ field, start, bits }: Subfield, value: bigint): void {
    if (!this.has(field.prerequisite)) return;
    const ones = (1n << BigInt(bits)) - 1n;
    this.write(field, value & ones, ones, start);
  }

  setField(field: Field, value: bigint, mask: bigint): void {
    if (!this.has(field.prerequisite)) return;
    this.write(field, value, mask);
    // Setting a VLAN number or priority on a packet without tag adds the tag.
    if (field.name === "vlan_pcp") this.write(fieldNamed("vlan_tci"), 0x1000n, 0x1000n);
  }

  write(field: Field, value: bigint, mask: bigint, start = 0): void {
    forEachWord(
      field,
      value,
      mask,
      (word, v, m) => {
        this.words[word] = (this.words[word]! & ~m) | v;
        if (word >= PACKET_WORD) {
          this.#dirty[word]! |= m;
          this.#touched[word]! |= m;
        } else this.#written[word]! |= m;
      },
      start,
    );
  }

  modify(name: ModName, value: bigint): void {
    if (name === "mod_tp_src" || name === "mod_tp_dst") {
      const transport = (["tcp", "udp", "sctp"] as const).find((p) => this.has(p));
      if (transport === undefined) return;
      this.write(fieldNamed(transport + name.slice("mod_tp".length)), value, 0xffffn);
      return;
    }
    const [fieldName, mask, shift, always] = MODIFIED[name];
    const field = fieldNamed(fieldName);
    if (this.has(field.prerequisite)) {
      this.write(field, ((value << shift) & mask) | always, mask | always);
    }
  }

  pushTag(): void {
    this.mask[W.vlanTci] = -1;
    this.#innerTags.push(this.words[W.vlanTci]!);
    this.words[W.vlanTci] = 0x1000;
    this.#base[W.vlanTci] = 0x1000;
  }

  popTag(): void {
    this.words[W.vlanTci] = this.#innerTags.pop() ?? 0;
    this.#base[W.vlanTci] = this.words[W.vlanTci]!;
  }

  /** One hop less; `false`: the packet has no other left, and stays as it is. */
  decrementTtl(): boolean {
    this.mask[W.nwTtl] = -1;
    const ttl = this.words[W.nwTtl]!;
    if (ttl <= 1) return false;
    this.write(fieldNamed("nw_ttl"), BigInt(ttl - 1), 0xffn);
    return true;
  }

  /**
   * What is to be written into the packet's bytes, as triples word, value, mask; it counts as written then. As in Open
   * vSwitch, what was set to the value that it had is not written: a translation that came in between stays.
   */
  takeChanges(): Int32Array {
    for (let w = PACKET_WORD; w < WORDS; w++) {
      const dirty = this.#dirty[w]!;
      if (dirty === 0) continue;
      this.mask[w]! |= dirty;
      if (((this.words[w]! ^ this.#base[w]!) & dirty) === 0) this.#dirty[w] = 0;
      this.#base[w] = this.words[w]!;
    }
    const changes = triples(this.words, this.#dirty, PACKET_WORD, WORDS);
    if (changes.length > 0) this.#dirty.fill(0);
    return changes;
  }

  /** Port and registers that were written, as triples word, value, mask. */
  pipelineWords(): Int32Array {
    return triples(this.words, this.#written, 0, PIPELINE_WORDS);
  }

  /** Calls `exec`, which sets mark and label of the connection, and gives what it set: the packet's own stay. */
  connectionChanges(exec: () => void): {
    readonly mark: number;
    readonly markMask: number;
    readonly label: { readonly value: Int32Array; readonly mask: Int32Array } | null;
  } {
    const kept = this.words.slice(W.ctState, PACKET_WORD);
    this.#written.fill(0, W.ctState, PACKET_WORD);
    exec();
    const labelOf = (from: Int32Array): Int32Array => from.slice(W.ctLabel, W.ctLabel + 4);
    const mask = labelOf(this.#written);
    const value = labelOf(this.words).map((word, i) => word & mask[i]!);
    const markMask = this.#written[W.ctMark]!;
    const mark = this.words[W.ctMark]! & markMask;
    this.words.set(kept, W.ctState);
    return { mark, markMask, label: mask.some((word) => word !== 0) ? { value, mask } : null };
  }

  clearCt(): void {
    this.#ctCleared = true;
    this.words.fill(0, W.ctState, PACKET_WORD);
  }

  /**
   * Calls `look` while the connection's original direction stands where the packet's addresses, protocol and ports are.
   * `false`, and no call: there is none.
   */
  withConnectionTuple(look: () => void): boolean {
    this.mask[W.ctProto] = -1;
    if (this.words[W.ctProto] === 0 || !this.has("ip")) return false;
    const places = this.has("ipv4") ? IPV4_TUPLE : IPV6_TUPLE;
    // Which of the two had a say is not worth telling apart.
    for (const [own, original] of places) this.mask[own] = this.mask[original] = -1;
    this.#swap(places);
    look();
    this.#swap(places);
    return true;
  }

  #swap(places: readonly (readonly [number, number])[]): void {
    for (const [a, b] of places) {
      const word = this.words[a]!;
      this.words[a] = this.words[b]!;
      this.words[b] = word;
    }
  }
}

const IPV4_TUPLE: readonly (readonly [own: number, original: number])[] = [
  [W.ipSrc, W.ctSrc],
  [W.ipDst, W.ctDst],
  [W.nwProto, W.ctProto],
  [W.tpSrc, W.ctTpSrc],
  [W.tpDst, W.ctTpDst],
];

const IPV6_TUPLE: typeof IPV4_TUPLE = [
  ...IPV4_TUPLE,
  ...[1, 2, 3].flatMap((i): [number, number][] => [
    [W.ipSrc + i, W.ctSrc + i],
    [W.ipDst + i, W.ctDst + i],
  ]),
];

function triples(key: Int32Array, masks: Int32Array, from: number, to: number): Int32Array {
  const words: number[] = [];
  for (let w = from; w < to; w++) {
    const mask = masks[w]!;
    if (mask !== 0) words.push(w, key[w]! & mask, mask);
  }
  return Int32Array.from(words);
}
