import type { Action, CtAction } from "../rule/action.ts";
import { fieldNamed } from "../rule/field.ts";
import { CT_STATE_BITS, TCP_FLAG_BITS } from "../rule/match.ts";
import {
  type Commit,
  type Joined,
  joined,
  same,
  type Tracked,
  type TupleBits,
  tupleOf,
  turned,
  type Verdict,
} from "./connection.ts";
import { either, type Formula, literal } from "./formula.ts";
import {
  constant,
  constantOf,
  type Fresh,
  ONE,
  read,
  readSubfield,
  requireBits,
  type State,
  write,
  ZERO,
} from "./state.ts";
import { translated } from "./translate.ts";

const CT_STATE = fieldNamed("ct_state");
const CT_ZONE = fieldNamed("ct_zone");
const CT_MARK = fieldNamed("ct_mark");
const CT_LABEL = fieldNamed("ct_label");
/** Set by a pass, cleared by `ct_clear` and after a fork. */
const CT_FIELDS = [
  ...["ct_state", "ct_zone", "ct_mark", "ct_label", "ct_nw_src", "ct_nw_dst"],
  ...["ct_ipv6_src", "ct_ipv6_dst", "ct_nw_proto", "ct_tp_src", "ct_tp_dst"],
].map((name) => fieldNamed(name));

const STATE_OF: Readonly<Record<Verdict, readonly string[]>> = {
  invalid: ["trk", "inv"],
  new: ["trk", "new"],
  established: ["trk", "est"],
  reply: ["trk", "est", "rpl"],
  related: ["trk", "rel"],
  "related reply": ["trk", "rel", "rpl"],
};

/** ICMP queries that may begin a connection, and errors about one. */
const QUERIES = { icmp: [8, 13, 15, 17], icmpv6: [128] } as const;
const ERRORS = { icmp: [3, 4, 5, 11, 12], icmpv6: [1, 2, 3, 4] } as const;

/** TCP flags of a first segment that conntrack takes (`+new`), as [set, clear]. Others are `+inv`. */
const FIRST_SEGMENTS = [
  [["syn"], ["ack", "fin", "rst"]],
  [["ack"], ["syn"]],
  [["rst"], ["syn", "ack"]],
] as const;
/** Segments of a connection that stands. */
const MIDDLE = [
  [["ack"], ["syn", "rst"]],
  [["rst"], ["syn"]],
] as const;
const HANDSHAKE: readonly [readonly string[], readonly string[]] = [
  ["syn", "ack"],
  ["fin", "rst"],
];

/** What conntrack may say of a packet: a state for each answer, with what that answer asks of the packets before it. */
export function track(
  state: State,
  action: CtAction,
  commits: readonly Commit[],
  fresh: Fresh,
): State[] {
  const zone = zoneOf(state, action);
  const tuple = tupleOf(state);
  const found: State[] = [];
  const add = (next: State | null, tracked: Tracked) => {
    if (next !== null) found.push(...finished(next, tracked, action, fresh));
  };
  const nothing = {
    ...{ original: null, reply: null, mark: zeros(32), label: zeros(128) },
    ...{ nat: null, of: "", before: [], begunBy: null },
  };
  const earlier = state.known.findLast((known) => known.zone === zone);
  if (earlier !== undefined && zone !== null) {
    // The same packet again in the same zone: the answer is what it was.
    add(state, earlier);
    return found;
  }
  if (mayBeInvalid(state)) add(state, { ...nothing, zone, verdict: "invalid" });
  const valid = withPorts(state);
  if (tuple === null || valid === null) return found;
  for (const first of firstPackets(valid)) {
    const reply = turned(tuple);
    add(first, { ...nothing, zone, verdict: "new", original: tuple, reply });
  }
  for (const commit of commits) {
    if (zone !== null && commit.tracked.zone !== null && commit.tracked.zone !== zone) continue;
    found.push(...ofConnection(valid, tuple, zone, commit, action, fresh));
  }
  return found;
}

/** What conntrack's fields are when a list goes on after `ct`, and after `ct_clear`. */
export function cleared(state: State): State {
  let next: State = { ...state, tracked: null };
  for (const field of CT_FIELDS) next = write(next, field, zeros(field.bits));
  return next;
}

