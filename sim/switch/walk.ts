import { SWITCH_LIMITS } from "../../src/base/limits.ts";
import type { Action, CtAction } from "../../src/rule/action.ts";
import { hasEnd, intoActionSet } from "../../src/rule/action-set.ts";
import { PORT } from "../../src/rule/port.ts";
import { changeKey } from "./change-key.ts";
import { learnedFirst } from "./learned-first.ts";
import { learnedRule } from "./learned-rule.ts";
import { lookUp } from "./look-up.ts";
import type { WalkObserver } from "./observer.ts";
import type { DropReason, Frozen, FrozenAction, Program } from "./operation.ts";
import { isIrreversible, OWN_PORTS, type Pipeline } from "./pipeline.ts";
import type { Entry } from "./table.ts";
import { WalkKey } from "./walk-key.ts";
import { type ControllerNews, WalkOutput } from "./walk-output.ts";

/** Thrown inside a walk only: it ends it and drops everything, earlier outputs too. */
class Dropped extends Error {
  readonly reason: DropReason;
  constructor(reason: DropReason) {
    super(reason);
    this.reason = reason;
  }
}

/**
 * One walk of one packet through the tables ("translation" in Open vSwitch, and in the same order as there:
 * ofproto/ofproto-dpif-xlate.c). Actions are not done but written down as operations, and `mask` collects the bits of the
 * key that had a say: the result holds for every packet that agrees in them.
 */
export class Walk {
  readonly #pipeline: Pipeline;
  readonly #observer: WalkObserver | null;
  readonly #key: WalkKey;
  readonly #out: WalkOutput;
  readonly #entries: Entry[] = [];
  #stack: { readonly value: bigint; readonly bits: number }[] = [];
  #actionSet: readonly Action[] = [];
  #table = 0;
  #depth = 0;
  #resubmits = 0;
  /** Nothing more is done: after `exit`, or because the walk is frozen. */
  #exit = false;
  /** What the next walk is to do, while the way back to where that one begins is not over. */
  #frozen: FrozenAction[] | null = null;
  /** Whether the conntrack fields are those of the packet. */
  #tracked = false;
  /** Of the rule whose actions are done. */
  #cookie: bigint | null = null;

  constructor(pipeline: Pipeline, key: Int32Array, observer: WalkObserver | null = null) {
    this.#pipeline = pipeline;
    this.#observer = observer;
    this.#key = new WalkKey(key);
    this.#out = new WalkOutput(this.#key);
  }

  get mask(): Int32Array {
    return this.#key.mask;
  }

