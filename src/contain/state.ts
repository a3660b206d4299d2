import type { Action, Subfield } from "../rule/action.ts";
import type { Field } from "../rule/field.ts";
import type { Match } from "../rule/match.ts";
import type { Rule } from "../rule/rule.ts";
import { BITS, bitsNamed, bitsOf, isPacketBit } from "./bits.ts";
import type { Earlier, Tracked } from "./connection.ts";
import type { PortNumber } from "./egress.ts";
import { both, type Formula, type Literal, literal, without } from "./formula.ts";
import type { PacketClass } from "./packet-class.ts";
import { Undecided } from "./undecided.ts";

/** Where the value of a bit comes from: a variable's number, or one of these. */
export const ZERO = -1;
export const ONE = -2;

/** Variables of one packet; those of the n-th packet before it are so many higher, n times. */
export const STRIDE = 1 << 22;

/** A set of packets on their way: what they look like now, in terms of what they looked like when they came in. */
export interface State {
  /** Constrains what came in. */
  readonly formula: Formula;
  /** What was set since, by bit; other bits are as they came in. */
  readonly set: ReadonlyMap<number, number>;
  readonly class: PacketClass;
  /** Where it came in, and the port that it now seems to have come in through. */
  readonly from: PortNumber;
  readonly inPort: PortNumber;
  readonly path: readonly Rule[];
  /** What conntrack said in the last pass. */
  readonly tracked: Tracked | null;
  /** What it said in each zone so far: it says the same again. */
  readonly known: readonly Tracked[];
  /** Packets that have to come before. */
  readonly earlier: readonly Earlier[];
  /** Packets whose variables the formula has: this one and those before. */
  readonly packets: number;
  /** In which table, and as what, it went on after each pass through conntrack. */
  readonly passes: readonly Pass[];
  readonly stack: readonly (readonly number[])[];
  readonly actionSet: readonly Action[];
}

export interface Pass {
  readonly table: number;
  readonly state: State;
}

/** Everything of a class that can come in through a port. */
export function incoming(from: PortNumber, packets: PacketClass): State {
  return {
    formula: packets.formula,
    set: portBits(from),
    class: packets,
    from,
    inPort: from,
    path: [],
    tracked: null,
    known: [],
    earlier: [],
    packets: 1,
    passes: [],
    stack: [],
    actionSet: [],
  };
}

/** Whether the same becomes of both, how they came here aside. */
export function isSame(a: State, b: State): boolean {
  return (
    a.class === b.class &&
    a.inPort === b.inPort &&
    a.packets === b.packets &&
    a.stack === b.stack &&
    a.actionSet === b.actionSet &&
    haveSame(a.set, b.set) &&
    haveSame(a.formula.units, b.formula.units) &&
    JSON.stringify([a.formula.clauses, a.known]) === JSON.stringify([b.formula.clauses, b.known])
  );
}

function haveSame(a: ReadonlyMap<number, number>, b: ReadonlyMap<number, number>): boolean {
  return a.size === b.size && [...a].every(([key, value]) => b.get(key) === value);
}

/** Reserved ports are as high in 32 bits as they are in 16. */
const RESERVED_MIN = 0xff00;
const RESERVED_WIDE = 0xffff0000;

/** What rules that read the ingress port find there. */
function portBits(port: PortNumber): Map<number, number> {
  const wide = port < RESERVED_MIN ? port : port + RESERVED_WIDE;
  const sources = constant(BigInt(wide), 32);
  return new Map(bitsNamed("in_port_oxm").map((bit, i) => [bit, sources[i] ?? ZERO]));
}

/** Where each bit of a field comes from, the least significant first. */
export function read(state: State, field: Field, start = 0, bits = field.bits): number[] {
  return bitsOf(field)
    .slice(start, start + bits)
    .map((bit) => state.set.get(bit) ?? (isPacketBit(bit) ? bit : ZERO));
}

export function readSubfield(state: State, { field, start, bits }: Subfield): number[] {
  return read(state, field, start, bits);
}

/** The same packets with a field's bits from `start` on coming from elsewhere. */
export function write(state: State, field: Field, sources: readonly number[], start = 0): State {
  const set = new Map(state.set);
  const bits = bitsOf(field);
  for (const [i, source] of sources.entries()) {
    const bit = bits[start + i];
    if (bit !== undefined) set.set(bit, source);
  }
  return { ...state, set };
}

/** Bits of a number, the least significant first. */
export function constant(value: bigint, bits: number): number[] {
  return Array.from({ length: bits }, (_, i) => ((value >> BigInt(i)) & 1n ? ONE : ZERO));
}

/** The value, where all bits are settled by what was set. */
export function constantOf(sources: readonly number[]): bigint | null {
  let value = 0n;
  for (const [i, source] of sources.entries()) {
    if (source >= 0) return null;
    if (source === ONE) value |= 1n << BigInt(i);
  }
  return value;
}

/** What has to hold for a rule to match, the ingress port aside. `null`: it cannot. */
export function conditions(state: State, match: Match): Literal[] | null {
  const literals: Literal[] = [];
  for (const { field, value, mask } of match.fields) {
    for (const [i, source] of read(state, field).entries()) {
      if (((mask >> BigInt(i)) & 1n) === 0n) continue;
      const wanted = Number((value >> BigInt(i)) & 1n);
      if (source >= 0) literals.push(literal(source, wanted));
      else if ((source === ONE ? 1 : 0) !== wanted) return null;
    }
  }
  return literals;
}

export function requiring(state: State, literals: readonly Literal[]): State | null {
  const formula = both(state.formula, literals);
  return formula === null ? null : { ...state, formula };
}

export function excluding(state: State, literals: readonly Literal[]): State | null {
  const formula = without(state.formula, literals);
  return formula === null ? null : formula === state.formula ? state : { ...state, formula };
}

/** A field's bits have a value; where they come from the packet that constrains it. `null`: they cannot. */
export function requireBits(
  state: State,
  sources: readonly number[],
  value: bigint,
  mask: bigint,
): State | null {
  const literals: Literal[] = [];
  for (const [i, source] of sources.entries()) {
    if (((mask >> BigInt(i)) & 1n) === 0n) continue;
    const wanted = Number((value >> BigInt(i)) & 1n);
    if (source >= 0) literals.push(literal(source, wanted));
    else if ((source === ONE ? 1 : 0) !== wanted) return null;
  }
  return requiring(state, literals);
}

/** Numbers of variables that stand for something new, for instance an address that NAT chose. */
export class Fresh {
  #next = BITS;

  take(count: number): number[] {
    if (this.#next + count >= STRIDE)
      throw new Undecided("more new values than the proof can tell apart");
    return Array.from({ length: count }, () => this.#next++);
  }
}