function ofConnection(
  state: State,
  tuple: TupleBits,
  zone: number | null,
  commit: Commit,
  action: CtAction,
  fresh: Fresh,
): State[] {
  const both = joined(state, commit);
  if (both === null) return [];
  const found: State[] = [];
  const add = (verdict: Verdict, next: State | null) => {
    if (next === null) return;
    const { original, reply, mark, label, nat, of, before, begunBy } = both;
    const tracked = { zone, verdict, original, reply, mark, label, nat, of, before, begunBy };
    found.push(...finished(next, tracked, action, fresh));
  };
  const isSameClass =
    state.class.family === commit.state.class.family &&
    state.class.transport === commit.state.class.transport;
  if (isSameClass) {
    for (const next of inDirection(both, tuple, both.original, "established"))
      add("established", next);
    for (const next of inDirection(both, tuple, both.reply, "reply")) add("reply", next);
    for (const next of unanswered(both, tuple, both.original)) add("new", next);
    for (const wanted of [both.original, both.reply])
      for (const next of outOfPlace(both, tuple, wanted)) add("invalid", next);
  }
  for (const next of errors(both.state, commit.state.class.family)) {
    add("related", next);
    add("related reply", next);
  }
  return found;
}

/** Packets of a connection, in one direction, with the segments that have to come in between. */
function inDirection(
  { state, begunBy }: Joined,
  tuple: TupleBits,
  wanted: TupleBits,
  verdict: "established" | "reply",
): State[] {
  const formula = same(state.formula, tuple, wanted);
  if (formula === null) return [];
  const own: State = { ...state, formula };
  const answered: State = {
    ...own,
    earlier: [
      ...own.earlier,
      {
        kind: "answer",
        packet: own.earlier[begunBy]?.packet ?? 0,
        from: own.from,
        class: own.class,
      },
    ],
  };
  const { transport, fragment } = state.class;
  if (transport !== "tcp" || fragment === "later") {
    // The first answer makes it established for both directions.
    return [verdict === "reply" ? own : answered];
  }
  const middle = (from: State) =>
    MIDDLE.flatMap(([set, clear]) => present(withFlags(from, set, clear)));
  if (verdict === "established") return [...middle(own), ...middle(answered)];
  return [...present(withFlags(own, ...HANDSHAKE)), ...middle(own), ...middle(answered)];
}

/** Packets like the first of a connection that nobody has answered: it is still new. */
function unanswered({ state }: Joined, tuple: TupleBits, original: TupleBits): State[] {
  const formula = same(state.formula, tuple, original);
  return formula === null ? [] : firstPackets({ ...state, formula });
}

/** TCP segments of a connection that it cannot have now: wrong flags, or outside of its window. */
function outOfPlace({ state }: Joined, tuple: TupleBits, wanted: TupleBits): State[] {
  if (state.class.transport !== "tcp" || state.class.fragment === "later") return [];
  const formula = same(state.formula, tuple, wanted);
  return formula === null ? [] : [{ ...state, formula }];
}

/** TCP and UDP have no port 0: such a packet is invalid. */
function withPorts(state: State): State | null {
  const { transport, fragment } = state.class;
  if ((transport !== "tcp" && transport !== "udp") || fragment === "later") return state;
  let formula: Formula | null = state.formula;
  for (const side of ["src", "dst"]) {
    const bits = read(state, fieldNamed(`${transport}_${side}`));
    if (bits.includes(ONE)) continue;
    const clause = bits.filter((bit) => bit >= 0).map((bit) => literal(bit, 1));
    formula = clause.length === 0 || formula === null ? null : either(formula, clause);
  }
  return formula === null ? null : { ...state, formula };
}

/** Packets that begin a connection. */
function firstPackets(state: State): State[] {
  const { transport, fragment } = state.class;
  if (fragment === "later") return [state];
  if (transport === "tcp")
    return FIRST_SEGMENTS.flatMap(([set, clear]) => present(withFlags(state, set, clear)));
  if (transport === "icmp" || transport === "icmpv6")
    return QUERIES[transport].flatMap((type) => present(withIcmpType(state, transport, type)));
  return [state];
}

/** ICMP errors: they may be about any connection of their family, whoever sends them. */
function errors(state: State, family: State["class"]["family"]): State[] {
  const { transport, fragment } = state.class;
  if (fragment === "later" || state.class.family !== family) return [];
  if (transport !== "icmp" && transport !== "icmpv6") return [];
  return ERRORS[transport].flatMap((type) => present(withIcmpType(state, transport, type)));
}