  /** From a table on, which another walk may have left something to: `frozen`. */
  run(table: number, frozen: Frozen | null = null): Program {
    return this.#finish(() => {
      this.#tracked = frozen === null || frozen.tracked;
      if (!this.#tracked) this.#key.clearCt();
      if (frozen !== null) {
        this.#stack = [...frozen.stack];
        this.#actionSet = frozen.actionSet;
      }
      const actions = frozen?.actions ?? null;
      if (actions === null) this.#enter(table, { reportMiss: true, isLast: true });
      else this.#each(actions, true);
    });
  }

  /** A list of actions that no rule has (`packet-out`). */
  runActions(actions: readonly Action[]): Program {
    return this.#finish(() => this.#list(actions, true));
  }

  #finish(walk: () => void): Program {
    let dropped: DropReason | null = null;
    try {
      walk();
      this.#cookie = this.#entries[0]?.rule.cookie ?? this.#cookie;
      this.#end();
    } catch (error) {
      if (!(error instanceof Dropped)) throw error;
      dropped = error.reason;
    }
    return {
      operations: dropped === null ? learnedFirst(this.#out.operations) : [],
      entries: this.#entries,
      dropped,
    };
  }

  /** At the end of a walk or a clone: the action set, or another walk. After `exit` there is no action set. */
  #end(): void {
    const set = this.#actionSet;
    if (this.#frozen === null) {
      this.#actionSet = [];
      if (hasEnd(set)) this.#list(set, true);
    }
    if (this.#frozen === null) return;
    this.#out.hash();
    this.#recirculate(0, this.#frozen);
    this.#frozen = null;
  }

  #recirculate(table: number, actions: readonly FrozenAction[] | null): void {
    const [stack, actionSet, tracked] = [[...this.#stack], this.#actionSet, this.#tracked];
    const isPlain = actions === null && stack.length === 0 && actionSet.length === 0;
    this.#out.recirculate(table, isPlain ? null : { actions, actionSet, stack, tracked });
  }

  #enter(
    number: number,
    { inPort = this.#key.inPort, reportMiss = false, ct = false, isLast }: EnterOptions,
  ): void {
    const found = lookUp(this.#key, this.#pipeline.table(number), inPort, ct);
    if (found === "untracked") return;
    const from = this.#table;
    this.#table = number;
    this.#observer?.enterTable(number, inPort, found);
    if (found !== null) {
      this.#entries.push(found);
      const outer = this.#cookie;
      this.#cookie = found.rule.cookie;
      this.#list(found.rule.actions, isLast);
      this.#cookie = outer;
    } else if (reportMiss) {
      // Open vSwitch has a rule of its own for misses, with cookie 0.
      this.#toController({ reason: "no_match", cookie: 0n });
    }
    this.#observer?.leaveTable();
    this.#table = from;
  }

  /**
   * Does a list of actions; one that stops (an expired TTL) leaves the caller's list to go on. `isLast`: nothing comes
   * after it.
   */
  #list(actions: readonly Action[], isLast: boolean): void {
    const [table, cookie] = [this.#table, this.#cookie];
    this.#each(
      actions.map((action) => ({ action, table, cookie })),
      isLast,
    );
  }

  /** The same with actions of several rules, which another walk has left: one list, whatever lists they came from. */
  #each(items: readonly FrozenAction[], isLast: boolean): void {
    for (const [i, { action, table, cookie }] of items.entries()) {
      if (this.#exit) {
        this.#freeze(items.slice(i));
        return;
      }
      this.#table = table;
      this.#cookie = cookie;
      this.#observer?.beginAction(action, this.#key.words);
      const endsHere = isLast && i === items.length - 1 && this.#actionSet.length === 0;
      const goesOn = this.#do(action, endsHere);
      this.#observer?.endAction(this.#key.words, this.#out.operations);
      if (!goesOn) return;
      // It is to be done again by the next walk.
      if (this.#frozen?.length === 0) {
        this.#freeze(items.slice(i));
        return;
      }
    }
  }

  #freeze(items: readonly FrozenAction[]): void {
    for (const item of items) {
      const { action } = item;
      // The next walk has no instructions.
      const resubmit = { kind: "resubmit", port: null } as const;
      const isGoto = action.kind === "goto_table";
      this.#frozen?.push(isGoto ? { ...item, action: { ...resubmit, table: action.table } } : item);
    }
  }

  /** False: the rest of the list is not done. */
  #do(action: Action, isLast: boolean): boolean {
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
      case "controller": {
        const { reason = "action", id = 0, userdata } = action;
        const data = userdata === undefined ? {} : { userdata };
        this.#toController({ byRule: true, reason, id, ...data });
        return true;
      }
      case "group":
        this.#group(action.group, isLast);
        return true;
      case "resubmit": {
        const { port, table, ct = false } = action;
        const named = port === null ? PORT.inPort : this.#pipeline.portNumber(port);
        const inPort = named === PORT.inPort ? this.#key.inPort : named;
        this.#nested(table ?? this.#table, { inPort, ct, isLast });
        return true;
      }
      case "goto_table":
        this.#enter(action.table, { reportMiss: true, isLast });
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
      case "pop_vlan":
        if (this.#key.has("vlan")) this.#key.popTag();
        return true;
      case "ct":
        this.#ct(action);
        return true;
      case "ct_clear":
        if (this.#tracked) this.#out.ctClear();
        this.#tracked = false;
        return true;
      case "learn":
        this.#out.learn(learnedRule(action, (source) => this.#key.read(source)));
        return true;
      // Queues are the ports' own business.
      case "set_queue":
      case "pop_queue":
      case "note":
        return true;
      case "clone":
        this.#clone(action.actions, isLast);
        return true;
      case "write_actions":
        for (const inner of action.actions) this.#actionSet = intoActionSet(this.#actionSet, inner);
        return true;
      case "clear_actions":
        this.#actionSet = [];
        return true;
      case "exit":
        this.#exit = true;
        return false;
      default:
        changeKey(this.#key, action);
        return true;
    }
  }

  #output(port: number, maxLength?: number): void {
    if (port === PORT.table) this.#nested(0, { reportMiss: true, isLast: false });
    else if (port === PORT.controller) this.#toController({ byRule: true, reason: "action" });
    else this.#out.output(port, maxLength);
  }

  #toController(what: Omit<ControllerNews, "table" | "cookie"> & { cookie?: bigint }): void {
    this.#out.controller({ table: this.#table, cookie: this.#cookie, ...what });
  }

  /** Only going back, or round, deepens: what goes forward comes to an end by itself. */
  #nested(table: number, options: EnterOptions): void {
    this.#checkResources();
    const deepens = table <= this.#table ? 1 : 0;
    this.#resubmits++;
    this.#depth += deepens;
    this.#enter(table, options);
    this.#depth -= deepens;
  }

  #checkResources(): void {
    if (this.#depth >= SWITCH_LIMITS.resubmitDepthMax) throw new Dropped("resubmit_depth");
    if (this.#resubmits >= SWITCH_LIMITS.resubmitsMax) throw new Dropped("resubmit_count");
  }

  #ct(action: CtAction): void {
    const { zone } = action;
    const number = typeof zone === "number" ? zone : Number(this.#key.read(zone));
    this.#out.ct(number, action, () => {
      for (const inner of action.exec) this.#do(inner, false);
    });
    if (action.table !== null) {
      this.#tracked = true;
      this.#recirculate(action.table, null);
    }
    // Only the copy that recirculates sees what conntrack said.
    this.#tracked = false;
    this.#key.clearCt();
  }

  /** A select group may need a hash, which only another walk can have; that one begins with the group. */
  #group(group: number, isLast: boolean): void {
    this.#checkResources();
    const lists = this.#pipeline.groupLists(group, () => this.#key.dpHash);
    if (lists === null) {
      this.#exit = true;
      this.#frozen = [];
      return;
    }
    for (const [i, list] of lists.entries()) this.#bucket(list, isLast && i === lists.length - 1);
  }

  /**
   * What a bucket set is set back after it, by writing; there is no copy. So what conntrack translated stays translated
   * for whoever comes next. What ends a bucket ends nothing else.
   */
  #bucket(actions: readonly Action[], isLast: boolean): void {
    const before = this.#key.save();
    this.#depth++;
    this.#list(actions, isLast);
    this.#depth--;
    if (this.#frozen !== null) this.#end();
    this.#key.restore(before);
    this.#exit = false;
  }

  /**
   * A copy only where there is something that cannot be set back, and where somebody comes after it. What the action set
   * holds is done at the end of each clone, too; what ends a clone ends the rest of the walk.
   */
  #clone(actions: readonly Action[], isLast: boolean): void {
    const [stack, set] = [this.#stack, this.#actionSet];
    this.#stack = [...stack];
    const copies = !isLast && actions.some(isIrreversible);
    if (copies) {
      const tracked = this.#tracked;
      this.#out.clone(() => this.#inner(actions, true));
      this.#tracked = tracked;
    } else this.#inner(actions, isLast);
    this.#stack = stack;
    this.#actionSet = set;
  }

  #inner(actions: readonly Action[], isLast: boolean): void {
    const before = this.#key.save();
    this.#list(actions, isLast);
    this.#end();
    this.#key.restore(before);
  }
}

interface EnterOptions {
  readonly inPort?: number;
  /** The controller is told where no rule matches. */
  readonly reportMiss?: boolean;
  /** Match the original direction of the packet's connection. */
  readonly ct?: boolean;
  /** Nothing comes after it. */
  readonly isLast: boolean;
}
