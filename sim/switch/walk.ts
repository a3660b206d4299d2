import { SWITCH_LIMITS } from "../../src/base/limits.ts";
import type { Action, CtAction, ModName, Subfield } from "../../src/rule/action.ts";
import { type Field, fieldNamed, type Prerequisite } from "../../src/rule/field.ts";
import { PORT, type PortRef } from "../../src/rule/port.ts";
import { intoActionSet } from "./action-set.ts";
import { hasFields } from "./has-fields.ts";
import { forEachWord, PACKET_WORD, PIPELINE_WORDS, readBits, W, WORDS } from "./layout.ts";
import { learnedRule } from "./learned-rule.ts";
import { MODIFIED } from "./modified.ts";
import type { WalkObserver } from "./observer.ts";
import type { DropReason, Operation, PacketInReason, Program } from "./operation.ts";
import type { Entry, Table } from "./table.ts";

/** What a walk needs to know of its switch. */
export interface Pipeline {
  table(number: number): Table | undefined;
  /** The number of a port; `PORT.none` for a name that the bridge does not have. */
  portNumber(port: PortRef): number;
  /** What a group does with a packet: lists of actions, each on a copy. */
  groupLists(group: number): readonly (readonly Action[])[];
}

/** Thrown inside a walk only: it ends it and drops everything, earlier outputs too. */
class Dropped extends Error {
  readonly reason: DropReason;
  constructor(reason: DropReason) {
    super(reason);
    this.reason = reason;
  }
}

/**
 * One walk of one packet through the tables ("translation" in Open vSwitch). Actions are not done but written down as
 * operations, and `mask` collects the bits of the key that had a say: the result holds for every packet that agrees
 * in them.
 */
export class Walk {
  readonly mask = new Int32Array(WORDS);
  readonly #pipeline: Pipeline;
  readonly #observer: WalkObserver | null;
  readonly #key: Int32Array;
  /** Bits of the packet's fields that were set and are not yet written to its bytes. */
  #dirty = new Int32Array(WORDS);
  /** Bits of registers and conntrack fields that were set. */
  #written = new Int32Array(WORDS);
  #operations: Operation[] = [];
  readonly #entries: Entry[] = [];
  readonly #stack: { value: bigint; bits: number }[] = [];
  #actionSet: Action[] = [];
  #table = 0;
  #depth = 0;
  #resubmits = 0;
  #exit = false;
  /** Of the rule whose actions are done. */
  #cookie: bigint | null = null;
  #ctCleared = false;

  constructor(pipeline: Pipeline, key: Int32Array, observer: WalkObserver | null = null) {
    this.#pipeline = pipeline;
    this.#observer = observer;
    this.#key = key.slice();
    this.mask[W.inPort] = -1;
    this.mask[W.ethType] = -1;
    this.mask[W.nwProto] = -1;
    this.mask[W.ipFrag] = -1;
    this.mask[W.vlanTci] = 0x1000;
  }

  /** From a table on. */
  run(table: number): Program {
    return this.#finish(() => this.#enter(table, this.#key[W.inPort]!, true));
  }

  /** A list of actions that no rule has (`packet-out`). */
  runActions(actions: readonly Action[]): Program {
    return this.#finish(() => this.#list(actions));
  }

