import { SWITCH_LIMITS } from "../../src/base/limits.ts";
import type { Action, ControllerAction, CtAction } from "../../src/rule/action.ts";
import { hasEnd, intoActionSet } from "../../src/rule/action-set.ts";
import { fieldNamed } from "../../src/rule/field.ts";
import { PORT } from "../../src/rule/port.ts";
import { W } from "./layout.ts";
import { learnedRule } from "./learned-rule.ts";
import type { WalkObserver } from "./observer.ts";
import type { DropReason, Operation, Program } from "./operation.ts";
import { isIrreversible, OWN_PORTS, type Pipeline } from "./pipeline.ts";
import type { Entry } from "./table.ts";
import { WalkKey } from "./walk-key.ts";

/** Thrown inside a walk only: it ends it and drops everything, earlier outputs too. */
class Dropped extends Error {
  readonly reason: DropReason;
  constructor(reason: DropReason) {
    super(reason);
    this.reason = reason;
  }
}

type ControllerOperation = Extract<Operation, { op: "controller" }>;

/**
 * One walk of one packet through the tables ("translation" in Open vSwitch). Actions are not done but written down as
 * operations, and `mask` collects the bits of the key that had a say: the result holds for every packet that agrees
 * in them.
 */
export class Walk {
  readonly #pipeline: Pipeline;
  readonly #observer: WalkObserver | null;
  readonly #key: WalkKey;
  #operations: Operation[] = [];
  readonly #entries: Entry[] = [];
  readonly #stack: { value: bigint; bits: number }[] = [];
  #actionSet: Action[] = [];
  #table = 0;
  #depth = 0;
  #resubmits = 0;
  #exit = false;
  /** Tags that were pushed more than popped: by now, and when something last saw the packet. */
  #tags = 0;
  #seenTags = 0;
  /** Of the rule whose actions are done. */
  #cookie: bigint | null = null;

  constructor(pipeline: Pipeline, key: Int32Array, observer: WalkObserver | null = null) {
    this.#pipeline = pipeline;
    this.#observer = observer;
    this.#key = new WalkKey(key);
  }

  get mask(): Int32Array {
    return this.#key.mask;
  }

