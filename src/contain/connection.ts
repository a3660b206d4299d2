import { fieldNamed } from "../rule/field.ts";
import type { PortNumber } from "./egress.ts";
import {
  type Clause,
  either,
  type Formula,
  join,
  type Literal,
  literal,
  shifted,
} from "./formula.ts";
import type { PacketClass } from "./packet-class.ts";
import { ONE, read, STRIDE, type State, ZERO } from "./state.ts";

/** A connection's addresses and ports as bits of a packet that belongs to it, in one direction. */
export interface TupleBits {
  readonly source: readonly number[];
  readonly destination: readonly number[];
  readonly protocol: readonly number[];
  readonly sourcePort: readonly number[];
  readonly destinationPort: readonly number[];
}

/** What conntrack says of a packet, in one zone. */
export type Verdict =
  | "invalid"
  | "new"
  /** Of a connection, in the direction of the packet that began it, and in the other. */
  | "established"
  | "reply"
  /** An ICMP error about a packet of a connection, in each direction. */
  | "related"
  | "related reply";

/** A packet's connection as the last pass through conntrack left it. */
export interface Tracked {
  readonly zone: number | null;
  readonly verdict: Verdict;
  /** The connection's tuple as it was before any translation, and of its replies; null where there is none. */
  readonly original: TupleBits | null;
  readonly reply: TupleBits | null;
  readonly mark: readonly number[];
  readonly label: readonly number[];
  /** Which side of the connection is translated. */
  readonly nat: "src" | "dst" | null;
  /** Of an earlier commit, which. */
  readonly of: string;
  /** Marks and labels that the connection had before, so that no way goes in a circle. */
  readonly before: readonly string[];
  /** The index of the packet that began the connection in `State.earlier`; null: this one. */
  readonly begunBy: number | null;
}

/** A packet that has to come before the one in question. Its variables are `packet` strides up. */
export interface Earlier {
  readonly kind: "packet" | "answer";
  readonly packet: number;
  readonly from: PortNumber;
  readonly class: PacketClass;
}

/** A way in which a rule set begins connections: what the packet is like when it does. */
export interface Commit {
  readonly key: string;
  readonly state: State;
  readonly tracked: Tracked;
}

const PORTS: Readonly<Record<string, readonly [string, string]>> = {
  tcp: ["tcp_src", "tcp_dst"],
  udp: ["udp_src", "udp_dst"],
  sctp: ["sctp_src", "sctp_dst"],
};
const NO_PORT: readonly number[] = Array.from({ length: 16 }, () => ZERO);

/** The tuple of a packet as it is now; null for what is no IP packet. */
export function tupleOf(state: State): TupleBits | null {
  const { family, transport } = state.class;
  if (family !== 4 && family !== 6) return null;
  const ip = family === 4 ? "ip" : "ipv6";
  const [source, destination] = PORTS[transport ?? ""] ?? [null, null];
  const bits = (name: string) => read(state, fieldNamed(name));
  return {
    source: bits(`${ip}_src`),
    destination: bits(`${ip}_dst`),
    protocol: bits("nw_proto"),
    sourcePort: source === null ? NO_PORT : bits(source),
    destinationPort: destination === null ? NO_PORT : bits(destination),
  };
}

export function turned(tuple: TupleBits): TupleBits {
  return {
    source: tuple.destination,
    destination: tuple.source,
    protocol: tuple.protocol,
    sourcePort: tuple.destinationPort,
    destinationPort: tuple.sourcePort,
  };
}

/** A connection's mark and label as text. */
export function marksOf({ mark, label }: Pick<Tracked, "mark" | "label">): string {
  return `${mark.join()}/${label.join()}`;
}

/** A packet after the one that made the commit, and the tuple of that connection in the packet's own terms. */
export interface Joined {
  readonly state: State;
  readonly nat: "src" | "dst" | null;
  readonly of: string;
  readonly before: readonly string[];
  readonly original: TupleBits;
  readonly reply: TupleBits;
  readonly mark: readonly number[];
  readonly label: readonly number[];
  readonly begunBy: number;
}

/** Let the commit's packet, and all that has to come before it, come before this one. `null`: not both can be. */
export function joined(state: State, commit: Commit): Joined | null {
  const by = state.packets * STRIDE;
  const formula = join(state.formula, shifted(commit.state.formula, by));
  const { original, reply, mark, label } = commit.tracked;
  if (formula === null || original === null || reply === null) return null;
  const up = (bits: readonly number[]) => bits.map((bit) => (bit >= 0 ? bit + by : bit));
  const upTuple = (t: TupleBits): TupleBits => ({
    source: up(t.source),
    destination: up(t.destination),
    protocol: up(t.protocol),
    sourcePort: up(t.sourcePort),
    destinationPort: up(t.destinationPort),
  });
  const before = commit.state.earlier.map((e) => ({ ...e, packet: e.packet + state.packets }));
  const own: Earlier = {
    kind: "packet",
    packet: state.packets,
    from: commit.state.from,
    class: commit.state.class,
  };
  return {
    state: {
      ...state,
      formula,
      earlier: [...state.earlier, ...before, own],
      packets: state.packets + commit.state.packets,
    },
    nat: commit.tracked.nat,
    of: commit.key,
    before: [...commit.tracked.before, marksOf(commit.tracked)],
    original: upTuple(original),
    reply: upTuple(reply),
    mark: up(mark),
    label: up(label),
    begunBy: state.earlier.length + before.length,
  };
}

/** The formula, and that two tuples are the same. `null`: they cannot be. */
export function same(formula: Formula, a: TupleBits, b: TupleBits): Formula | null {
  let result: Formula | null = formula;
  for (const part of [
    "source",
    "destination",
    "protocol",
    "sourcePort",
    "destinationPort",
  ] as const) {
    if (a[part].length !== b[part].length) return null;
    for (const [i, x] of a[part].entries()) {
      if (result === null) return null;
      result = equal(result, x, b[part][i] ?? ZERO);
    }
  }
  return result;
}

function equal(formula: Formula, a: number, b: number): Formula | null {
  if (a === b) return formula;
  if (a < 0 && b < 0) return null;
  const [variable, other] = a >= 0 ? [a, b] : [b, a];
  const known = valueIn(formula, other);
  if (known !== null) return constrained(formula, literal(variable, known));
  const own = formula.units.get(variable);
  if (own !== undefined) return constrained(formula, literal(other, own));
  const clauses: Clause[] = [
    [literal(variable, 0), literal(other, 1)],
    [literal(variable, 1), literal(other, 0)],
  ];
  return clauses.reduce((f, clause) => either(f, clause), formula);
}

function valueIn(formula: Formula, source: number): number | null {
  if (source === ONE) return 1;
  if (source === ZERO) return 0;
  return formula.units.get(source) ?? null;
}

function constrained(formula: Formula, l: Literal): Formula | null {
  const known = formula.units.get(l >> 1);
  if (known !== undefined) return known === (l & 1) ? formula : null;
  return { units: new Map(formula.units).set(l >> 1, l & 1), clauses: formula.clauses };
}
