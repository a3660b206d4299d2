import { CONTAIN_LIMITS, SWITCH_LIMITS } from "../base/limits.ts";
import type { Action, CtAction, ModName, Subfield } from "../rule/action.ts";
import { intoActionSet } from "../rule/action-set.ts";
import { type Field, fieldNamed } from "../rule/field.ts";
import { PORT, type PortRef } from "../rule/port.ts";
import type { Rule } from "../rule/rule.ts";
import { bitsNamed } from "./bits.ts";
import { type Commit, marksOf, type Tracked } from "./connection.ts";
import { decremented } from "./decrement.ts";
import type { PortNumber } from "./egress.ts";
import { settled } from "./formula.ts";
import { has } from "./packet-class.ts";
import {
  conditions,
  constant,
  constantOf,
  excluding,
  Fresh,
  isSame,
  read,
  readSubfield,
  requiring,
  type State,
  write,
  ZERO,
} from "./state.ts";
import { cleared, masked, track } from "./track.ts";
import { Undecided } from "./undecided.ts";

export interface WalkEvents {
  /** These packets leave through that port. */
  readonly onOut: (state: State, to: PortNumber) => void;
  /** These packets begin a connection. */
  readonly onCommit: (commit: Commit) => void;
}

type Next = (state: State) => void;

/** How a list goes on, and what comes at the end of everything (`exit`). */
interface Road {
  readonly go: Next;
  readonly end: Next;
}

/** Sends sets of packets through tables as `sim/switch/walk.ts` sends one packet, and follows every branch that can be. */
export class Walk {
  readonly #tables: ReadonlyMap<number, readonly Rule[]>;
  readonly #commits: readonly Commit[];
  readonly #events: WalkEvents;
  readonly #fresh = new Fresh();
  readonly #numbers: ReadonlyMap<Rule, number>;
  readonly #steps: { left: number };
  #nested = 0;