  /** From a table on. */
  run(table: number): Program {
    return this.#finish(() => this.#enter(table, { reportMiss: true }));
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
      this.#cookie = this.#entries[0]?.rule.cookie ?? null;
      if (hasEnd(set)) this.#list(set);
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

  #enter(
    number: number,
    { inPort = this.#key.inPort, reportMiss = false, ct = false }: EnterOptions,
  ): void {
    const found = this.#find(number, inPort, ct);
    if (found === "untracked") return;
    const from = this.#table;
    this.#table = number;
    this.#observer?.enterTable(number, inPort, found);
    if (found !== null) {
      this.#entries.push(found);
      const outer = this.#cookie;
      this.#cookie = found.rule.cookie;
      this.#list(found.rule.actions);
      this.#cookie = outer;
    } else if (reportMiss) {
      // Open vSwitch has a rule of its own for misses, with cookie 0.
      this.#toController({ reason: "no_match", cookie: 0n });
    }
    this.#observer?.leaveTable();
    this.#table = from;
  }

  /** The rule of a table for the packet as if it had come through `inPort`. */
  #find(number: number, inPort: number, ct: boolean): Entry | null | "untracked" {
    const table = this.#pipeline.table(number);
    const { words, mask } = this.#key;
    let entry: Entry | null = null;
    const look = (): void => {
      const ownPort = words[W.inPort]!;
      words[W.inPort] = inPort;
      entry = table?.find(words, mask) ?? null;
      words[W.inPort] = ownPort;
    };
    if (!ct) look();
    else if (!this.#key.withConnectionTuple(look)) return "untracked";
    return entry;
  }

  /** Does a list of actions; one that stops (an expired TTL) leaves the caller's list to go on. */
  #list(actions: readonly Action[]): void {
    for (const action of actions) {
      if (this.#exit) return;
      this.#observer?.beginAction(action, this.#key.words);
      const goesOn = this.#do(action);
      this.#observer?.endAction(this.#key.words, this.#operations);
      if (!goesOn) return;
    }
  }

  /** False: the rest of the list is not done. */
  #do(action: Action): boolean {
    switch (action.kind) {
      case "output":
        this.#output(this.#pipeline.portNumber(action.port), action.maxLength);
        return true;
      case "output_field":
        this.#output(Number(this.#key.read(action.source)));
        return true;
      case "in_port":
      case "normal":
      case "flood":
      case "all":
      case "local":
        this.#output(OWN_PORTS[action.kind]);
        return true;
      case "controller":
        this.#controller(action);
        return true;
      case "group":
        for (const list of this.#pipeline.groupLists(action.group)) this.#bucket(list);
        return true;
      case "resubmit":
        this.#resubmit(action);
        return true;
      case "goto_table":
        this.#enter(action.table, { reportMiss: true });
        return true;
      case "set_field":
        this.#key.setField(action.field, action.value, action.mask);
        return true;
      case "move":
        if (this.#key.has(action.source.field.prerequisite))
          this.#key.load(action.target, this.#key.read(action.source));
        return true;
      case "load":
        this.#key.load(action.target, action.value);
        return true;
      case "mod":
        this.#key.modify(action.name, action.value);
        return true;
      case "push":
        if (this.#stack.length >= SWITCH_LIMITS.stackBitsMax) throw new Dropped("stack");
        this.#stack.push({ value: this.#key.read(action.subfield), bits: action.subfield.bits });
        return true;
      case "pop": {
        const top = this.#stack.pop();
        const ones = (1n << BigInt(action.subfield.bits)) - 1n;
        if (top !== undefined) this.#key.load(action.subfield, top.value & ones);
        return true;
      }
      case "dec_ttl":
        if (!this.#key.has("ip") || this.#key.decrementTtl()) return true;
        for (const id of action.controllers ?? [0])
          this.#toController({ reason: "invalid_ttl", id });
        return false;
      case "push_vlan":
        this.#commit();
        this.#operations.push({ op: "push_vlan", ethType: action.ethType });
        this.#key.pushTag();
        this.#tags++;
        return true;
      case "pop_vlan":
        if (!this.#key.has("vlan")) return true;
        this.#commit();
        this.#operations.push({ op: "pop_vlan" });
        this.#key.popTag();
        this.#tags--;
        return true;
      case "ct":
        this.#ct(action);
        return true;
      case "ct_clear":
        this.#operations.push({ op: "ct_clear" });
        this.#key.clearCt();
        return true;
      case "learn": {
        const rule = learnedRule(action, (source) => this.#key.read(source));
        this.#operations.push({ op: "learn", rule });
        return true;
      }
      // Queues are the ports' own business.
      case "set_queue":
      case "pop_queue":
      case "note":
        return true;
      case "clone":
        this.#clone(action.actions, this.#actionSet);
        return true;
      case "write_actions":
        for (const inner of action.actions) this.#actionSet = intoActionSet(this.#actionSet, inner);
        return true;
      case "clear_actions":
        this.#actionSet = [];
        return true;
      case "write_metadata":
        this.#key.write(METADATA, action.value & action.mask, action.mask);
        return true;
      case "exit":
        this.#exit = true;
        return false;
    }
  }

  #output(port: number, maxLength?: number): void {
    const { inPort } = this.#key;
    const grown = (this.#tags - this.#seenTags) * TAG_BYTES;
    switch (port) {
      case PORT.none:
        return;
      case PORT.table:
        this.#table0();
        return;
      case PORT.inPort:
        // A packet that is cut goes to a port by its number only.
        if (maxLength !== undefined) return;
        break;
      case PORT.normal:
        this.#commit();
        this.#seenTags = this.#tags;
        this.#operations.push({ op: "normal", inPort });
        return;
      case PORT.flood:
      case PORT.all:
        this.#commit();
        this.#seenTags = this.#tags;
        this.#operations.push({ op: "flood", inPort, toAll: port === PORT.all });
        return;
      case PORT.controller:
        this.#toController({ byRule: true, reason: "action" });
        return;
    }
    // A packet does not go back where it came from, unless the rule says in_port.
    if (port === inPort) return;
    this.#commit();
    this.#seenTags = this.#tags;
    const to = port === PORT.inPort ? inPort : port;
    // The cut is worked out before those tags are there.
    const cut = maxLength === undefined ? {} : { maxLength, grown };
    this.#operations.push({ op: "output", port: to, ...cut });
  }

  #table0(): void {
    this.#nested(0, { reportMiss: true });
  }

  #resubmit({ port, table, ct }: Extract<Action, { kind: "resubmit" }>): void {
    const named = port === null ? PORT.inPort : this.#pipeline.portNumber(port);
    const inPort = named === PORT.inPort ? this.#key.inPort : named;
    this.#nested(table ?? this.#table, { inPort, ct: ct === true });
  }

  /** Only going back, or round, deepens: what goes forward comes to an end by itself. */
  #nested(table: number, options: EnterOptions): void {
    if (this.#depth >= SWITCH_LIMITS.resubmitDepthMax) throw new Dropped("resubmit_depth");
    if (this.#resubmits >= SWITCH_LIMITS.resubmitsMax) throw new Dropped("resubmit_count");
    const deepens = table <= this.#table ? 1 : 0;
    this.#resubmits++;
    this.#depth += deepens;
    this.#enter(table, options);
    this.#depth -= deepens;
  }

  #controller({ reason = "action", id = 0, userdata }: ControllerAction): void {
    this.#toController({
      byRule: true,
      reason,
      id,
      ...(userdata === undefined ? {} : { userdata }),
    });
  }

  #toController(
    what: Pick<ControllerOperation, "reason" | "userdata"> & {
      readonly byRule?: boolean;
      readonly cookie?: bigint;
      readonly id?: number;
    },
  ): void {
    const { byRule = false, reason, cookie = this.#cookie, id = 0, userdata } = what;
    this.#commit();
    this.#seenTags = this.#tags;
    this.#operations.push({
      op: "controller",
      byRule,
      reason,
      id,
      ...(userdata === undefined ? {} : { userdata }),
      table: this.#table,
      cookie,
      words: this.#key.pipelineWords(),
      ctCleared: this.#key.ctCleared,
    });
  }