/** Whether something of this class can be invalid: what is no IP, and whatever has a checksum that may be wrong. */
function mayBeInvalid({ class: { family, transport } }: State): boolean {
  return family !== 6 || (transport !== "other" && transport !== "sctp");
}

/** The packet leaves the pass: conntrack's fields, what is committed, translations. */
function finished(state: State, tracked: Tracked, action: CtAction, fresh: Fresh): State[] {
  const commits = action.commit && tracked.original !== null;
  const after = commits ? executed(state, tracked, action.exec) : tracked;
  const seen = CT_STATE_BITS.reduce(
    (bits, [name, bit]) => (STATE_OF[after.verdict].includes(name) ? bits | bit : bits),
    0,
  );
  const known = [...state.known.filter((other) => other.zone !== after.zone), after];
  let next: State = { ...state, tracked: after, known };
  next = write(next, CT_STATE, constant(BigInt(seen), CT_STATE.bits));
  next = write(next, CT_ZONE, constant(BigInt(after.zone ?? 0), CT_ZONE.bits));
  next = write(next, CT_MARK, after.mark);
  next = write(next, CT_LABEL, after.label);
  if (after.zone === null) next = write(next, CT_ZONE, fresh.take(CT_ZONE.bits));
  if (after.original !== null) next = writeOriginal(next, after.original);
  return action.nat === null ? [next] : translated(next, after, action, fresh);
}

/** `exec`: mark and label of the connection are set. */
function executed(state: State, tracked: Tracked, exec: readonly Action[]): Tracked {
  let next = write(write(state, CT_MARK, tracked.mark), CT_LABEL, tracked.label);
  for (const action of exec) {
    if (action.kind === "set_field")
      next = write(next, action.field, masked(read(next, action.field), action.value, action.mask));
    else if (action.kind === "load")
      next = write(
        next,
        action.target.field,
        constant(action.value, action.target.bits),
        action.target.start,
      );
    else if (action.kind === "move")
      next = write(
        next,
        action.target.field,
        readSubfield(next, action.source),
        action.target.start,
      );
  }
  return { ...tracked, mark: read(next, CT_MARK), label: read(next, CT_LABEL) };
}

function writeOriginal(state: State, tuple: TupleBits): State {
  const isV4 = state.class.family === 4;
  const names = isV4
    ? (["ct_nw_src", "ct_nw_dst"] as const)
    : (["ct_ipv6_src", "ct_ipv6_dst"] as const);
  let next = write(state, fieldNamed(names[0]), tuple.source);
  next = write(next, fieldNamed(names[1]), tuple.destination);
  next = write(next, fieldNamed("ct_nw_proto"), tuple.protocol);
  next = write(next, fieldNamed("ct_tp_src"), tuple.sourcePort);
  return write(next, fieldNamed("ct_tp_dst"), tuple.destinationPort);
}

function zoneOf(state: State, { zone }: CtAction): number | null {
  if (typeof zone === "number") return zone;
  const value = constantOf(readSubfield(state, zone));
  return value === null ? null : Number(value);
}

function withFlags(state: State, set: readonly string[], clear: readonly string[]): State | null {
  const bit = (names: readonly string[]) =>
    TCP_FLAG_BITS.reduce((bits, [name, flag]) => (names.includes(name) ? bits | flag : bits), 0);
  const value = bit(set);
  const mask = value | bit(clear);
  return requireBits(state, read(state, fieldNamed("tcp_flags")), BigInt(value), BigInt(mask));
}

function withIcmpType(state: State, transport: "icmp" | "icmpv6", type: number): State | null {
  return requireBits(state, read(state, fieldNamed(`${transport}_type`)), BigInt(type), 0xffn);
}

export function masked(sources: readonly number[], value: bigint, mask: bigint): number[] {
  return sources.map((source, i) =>
    ((mask >> BigInt(i)) & 1n) === 0n ? source : (constant(value >> BigInt(i), 1)[0] ?? ZERO),
  );
}

function zeros(bits: number): number[] {
  return new Array<number>(bits).fill(ZERO);
}

function present<T>(value: T | null): T[] {
  return value === null ? [] : [value];
}