  constructor(
    rules: readonly Rule[],
    commits: readonly Commit[],
    events: WalkEvents,
    steps: { left: number },
  ) {
    this.#tables = Map.groupBy(
      rules.toSorted((a, b) => b.priority - a.priority),
      ({ table }) => table,
    );
    this.#numbers = new Map(rules.map((rule, i) => [rule, i]));
    this.#commits = commits;
    this.#events = events;
    this.#steps = steps;
  }

  /** Throws Undecided. */
  run(state: State): void {
    this.#pipeline(0, state);
  }

  /** From a table to the end: what `write_actions` has gathered is done last. */
  #pipeline(table: number, state: State): void {
    const end: Next = (last) => {
      const nothing = () => {};
      this.#list(last.actionSet, { ...last, actionSet: [] }, 0, { go: nothing, end: nothing });
    };
    this.#lookup(table, state, 0, { go: end, end });
  }

  #lookup(table: number, state: State, depth: number, next: Road, seenAs = state.inPort): void {
    let left: State | null = state;
    for (const rule of this.#tables.get(table) ?? []) {
      if (this.#steps.left-- <= 0)
        throw new Undecided(`more than ${CONTAIN_LIMITS.stepsMax} steps`);
      if (left === null) return;
      if (rule.match.inPort !== null && portNumber(rule.match.inPort) !== seenAs) continue;
      const literals = conditions(left, rule.match);
      if (literals === null) continue;
      const matched = simplified(requiring(left, literals));
      if (matched === null) continue;
      this.#list(rule.actions, { ...matched, path: [...state.path, rule] }, depth, next);
      left = simplified(excluding(left, literals));
    }
    // A miss: a switch in secure mode drops it, and after a resubmit the list goes on.
    if (left !== null && depth > 0) next.go(left);
  }

  #list(actions: readonly Action[], state: State, depth: number, road: Road): void {
    const [action, ...rest] = actions;
    if (action === undefined) {
      road.go(state);
      return;
    }
    if (this.#nested >= CONTAIN_LIMITS.actionsMax)
      throw new Undecided(`a packet meets more than ${CONTAIN_LIMITS.actionsMax} actions`);
    this.#nested++;
    const go: Next = (after) => this.#list(rest, after, depth, road);
    this.#do(action, state, depth, { go, end: road.end });
    this.#nested--;
  }

  #do(action: Action, state: State, depth: number, road: Road): void {
    const next = road.go;
    switch (action.kind) {
      case "output":
        this.#out(state, portNumber(action.port));
        next(state);
        break;
      case "output_field": {
        const port = constantOf(readSubfield(state, action.source));
        this.#out(state, port === null ? PORT.all : Number(port));
        next(state);
        break;
      }
      case "in_port":
        // Back to the sender it goes no further than whence it came; but `in_port` may have been changed.
        if (state.inPort !== state.from) this.#events.onOut(state, state.inPort);
        next(state);
        break;
      case "local":
        this.#out(state, PORT.local);
        next(state);
        break;
      case "controller":
        this.#out(state, PORT.controller);
        next(state);
        break;
      case "normal":
      case "flood":
      case "all":
        this.#out(state, PORT[action.kind]);
        next(state);
        break;
      case "group":
        throw new Undecided("what a group does is not in the rules");
      case "learn":
        throw new Undecided("rules that are learned are not known beforehand");
      case "resubmit": {
        if (depth >= CONTAIN_LIMITS.resubmitDepthMax) return;
        if (action.ct === true) throw new Undecided("resubmit with ct looks up other addresses");
        const port = action.port === null ? state.inPort : portNumber(action.port);
        const seenAs = port === PORT.inPort ? state.inPort : port;
        this.#lookup(action.table ?? tableOf(state), state, depth + 1, road, seenAs);
        break;
      }
      case "goto_table":
        this.#lookup(action.table, state, depth, road);
        break;
      case "ct":
        this.#track(action, state, next);
        break;
      case "ct_clear":
        next(cleared(state));
        break;
      case "clone": {
        // What it changes is forgotten; what it asked of the packet and its `exit` stay. It does the action set, too.
        const back = ({ formula, earlier, packets, known }: State): State => ({
          ...state,
          ...{ formula, earlier, packets, known },
        });
        const end: Next = (after) => road.end({ ...back(after), actionSet: [] });
        const done = { go: (after: State) => next(back(after)), end };
        const go: Next = (after) => this.#list(after.actionSet, after, depth, done);
        this.#list(action.actions, state, depth, { go, end });
        break;
      }
      case "write_actions":
        next({ ...state, actionSet: action.actions.reduce(intoActionSet, state.actionSet) });
        break;
      case "clear_actions":
        next({ ...state, actionSet: [] });
        break;
      case "exit":
        road.end({ ...state, actionSet: [] });
        break;
      default:
        next(this.#changed(action, state));
        break;
    }
  }

  /** Actions that change the packet or the pipeline's fields and nothing else. */
  #changed(action: Action, state: State): State {
    switch (action.kind) {
      case "set_field":
        if (!has(state.class, action.field.prerequisite)) return state;
        return this.#written(
          state,
          action.field,
          masked(read(state, action.field), action.value, action.mask),
          0,
        );
      case "load":
        return this.#loaded(state, action.target, constant(action.value, action.target.bits));
      case "move":
        if (!has(state.class, action.source.field.prerequisite)) return state;
        return this.#loaded(state, action.target, readSubfield(state, action.source));
      case "push":
        return { ...state, stack: [...state.stack, readSubfield(state, action.subfield)] };
      case "pop": {
        const top = state.stack.at(-1);
        if (top === undefined) throw new Undecided("pop from an empty stack drops the packet");
        const { bits } = action.subfield;
        const sources = Array.from({ length: bits }, (_, i) => top[i] ?? ZERO);
        return this.#loaded(
          { ...state, stack: state.stack.slice(0, -1) },
          action.subfield,
          sources,
        );
      }
      case "mod":
        return this.#modified(state, action.name, action.value);
      case "dec_ttl":
        return has(state.class, "ip") ? decremented(state, this.#fresh) : state;
      case "push_vlan":
        return write(state, fieldNamed("vlan_tci"), constant(0x1000n, 16));
      case "pop_vlan":
        // What the next tag says, if there is one, is not looked at: as if it could be anything.
        return write(state, fieldNamed("vlan_tci"), constant(0n, 16));
      case "write_metadata": {
        const metadata = fieldNamed("metadata");
        return write(state, metadata, masked(read(state, metadata), action.value, action.mask));
      }
      default:
        return state;
    }
  }

  #loaded(state: State, { field, start }: Subfield, sources: readonly number[]): State {
    if (!has(state.class, field.prerequisite)) return state;
    return this.#written(state, field, sources, start);
  }

  #written(state: State, field: Field, sources: readonly number[], start: number): State {
    const next = write(state, field, sources, start);
    if (field.name !== "in_port") return next;
    const port = constantOf(read(next, field));
    if (port === null) throw new Undecided("in_port is computed from the packet");
    return { ...next, inPort: Number(port) };
  }

  #modified(state: State, name: ModName, value: bigint): State {
    const { family, transport } = state.class;
    const ip = family === 6 ? "ipv6" : "ip";
    const target = {
      mod_dl_src: "eth_src",
      mod_dl_dst: "eth_dst",
      mod_nw_src: `${ip}_src`,
      mod_nw_dst: `${ip}_dst`,
      mod_nw_tos: "ip_dscp",
      mod_nw_ecn: "nw_ecn",
      mod_nw_ttl: "nw_ttl",
      mod_tp_src: `${transport}_src`,
      mod_tp_dst: `${transport}_dst`,
      mod_vlan_vid: "vlan_vid",
      mod_vlan_pcp: "vlan_pcp",
    }[name];
    if (
      name.startsWith("mod_tp") &&
      transport !== "tcp" &&
      transport !== "udp" &&
      transport !== "sctp"
    )
      return state;
    const field = fieldNamed(target);
    if (!has(state.class, field.prerequisite)) return state;
    const wanted = name === "mod_nw_tos" ? value >> 2n : value;
    const tag = fieldNamed("vlan_tci");
    const tagged = name.startsWith("mod_vlan") ? write(state, tag, constant(1n, 1), 12) : state;
    return write(tagged, field, constant(wanted, name === "mod_vlan_vid" ? 12 : field.bits));
  }

  /** Each answer of conntrack goes its way; the list goes on with its fields cleared, but what it knows stays known. */
  #track(action: CtAction, state: State, next: Next): void {
    for (const seen of track(state, action, this.#commits, this.#fresh)) {
      const after = simplified(seen);
      if (after === null) continue;
      if (after.earlier.length > CONTAIN_LIMITS.earlierMax)
        throw new Undecided(`a way needs more than ${CONTAIN_LIMITS.earlierMax} packets before it`);
      const { tracked, formula, earlier, packets, known } = after;
      if (action.commit && tracked !== null && isNews(tracked))
        this.#events.onCommit({ key: this.#commitKey(after, action), state: after, tracked });
      if (action.table !== null) this.#recirculate(action.table, after);
      next({ ...cleared(state), formula, earlier, packets, known });
    }
  }

  /** Beyond so many passes Open vSwitch drops the packet. One that came by as the same before goes in a circle. */
  #recirculate(table: number, state: State): void {
    if (state.passes.length >= SWITCH_LIMITS.recirculationsMax) return;
    if (state.passes.some((pass) => pass.table === table && isSame(pass.state, state))) return;
    this.#pipeline(table, { ...state, passes: [...state.passes, { table, state }] });
  }

  /** Two commits with the same key are one: the same rules, for the same kind of packet, after the same ones. */
  #commitKey(
    { tracked, path, from, class: { name }, earlier, formula }: State,
    action: CtAction,
  ): string {
    const rules = path.map((rule) => this.#numbers.get(rule));
    const flags = bitsNamed("tcp_flags").map((bit) => formula.units.get(bit) ?? "x");
    const marks = tracked === null ? "" : [...tracked.before, marksOf(tracked)].join(";");
    return [
      from,
      name,
      flags.join(""),
      tracked?.verdict,
      tracked?.zone,
      tracked?.of,
      action.force,
      earlier.length,
      marks,
      ...rules,
    ].join(" ");
  }

  #out(state: State, port: PortNumber): void {
    if (port === PORT.table) throw new Undecided("what output:TABLE does next is not followed");
    if (port === state.inPort || port === PORT.none || port === PORT.inPort) return;
    this.#events.onOut(state, port);
  }
}

/** Whether a commit makes something that was not there: a connection, or another mark of one. Errors change nothing. */
function isNews(tracked: Tracked): boolean {
  const { verdict, original, before, begunBy } = tracked;
  if (original === null || verdict === "invalid" || verdict.startsWith("related")) return false;
  return begunBy === null || !before.includes(marksOf(tracked));
}

function portNumber(port: PortRef): PortNumber {
  if (typeof port === "string") throw new Undecided(`nobody knows the port "${port}"`);
  return port;
}

/** `resubmit(port)` without a table: the one that it stands in. */
function tableOf(state: State): number {
  return state.path.at(-1)?.table ?? 0;
}

/** `null`: there are no such packets. What only guessing would rule out is still there. */
function simplified(state: State | null): State | null {
  if (state === null) return null;
  const formula = settled(state.formula);
  return formula === null ? null : { ...state, formula };
}
