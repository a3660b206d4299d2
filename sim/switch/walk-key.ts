import type { ModName, Subfield } from "../../src/rule/action.ts";
import { type Field, fieldNamed, type Prerequisite } from "../../src/rule/field.ts";
import { hasFields } from "./has-fields.ts";
import {
  forEachWord,
  PACKET_WORD,
  PIPELINE_WORDS,
  readBits,
  SERVICE_TAG,
  W,
  WORDS,
} from "./layout.ts";
import { MODIFIED } from "./modified.ts";
import type { Operation } from "./operation.ts";
import { normalStack, retag, type TagStack } from "./tag-stack.ts";

/** What a walk knows of its packet at one moment, for going back to it. */
export interface WalkKeyState {
  readonly key: Int32Array;
  readonly written: Int32Array;
  readonly innerTag: number;
  readonly ctCleared: boolean;
}

/** What the packet's bytes say at one moment. */
export interface WalkBase {
  readonly key: Int32Array;
  readonly tags: TagStack;
}

/**
 * The flow key during a walk: what was read of it has a say in the result, what was set goes into the packet. As in Open
 * vSwitch, it is compared with what the packet's bytes are taken to say: what was set to the value that they have is not
 * written, and what was set and is taken back is written back once something sees the packet again.
 */
export class WalkKey {
  readonly words: Int32Array;
  /** Bits of the key that had a say. */
  readonly mask = new Int32Array(WORDS);
  /** What the packet's bytes are taken to say; a translation on the way it does not know of. */
  #base: Int32Array;
  #baseTags: TagStack;
  /** The tag below the one in `words`, where this walk pushed that. */
  #innerTag = 0;
  /** Bits of the packet's fields that were set at any time of the walk. */
  readonly #touched = new Int32Array(WORDS);
  /** Bits of registers and conntrack fields that were set. */
  #written = new Int32Array(WORDS);
  #ctCleared = false;

  constructor(key: Int32Array) {
    this.words = key.slice();
    this.#base = key.slice();
    this.#baseTags = this.#tags;
    this.mask[W.inPort] = -1;
    this.mask[W.ethType] = -1;
    this.mask[W.nwProto] = -1;
    this.mask[W.ipFrag] = -1;
    this.mask[W.vlanTci] = 0x1000;
  }

  get inPort(): number {
    return this.words[W.inPort]!;
  }

  /** What a select group chooses by; 0: not known yet. */
  get dpHash(): number {
    this.mask[W.dpHash] = -1;
    return this.words[W.dpHash]!;
  }

  /** Of the outer tag; 0 where there is none. */
  get vlan(): number {
    const tag = this.words[W.vlanTci]!;
    return (tag & 0x1000) === 0 ? 0 : tag & 0xfff;
  }

  get #tags(): TagStack {
    return [this.words[W.vlanTci]!, this.#innerTag];
  }

  /** The conntrack fields were cleared, or hold what no packet at this place can have. */
  get ctCleared(): boolean {
    return this.#ctCleared;
  }

  save(): WalkKeyState {
    return {
      key: this.words.slice(),
      written: this.#written.slice(),
      innerTag: this.#innerTag,
      ctCleared: this.#ctCleared,
    };
  }

  /** Back to an earlier moment; what the packet got since is to be written back. */
  restore({ key, written, innerTag, ctCleared }: WalkKeyState): void {
    this.words.set(key);
    this.#written = written.slice();
    this.#innerTag = innerTag;
    this.#ctCleared = ctCleared;
  }