  #ct({ exec, zone, commit, force, nat, table }: CtAction): void {
    this.#commit();
    this.#seenTags = this.#tags;
    const changes = this.#key.connectionChanges(() => {
      for (const inner of exec) this.#do(inner);
    });
    const number = typeof zone === "number" ? zone : Number(this.#key.read(zone));
    this.#operations.push({ op: "ct", zone: number, commit, force, nat, ...changes });
    if (table !== null)
      this.#operations.push({ op: "recirculate", table, words: this.#key.pipelineWords() });
    // Only the copy that recirculates sees what conntrack said.
    this.#key.clearCt();
  }

  /**
   * A group's bucket. What it set is set back after it, by writing; there is no copy. So what conntrack translated stays
   * translated for whoever comes next, as in Open vSwitch.
   */
  #bucket(actions: readonly Action[]): void {
    if (actions.some(({ kind }) => kind === "push_vlan" || kind === "pop_vlan")) {
      this.#clone(actions);
      this.#exit = false;
      return;
    }
    const before = this.#key.save();
    this.#list(actions);
    this.#key.revert(before);
    this.#exit = false;
  }

  /** `set`: what the action set holds; Open vSwitch carries it out at the end of each clone, too. */
  #clone(actions: readonly Action[], set: readonly Action[] = []): void {
    this.#commit();
    const before = this.#key.save();
    const [tags, seenTags] = [this.#tags, this.#seenTags];
    const [outer, inner]: Operation[][] = [this.#operations, []];
    this.#operations = inner!;
    this.#list(actions);
    const exit = this.#exit;
    this.#exit = false;
    if (hasEnd(set)) this.#list(set);
    this.#exit = exit;
    this.#operations = outer!;
    this.#operations.push({ op: "clone", operations: inner! });
    this.#key.restore(before);
    this.#tags = tags;
    // Open vSwitch copies only for what it cannot take back; tags it takes back before the next output.
    if (actions.some(isIrreversible)) this.#seenTags = seenTags;
  }

  /** Writes the changed fields down before something sees the packet. */
  #commit(): void {
    const words = this.#key.takeChanges();
    if (words.length > 0) this.#operations.push({ op: "write", words });
  }
}

interface EnterOptions {
  readonly inPort?: number;
  /** The controller is told where no rule matches. */
  readonly reportMiss?: boolean;
  /** Match the original direction of the packet's connection. */
  readonly ct?: boolean;
}

const TAG_BYTES = 4;
const METADATA = fieldNamed("metadata");
