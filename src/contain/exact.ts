import { CONTAIN_LIMITS } from "../base/limits.ts";
import type { Rule } from "../rule/rule.ts";
import type { Commit } from "./connection.ts";
import type { Egress, PortNumber } from "./egress.ts";
import { solve } from "./formula.ts";
import { PACKET_CLASSES } from "./packet-class.ts";
import { incoming, type State } from "./state.ts";
import { Undecided } from "./undecided.ts";
import { Walk } from "./walk.ts";
import { type SentPacket, witness } from "./witness.ts";

/** A way out, shown: these packets, and the last one leaves. */
export interface WayOut {
  readonly from: PortNumber;
  readonly to: PortNumber;
  readonly path: readonly Rule[];
  /** What conntrack says of the last packet in its last pass; null: it was in none. */
  readonly verdict: string | null;
  /** The packets, in order, each with the port that it comes in through; the last one gets out. */
  readonly packets: readonly SentPacket[];
}

export interface Proof {
  /** `contained`: no packet whatsoever gets out. `open`: one does, and was seen to. `undecided`: neither is shown. */
  readonly outcome: "contained" | "open" | "undecided";
  readonly waysOut: readonly WayOut[];
  /** Why it is undecided; empty otherwise. */
  readonly reasons: readonly string[];
  readonly steps: number;
}

/** Send packets through the switch with these rules; whether the last one leaves through the port. */
export type Confirm = (packets: readonly SentPacket[], to: PortNumber) => boolean;

/**
 * Every packet that could come in, followed through the rules as a set: Header Space Analysis (Kazemian, Varghese,
 * McKeown, NSDI 2012) with formulas for sets, and with conntrack's answers as further, dependent headers. Whatever
 * seems to get out is built and really sent (`confirm`), so that there is no false alarm. `ports` are those that frames
 * come in through: the others may help one of them, for instance by beginning a connection that it answers.
 */
export function prove(
  rules: readonly Rule[],
  ports: readonly PortNumber[],
  egress: Egress,
  confirm: Confirm,
): Proof {
  const steps = { left: CONTAIN_LIMITS.stepsMax };
  const reasons = new Set<string>();
  const candidates = new Map<string, State[]>();
  try {
    const commits = connections(rules, ports, steps);
    const walk = new Walk(
      rules,
      commits,
      {
        onOut: (state, to) => {
          if (egress.get(state.from)?.has(to) === true || solve(state.formula) === null) return;
          const key = `${state.from} ${to}`;
          const known = candidates.get(key);
          if (known === undefined) candidates.set(key, [state]);
          else if (known.length < CONTAIN_LIMITS.attemptsMax) known.push(state);
        },
        onCommit: () => {},
      },
      steps,
    );
    for (const port of ports) for (const kind of PACKET_CLASSES) walk.run(incoming(port, kind));
  } catch (error) {
    if (!(error instanceof Undecided)) throw error;
    reasons.add(error.message);
  }
  const waysOut: WayOut[] = [];
  for (const [key, states] of candidates) {
    const to = Number(key.split(" ")[1]);
    const way = shown(states, to, confirm);
    if (way === null) {
      const [first] = states;
      reasons.add(
        `nothing was seen to go from ${first?.from} to ${to}, though it cannot be ruled out`,
      );
    } else waysOut.push(way);
  }
  const outcome = waysOut.length > 0 ? "open" : reasons.size > 0 ? "undecided" : "contained";
  return { outcome, waysOut, reasons: [...reasons], steps: CONTAIN_LIMITS.stepsMax - steps.left };
}

/** The ways in which these rules begin connections: more and more, until nothing new comes. */
function connections(
  rules: readonly Rule[],
  ports: readonly PortNumber[],
  steps: { left: number },
): readonly Commit[] {
  const found = new Map<string, Commit>();
  for (let before = -1; before < found.size; ) {
    before = found.size;
    const walk = new Walk(
      rules,
      [...found.values()],
      {
        onOut: () => {},
        onCommit: (commit) => {
          if (found.has(commit.key)) return;
          if (found.size >= CONTAIN_LIMITS.commitsMax)
            throw new Undecided(`connections begin in more than ${CONTAIN_LIMITS.commitsMax} ways`);
          found.set(commit.key, commit);
        },
      },
      steps,
    );
    for (const port of ports) for (const kind of PACKET_CLASSES) walk.run(incoming(port, kind));
  }
  return [...found.values()];
}

/** The first of these sets of packets of which one is seen to get out. */
function shown(states: readonly State[], to: PortNumber, confirm: Confirm): WayOut | null {
  for (const state of states) {
    const packets = witness(state);
    if (packets === null || !confirm(packets, to)) continue;
    const { from, path, tracked } = state;
    return { from, to, path, verdict: tracked?.verdict ?? null, packets };
  }
  return null;
}
