import fc from "fast-check";
import { InputError, IsoreplayError } from "../../src/base/errors.ts";
import { lineDifference, sentDifference } from "../../src/case/difference.ts";
import { comparableFlowLine } from "../../src/case/flow-line.ts";
import type { Operation, Outcome } from "./operation.ts";
import type { OvsPlayer, Played } from "./ovs-player.ts";
import { type PlanRules, planRules, rulesText } from "./rules.ts";
import { SimPlayer } from "./sim-player.ts";
import { type PlanSequence, planSequence } from "./step.ts";

/** One set of rules and what is played on it. */
export interface Trial {
  readonly fragments: boolean;
  readonly changing: boolean;
  readonly rules: PlanRules;
  readonly sequences: readonly PlanSequence[];
}

/**
 * Every so many sets of rules one has fragments, and one has rules that packets change. Whole packets leave in the order
 * in which they came; among the fragments of one, those for which a cached flow stands go first.
 */
const FRAGMENTS_EVERY = 6;
const CHANGING_EVERY = 12;

/** Every so many sets of rules one forces commits instead of translating. */
const FORCING_EVERY = 5;

/** Sequences for one set of rules; fewer where each packet has to wait for the one before. */
const SEQUENCES = 100;
const SEQUENCES_PATIENT = 20;

export function trial(number: number): fc.Arbitrary<Trial> {
  const changing = number % CHANGING_EVERY === CHANGING_EVERY - 1;
  const fragments = number % FRAGMENTS_EVERY === 0;
  const patient = changing || fragments;
  const count = patient ? SEQUENCES_PATIENT : SEQUENCES;
  return fc.record({
    fragments: fc.constant(fragments),
    changing: fc.constant(changing),
    rules: planRules({ changing, fragments, patient, translating: number % FORCING_EVERY !== 1 }),
    // With its bias fast-check would make few.
    sequences: fc.noBias(
      fc.array(planSequence({ fragments, patient }), {
        minLength: 1,
        maxLength: 2 * count,
        size: "max",
      }),
    ),
  });
}

/** What a trial has shown. */
export interface Verdict {
  /** For a reader; no lines: both agree. */
  readonly lines: readonly string[];
  /** All frames and connections agree, only the rules' counters do not. */
  readonly onlyCounters: boolean;
  /** What was played up to where they differ: each sequence begins with a flush. */
  readonly operations: readonly Operation[];
  readonly sequences: number;
  /** Sequences with as many packets as count. */
  readonly counted: number;
  readonly packets: number;
  readonly sent: number;
  /** Connections that stood when a sequence was over. */
  readonly connections: number;
  /** What both have against the rules; empty: nothing. */
  readonly refused: string;
}

const PACKETS_COUNTED = 5;

const NOTHING = { sequences: 0, counted: 0, packets: 0, sent: 0, connections: 0 };

/** Identification of fragmented packets: no two of one run are alike, so that no pieces are left over for others. */
let identification = 0;

/** Plays a trial on both switches. */
export async function judge(plan: Trial, ovs: OvsPlayer): Promise<Verdict> {
  const text = rulesText(plan.rules);
  const [sim, refusals, refused] = await begin(text, ovs);
  if (sim === null || refusals.length > 0)
    return { ...NOTHING, lines: refusals, onlyCounters: false, operations: [], refused };
  const counts = { ...NOTHING };
  let undecided = 0;
  const played: Operation[] = [];
  const patient = plan.changing || plan.fragments;
  let before: { played: Played; outcome: Outcome; packets: number; operations: number } | null =
    null;
  let ahead: ReturnType<SimPlayer["play"]> | null = sim.play(plan.sequences[0]!);
  for (let i = 0; ahead !== null || before !== null; i++) {
    const now = ahead;
    const playing = now === null ? null : ovs.play(now.operations, patient);
    const next = plan.sequences[i + 1];
    // While the real switch is at work.
    ahead = next === undefined ? null : sim.play(next);
    identification = sim.identification;
    if (before !== null) {
      const found = await before.played.outcome;
      counts.sequences++;
      counts.packets += before.packets;
      counts.sent += found.sent.length;
      counts.connections += found.conntrack.length;
      if (!found.swept) undecided++;
      else if (before.packets >= PACKETS_COUNTED) counts.counted++;
      const lines = found.swept ? outcomeDifference(found, before.outcome) : [];
      if (lines.length > 0) {
        await playing;
        const operations = played.slice(0, before.operations);
        return { ...counts, lines, onlyCounters: false, operations, refused: "" };
      }
    }
    before = null;
    if (now !== null && playing !== null) {
      played.push({ op: "flush", args: [] }, ...now.operations);
      const packets = now.operations.filter(({ op }) => op === "packet").length;
      const { outcome } = now;
      before = { played: await playing, outcome, packets, operations: played.length };
    }
  }
  const lines =
    undecided > 0 ? [] : lineDifference(await ovs.dumpFlows(), sim.dumpFlows(), comparableFlowLine);
  return { ...counts, lines, onlyCounters: lines.length > 0, operations: played, refused: "" };
}

/** The simulated switch with the rules, and what only one of them has against the rules. */
async function begin(text: string, ovs: OvsPlayer): Promise<[SimPlayer | null, string[], string]> {
  const said = { sim: "", ovs: "" };
  let sim: SimPlayer | null = null;
  try {
    sim = new SimPlayer(text, 0, identification);
  } catch (error) {
    if (!(error instanceof IsoreplayError)) throw error;
    said.sim = error.line;
  }
  try {
    await ovs.begin(text);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    said.ovs = error.line;
  }
  if ((said.sim === "") === (said.ovs === "")) return [said.sim === "" ? sim : null, [], said.sim];
  const lines = [`Open vSwitch: ${said.ovs || "takes it"}`, `simulator: ${said.sim || "takes it"}`];
  return [sim, lines, ""];
}

function outcomeDifference(real: Outcome, simulated: Outcome): readonly string[] {
  if (isSame(real, simulated)) return [];
  return [
    ...sentDifference(real.sent, simulated.sent),
    ...lineDifference(real.conntrack, simulated.conntrack),
  ];
}

/** The quick way to see that nothing differs. */
function isSame(a: Outcome, b: Outcome): boolean {
  if (a.sent.length !== b.sent.length || a.conntrack.length !== b.conntrack.length) return false;
  if (a.conntrack.some((line, i) => line !== b.conntrack[i])) return false;
  const [left, right] = [byPort(a), byPort(b)];
  for (const [port, frames] of left) {
    const others = right.get(port);
    if (others === undefined || others.length !== frames.length) return false;
    if (frames.some((frame, i) => Buffer.compare(frame, others[i]!) !== 0)) return false;
  }
  return true;
}

function byPort({ sent }: Outcome): Map<number | string, Uint8Array[]> {
  const ports = new Map<number | string, Uint8Array[]>();
  for (const { port, bytes } of sent) {
    const frames = ports.get(port);
    if (frames === undefined) ports.set(port, [bytes]);
    else frames.push(bytes);
  }
  return ports;
}