  get base(): WalkBase {
    return { key: this.#base.slice(), tags: this.#baseTags };
  }

  /** The packet is another one from here on: that of an earlier moment. */
  set base({ key, tags }: WalkBase) {
    this.#base = key;
    this.#baseTags = tags;
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
        const set = word >= PACKET_WORD ? this.#touched : this.#written;
        set[word]! |= m;
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

  pushTag(ethType: number): void {
    this.mask[W.vlanTci] = -1;
    this.#touched[W.vlanTci] = -1;
    this.#innerTag = this.words[W.vlanTci]!;
    this.words[W.vlanTci] = ethType === 0x8100 ? 0x1000 : 0x1000 | SERVICE_TAG;
  }

  popTag(): void {
    this.#touched[W.vlanTci] = -1;
    this.words[W.vlanTci] = this.#innerTag;
    this.#innerTag = 0;
  }

  /** One hop less; `false`: the packet has no other left, and stays as it is. */
  decrementTtl(): boolean {
    this.mask[W.nwTtl] = -1;
    const ttl = this.words[W.nwTtl]!;
    if (ttl <= 1) return false;
    this.write(fieldNamed("nw_ttl"), BigInt(ttl - 1), 0xffn);
    return true;
  }

  /** What gives the packet's bytes all that was set; they count as written then. */
  takeChanges(): Operation[] {
    return this.#takeChanges(this.#tags);
  }

  /** The same, with the tags that `normal` sends. */
  takeNormalChanges(): Operation[] {
    this.mask[W.vlanTci] = -1;
    return this.#takeChanges(normalStack(this.#tags));
  }

  #takeChanges(tags: TagStack): Operation[] {
    const changes: number[] = [];
    for (let w: number = PACKET_WORD; w < WORDS; w++) {
      const touched = this.#touched[w]!;
      if (touched === 0) continue;
      this.mask[w]! |= touched;
      if (w === W.vlanTci || ((this.words[w]! ^ this.#base[w]!) & touched) === 0) continue;
      changes.push(w, this.words[w]! & touched, touched);
      this.#base[w] = this.words[w]!;
    }
    const operations: Operation[] = [];
    if (changes.length > 0) operations.push({ op: "write", words: Int32Array.from(changes) });
    const [outer, inner] = this.#baseTags;
    if (outer !== tags[0] || inner !== tags[1]) {
      this.mask[W.vlanTci] = -1;
      operations.push(...retag(this.#baseTags, tags));
      this.#baseTags = tags;
    }
    return operations;
  }

  /** Port and registers that were written, as triples word, value, mask. */
  pipelineWords(): Int32Array {
    return triples(this.words, this.#written, 0, PIPELINE_WORDS);
  }

  /**
   * Calls `exec`, which sets mark and label of the connection, and gives what it set: the packet's own stay. Open vSwitch
   * takes the bits that `exec` reads for set, too: the connection gets them from the packet.
   */
  connectionChanges(exec: () => void): {
    readonly mark: number;
    readonly markMask: number;
    readonly label: { readonly value: Int32Array; readonly mask: Int32Array } | null;
  } {
    const kept = this.words.slice(W.ctState, PACKET_WORD);
    const [from, to] = [W.ctMark, W.ctLabel + 4];
    const seen = this.mask.slice(from, to);
    this.#written.fill(0, W.ctState, PACKET_WORD);
    this.mask.fill(0, from, to);
    exec();
    const used = this.mask.slice(from, to).map((read, i) => read | this.#written[from + i]!);
    const values = this.words.slice(from, to).map((word, i) => word & used[i]!);
    for (const [i, bits] of seen.entries()) this.mask[from + i]! |= bits;
    this.words.set(kept, W.ctState);
    const mask = used.slice(1);
    return {
      mark: values[0]!,
      markMask: used[0]!,
      label: mask.some((word) => word !== 0) ? { value: values.slice(1), mask } : null,
    };
  }

  clearCt(): void {
    this.#ctCleared = true;
    this.words.fill(0, W.ctState, PACKET_WORD);
  }
}

function triples(key: Int32Array, masks: Int32Array, from: number, to: number): Int32Array {
  const words: number[] = [];
  for (let w = from; w < to; w++) {
    const mask = masks[w]!;
    if (mask !== 0) words.push(w, key[w]! & mask, mask);
  }
  return Int32Array.from(words);
}