  #finish(walk: () => void): Program {
    let dropped: DropReason | null = null;
    try {
      walk();
      const set = this.#actionSet;
      this.#actionSet = [];
      this.#exit = false;
      this.#list(set);
    } catch (error) {
      if (!(error instanceof Dropped)) throw error;
      dropped = error.reason;
    }
    return {
      operations: dropped === null ? this.#operations : [],
      entries: this.#entries,
      dropped,
    };
  }

  #enter(number: number, inPort: number, reportMiss: boolean): void {
    const table = this.#pipeline.table(number);
    const ownPort = this.#key[W.inPort]!;
    const from = this.#table;
    let entry: Entry | null = null;
    if (table !== undefined) {
      this.#key[W.inPort] = inPort;
      entry = table.find(this.#key, this.mask);
      this.#key[W.inPort] = ownPort;
    }
    this.#table = number;
    this.#observer?.enterTable(number, inPort, entry);
    if (entry !== null) {
      this.#entries.push(entry);
      const outer = this.#cookie;
      this.#cookie = entry.rule.cookie;
      this.#list(entry.rule.actions);
      this.#cookie = outer;
    } else if (reportMiss) {
      // Open vSwitch has a rule of its own for misses, with cookie 0.
      this.#toController("no_match", 0n);
    }
    this.#observer?.leaveTable();
    this.#table = from;
  }

  /** Does a list of actions; one that stops (an expired TTL) leaves the caller's list to go on. */
  #list(actions: readonly Action[]): void {
    for (const action of actions) {
      if (this.#exit) return;
      this.#observer?.beginAction(action, this.#key);
      const goesOn = this.#do(action);
      this.#observer?.endAction(this.#key, this.#operations);
      if (!goesOn) return;
    }
  }

  /** False: the rest of the list is not done. */
  #do(action: Action): boolean {
    switch (action.kind) {
      case "output":
        this.#output(this.#pipeline.portNumber(action.port));
        return true;
      case "output_field":
        this.#output(Number(this.#read(action.source)));
        return true;
      case "in_port":
        this.#output(PORT.inPort);
        return true;
      case "normal":
        this.#output(PORT.normal);
        return true;
      case "flood":
        this.#output(PORT.flood);
        return true;
      case "all":
        this.#output(PORT.all);
        return true;
      case "local":
        this.#output(PORT.local);
        return true;
      case "controller":
        this.#output(PORT.controller);
        return true;
      case "group":
        for (const list of this.#pipeline.groupLists(action.group)) this.#bucket(list);
        return true;
      case "resubmit":
        this.#resubmit(action.port, action.table);
        return true;
      case "goto_table":
        this.#enter(action.table, this.#key[W.inPort]!, true);
        return true;
      case "set_field":
        if (this.#has(action.field.prerequisite))
          this.#setField(action.field, action.value, action.mask);
        return true;
      case "move":
        if (this.#has(action.source.field.prerequisite))
          this.#load(action.target, this.#read(action.source));
        return true;
      case "load":
        this.#load(action.target, action.value);
        return true;
      case "mod":
        this.#mod(action.name, action.value);
        return true;
      case "push": {
        if (this.#stack.length >= SWITCH_LIMITS.stackBitsMax) throw new Dropped("stack");
        this.#stack.push({ value: this.#read(action.subfield), bits: action.subfield.bits });
        return true;
      }
      case "pop": {
        const top = this.#stack.pop();
        if (top === undefined) throw new Dropped("stack");
        this.#load(action.subfield, top.value & ((1n << BigInt(action.subfield.bits)) - 1n));
        return true;
      }
      case "dec_ttl":
        return this.#decTtl();
      case "push_vlan":
        this.#commit();
        this.#operations.push({ op: "push_vlan", ethType: action.ethType });
        this.#key[W.vlanTci] = 0x1000;
        return true;
      case "pop_vlan":
        if (!this.#has("vlan")) return true;
        this.#commit();
        this.#operations.push({ op: "pop_vlan" });
        this.#key[W.vlanTci] = 0;
        return true;
      case "ct":
        this.#ct(action);
        return true;
      case "ct_clear":
        this.#operations.push({ op: "ct_clear" });
        this.#clearCt();
        return true;
      case "learn":
        this.#operations.push({
          op: "learn",
          rule: learnedRule(action, (source) => this.#read(source)),
        });
        return true;
      // Queues are the ports' own business.
      case "set_queue":
      case "pop_queue":
      case "note":
        return true;
      case "clone":
        this.#clone(action.actions);
        return true;
      case "write_actions":
        for (const inner of action.actions) this.#actionSet = intoActionSet(this.#actionSet, inner);
        return true;
      case "clear_actions":
        this.#actionSet = [];
        return true;
      case "write_metadata":
        this.#write(fieldNamed("metadata"), action.value, action.mask);
        return true;
      case "exit":
        this.#exit = true;
        return false;
    }
  }

  #output(port: number): void {
    const inPort = this.#key[W.inPort]!;
    switch (port) {
      case PORT.none:
      case PORT.table:
        return;
      case PORT.inPort:
        this.#commit();
        this.#operations.push({ op: "output", port: inPort });
        return;
      case PORT.normal:
        this.#commit();
        this.#operations.push({ op: "normal", inPort });
        return;
      case PORT.flood:
      case PORT.all:
        this.#commit();
        this.#operations.push({ op: "flood", inPort, toAll: port === PORT.all });
        return;
      case PORT.controller:
        this.#toController("action");
        return;
    }
    // A packet does not go back where it came from, unless the rule says in_port.
    if (port === inPort) return;
    this.#commit();
    this.#operations.push({ op: "output", port });
  }

  #resubmit(port: PortRef | null, table: number | null): void {
    if (this.#depth >= SWITCH_LIMITS.resubmitDepthMax) throw new Dropped("resubmit_depth");
    if (this.#resubmits >= SWITCH_LIMITS.resubmitsMax) throw new Dropped("resubmit_count");
    this.#resubmits++;
    this.#depth++;
    const named = port === null ? PORT.inPort : this.#pipeline.portNumber(port);
    const inPort = named === PORT.inPort ? this.#key[W.inPort]! : named;
    this.#enter(table ?? this.#table, inPort, false);
    this.#depth--;
  }

  /** Reads bits of a field; they now have a say in the result. */
  #read({ field, start, bits }: Subfield): bigint {
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
    return readBits(this.#key, field, start, bits);
  }

  #load({ field, start, bits }: Subfield, value: bigint): void {
    if (!this.#has(field.prerequisite)) return;
    const ones = (1n << BigInt(bits)) - 1n;
    this.#write(field, value & ones, ones, start);
  }

  #setField(field: Field, value: bigint, mask: bigint): void {
    this.#write(field, value, mask);
    // Setting a VLAN number or priority on a packet without tag adds the tag.
    if (field.name === "vlan_pcp") this.#write(fieldNamed("vlan_tci"), 0x1000n, 0x1000n);
  }

  #write(field: Field, value: bigint, mask: bigint, start = 0): void {
    forEachWord(
      field,
      value,
      mask,
      (word, v, m) => {
        this.#key[word] = (this.#key[word]! & ~m) | v;
        (word >= PACKET_WORD ? this.#dirty : this.#written)[word]! |= m;
      },
      start,
    );
  }

  #mod(name: ModName, value: bigint): void {
    if (name === "mod_tp_src" || name === "mod_tp_dst") {
      const transport = (["tcp", "udp", "sctp"] as const).find((p) => this.#has(p));
      if (transport === undefined) return;
      this.#write(fieldNamed(transport + name.slice("mod_tp".length)), value, 0xffffn);
      return;
    }
    const [fieldName, mask, shift, always] = MODIFIED[name];
    const field = fieldNamed(fieldName);
    if (this.#has(field.prerequisite)) {
      this.#write(field, ((value << shift) & mask) | always, mask | always);
    }
  }

  #decTtl(): boolean {
    if (!this.#has("ip")) return true;
    this.mask[W.nwTtl] = -1;
    const ttl = this.#key[W.nwTtl]!;
    if (ttl > 1) {
      this.#write(fieldNamed("nw_ttl"), BigInt(ttl - 1), 0xffn);
      return true;
    }
    this.#toController("invalid_ttl");
    return false;
  }

  #toController(reason: PacketInReason, cookie = this.#cookie): void {
    this.#commit();
    this.#operations.push({
      op: "controller",
      reason,
      table: this.#table,
      cookie,
      words: triples(this.#key, this.#written, 0, PIPELINE_WORDS),
      ctCleared: this.#ctCleared,
    });
  }

  #ct(action: CtAction): void {
    this.#commit();
    const kept = this.#key.slice(W.ctState, PACKET_WORD);
    this.#written.fill(0, W.ctState, PACKET_WORD);
    for (const inner of action.exec) this.#do(inner);
    const wordsOf = (from: Int32Array): Int32Array => from.slice(W.ctLabel, W.ctLabel + 4);
    const labelMask = wordsOf(this.#written);
    const label = wordsOf(this.#key).map((word, i) => word & labelMask[i]!);
    const markMask = this.#written[W.ctMark]!;
    this.#operations.push({
      op: "ct",
      zone: typeof action.zone === "number" ? action.zone : Number(this.#read(action.zone)),
      commit: action.commit,
      force: action.force,
      nat: action.nat,
      mark: this.#key[W.ctMark]! & markMask,
      markMask,
      label: labelMask.some((word) => word !== 0) ? { value: label, mask: labelMask } : null,
    });
    this.#key.set(kept, W.ctState);
    if (action.table !== null) {
      const words = triples(this.#key, this.#written, 0, PIPELINE_WORDS);
      this.#operations.push({ op: "recirculate", table: action.table, words });
    }
    // Only the copy that recirculates sees what conntrack said.
    this.#clearCt();
  }

  #clearCt(): void {
    this.#ctCleared = true;
    this.#key.fill(0, W.ctState, PACKET_WORD);
  }

  /**
   * A group's bucket. What it set is set back after it, by writing; there is no copy. So what conntrack translated stays
   * translated for whoever comes next, as in Open vSwitch.
   */
  #bucket(actions: readonly Action[]): void {
    if (actions.some(({ kind }) => kind === "push_vlan" || kind === "pop_vlan")) {
      this.#clone(actions);
      return;
    }
    const before = this.#key.slice();
    const [written, ctCleared] = [this.#written.slice(), this.#ctCleared];
    this.#list(actions);
    for (let w = PACKET_WORD; w < WORDS; w++) {
      const changed = this.#key[w]! ^ before[w]!;
      this.#dirty[w]! |= changed;
      this.mask[w]! |= changed;
    }
    this.#key.set(before);
    this.#written = written;
    this.#ctCleared = ctCleared;
    this.#exit = false;
  }

  #clone(actions: readonly Action[]): void {
    this.#commit();
    const outer = {
      key: this.#key.slice(),
      written: this.#written.slice(),
      operations: this.#operations,
      ctCleared: this.#ctCleared,
    };
    const inner: Operation[] = [];
    this.#operations = inner;
    this.#list(actions);
    this.#operations = outer.operations;
    this.#operations.push({ op: "clone", operations: inner });
    this.#key.set(outer.key);
    this.#written = outer.written;
    this.#ctCleared = outer.ctCleared;
    this.#dirty = new Int32Array(WORDS);
    this.#exit = false;
  }

  /** Writes the changed fields down before something sees the packet. */
  #commit(): void {
    const words = triples(this.#key, this.#dirty, PACKET_WORD, WORDS);
    if (words.length === 0) return;
    this.#dirty.fill(0);
    this.#operations.push({ op: "write", words });
  }

  /** Whether this packet has fields with that prerequisite. */
  #has(prerequisite: Prerequisite): boolean {
    // Type, protocol and fragment have a say in every walk; the ICMP type only here.
    if (prerequisite.startsWith("nd")) this.mask[W.tpSrc] = -1;
    return hasFields(this.#key, prerequisite);
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
