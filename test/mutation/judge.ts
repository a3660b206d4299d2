import { confirmOnSwitch } from "../../sim/contain/confirm.ts";
import { type Proof, prove } from "../../src/contain/exact.ts";
import type { Finding } from "../../src/contain/finding.ts";
import { staticFindings } from "../../src/contain/static.ts";
import type { Rule } from "../../src/rule/rule.ts";
import { leftOf, makeBridge } from "./bridge.ts";
import { BruteForce } from "./brute-force.ts";
import { exchangeOf } from "./exchange.ts";
import { probesOf, type Step } from "./frames.ts";
import { type Mutant, mutantsOf } from "./generate.ts";
import { type RuleSet, STATIONS, STRANGER } from "./rule-sets.ts";

/**
 * - safety: a packet gets out, or to a station that is cut;
 * - function: nothing does, but the exchange does not work any more, or lets pass what it must not;
 * - cautious: the static check objects, but nothing that was tried gets out;
 * - lax: other packets than before go where packets may go, and none that the exchange asks for;
 * - equivalent: no packet made a difference.
 */
export type Kind = "safety" | "function" | "cautious" | "lax" | "equivalent";

export interface Judged {
  readonly mutant: Mutant;
  readonly kind: Kind;
  /** Who noticed. */
  readonly isCaught: {
    readonly static: boolean;
    readonly probes: boolean;
    readonly exact: boolean;
  };
  /** The proof was made. */
  readonly proof: Proof["outcome"] | null;
  /** The first frame that got out. */
  readonly leak: string | null;
}

/** What every n-th mutant that neither the static check nor brute force objects to is proved with; 0: none. */
export interface JudgeOptions {
  readonly proveEach: number;
}

export interface RuleSetJudged {
  readonly set: RuleSet;
  readonly packets: number;
  readonly original: Omit<Judged, "mutant">;
  readonly mutants: readonly Judged[];
}

/** Every mutant of a rule set, judged. */
export async function judge(set: RuleSet, options: JudgeOptions): Promise<RuleSetJudged> {
  const { packets, one } = await judging(set, options);
  return {
    set,
    packets,
    original: one(set.rules),
    mutants: mutantsOf(set).map((mutant) => ({ mutant, ...one(mutant.rules) })),
  };
}

interface Judging {
  /** Packets that each rule set is tried with. */
  readonly packets: number;
  readonly one: (rules: readonly Rule[]) => Omit<Judged, "mutant">;
}

/** How any rules are judged, in place of the rule set's own. */
export async function judging(set: RuleSet, { proveEach }: JudgeOptions): Promise<Judging> {
  const brute = await BruteForce.of(set);
  const exchange = exchangeOf(set);
  const probes = await probeSteps(set);
  let quiet = 0;
  const one = (rules: readonly Rule[]): Omit<Judged, "mutant"> => {
    const behaviour = brute.run(rules);
    const found = objections(set, rules);
    const objects = found.length > 0;
    const probed = probesNotice(set, rules, probes);
    const isLeak = behaviour.leak !== null;
    // The proof knows of ports only, nothing of what a frame has to be.
    const waysOut = found.filter((finding) => finding.kind !== "unguarded");
    const isDisputed = set.egress !== null && isLeak !== objects && (isLeak || waysOut.length > 0);
    const isQuiet = set.egress !== null && !isLeak && !objects;
    const proof =
      isDisputed || (isQuiet && proveEach > 0 && quiet++ % proveEach === 0)
        ? exact(set, rules)
        : null;
    const isCaught = { static: objects, probes: probed, exact: proof?.outcome === "open" };
    const result = { isCaught, proof: proof?.outcome ?? null, leak: behaviour.leak };
    if (isLeak || isCaught.exact) return { ...result, kind: "safety" };
    if (!exchange.works(rules) || !exchange.isStrict(rules)) return { ...result, kind: "function" };
    if (objects) return { ...result, kind: "cautious" };
    return { ...result, kind: brute.isSame(behaviour) ? "equivalent" : "lax" };
  };
  return { packets: brute.packetCount, one };
}

/** A mutant that ought to have been noticed, or that nothing can notice: the table must explain it. */
export function survives({ kind, isCaught }: Judged): boolean {
  if (kind === "safety") return !isCaught.static && !isCaught.probes && !isCaught.exact;
  return kind === "lax" || kind === "equivalent";
}

function objections({ ports, egress, doors }: RuleSet, rules: readonly Rule[]): Finding[] {
  return egress === null ? [] : staticFindings(rules, ports, egress, doors ?? undefined);
}

function exact({ ports, egress }: RuleSet, rules: readonly Rule[]): Proof {
  return prove(rules, ports, egress ?? new Map(), confirmOnSwitch(rules, ports));
}

/** What a run sends: every kind of probe, from each station, for somebody outside; on `private` for the cut one, too. */
async function probeSteps(set: RuleSet): Promise<Step[]> {
  const [cut, ...others] = STATIONS;
  const outside = { ...STRANGER, port: 9_000 };
  const steps: Step[] = [];
  for (const station of STATIONS)
    for (const bytes of await probesOf(station, outside)) steps.push({ from: station.port, bytes });
  if (set.name === "private")
    for (const station of others)
      for (const bytes of await probesOf(station, { ...cut, port: 80 }))
        steps.push({ from: station.port, bytes });
  return steps;
}

function probesNotice(set: RuleSet, rules: readonly Rule[], probes: readonly Step[]): boolean {
  const bridge = makeBridge(rules);
  const watch = set.watch();
  return probes.some(({ from, bytes }) => {
    const left = leftOf(bridge.receive(from, bytes));
    const seen = left.filter(({ port }) => port !== set.unwatched);
    return watch(from, bytes, seen) !== null;
  });
}
