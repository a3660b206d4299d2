import { RUN_LIMITS } from "../base/limits.ts";
import { Random } from "../base/random.ts";
import type { Model } from "../cluster/model.ts";
import type { Scenario } from "../scenario/scenario.ts";
import type { Lab, Watch } from "./lab.ts";
import { Learning } from "./learning.ts";
import type { Parts } from "./parts.ts";
import type { RoundResult } from "./results.ts";
import { type RoundOptions, type RoundRecord, runRound, type Stage } from "./round.ts";
import { roundResult } from "./round-result.ts";
import { castOfScenario } from "./scenario-cast.ts";

export interface LoopInputs {
  readonly scenario: Scenario;
  readonly seed: number;
  readonly lab: Lab;
  readonly parts: Parts;
  /** Who sees what passes in a round, for captures and the event log. */
  readonly watch: (round: number) => Watch;
  readonly onStage: (round: number, stage: Stage, detail: string) => void;
}

export interface LoopRecord {
  readonly rounds: readonly RoundResult[];
  /** The model that each round judged with, and the one that the last round left. */
  readonly models: readonly Model[];
  /** The last round as it was played, for the topology and the lab's counts. */
  readonly last: RoundRecord;
  /** Sums over all rounds. */
  readonly counts: Readonly<Record<string, number>>;
}

/** The whole loop of a scenario: as many rounds as it says, each judging with what the ones before it learned. */
export async function runLoop(inputs: LoopInputs): Promise<LoopRecord> {
  const { scenario, seed, lab, parts } = inputs;
  const learning = new Learning(scenario, seed, parts);
  const results: RoundResult[] = [];
  const models: Model[] = [];
  const counts: Record<string, number> = {};
  let last: RoundRecord | null = null;
  for (let number = 1; number <= scenario.rounds; number++) {
    const random = Random.from(`${seed}/cast/${number}`);
    const cast = castOfScenario(scenario, number, random);
    const round = await runRound(lab, {
      cast,
      parts,
      options: roundOptions(scenario, seed, number),
      model: learning.model ?? ((training) => learning.fit(cast, training)),
      watch: inputs.watch(number),
      onStage: (stage, detail) => inputs.onStage(number, stage, detail),
    });
    const feedback = learning.feedback(round);
    results.push(roundResult(number, round, learning.quality, feedback, parts.probes.kinds));
    addCounts(counts, round.counts);
    models.push(round.model);
    learning.learn(round);
    last = round;
  }
  if (last === null) throw new RangeError("a scenario has at least one round");
  if (learning.model !== null) models.push(learning.model);
  return { rounds: results, models, last, counts };
}

/** How a round of a scenario is played. */
export function roundOptions(scenario: Scenario, seed: number, round: number): RoundOptions {
  const { isolation, replay, window } = scenario;
  return {
    method: isolation.move,
    controlLatencyMs: isolation.control_latency_ms,
    observeMsMax: isolation.observe_s_max * 1000,
    way: replay.way,
    miss: replay.miss,
    seed: `${seed}/replay/${round}`,
    gapS: window.gap_s,
    pauseS: longestPauseS(scenario),
    judgeMsMax: RUN_LIMITS.judgeMsMax,
    isolateOn: (judgement) => judgement.verdict === "known",
    isolateUnjudged: false,
  };
}

/** Of those that programs make within a session. */
function longestPauseS({ zeus, benign }: Scenario): number {
  return Math.max(zeus.poll_interval_s.max, ...benign.visitors.map((v) => v.think_time_s.max));
}

/** The sum of what is counted, the greatest of what is a maximum already. */
function addCounts(sums: Record<string, number>, counts: Readonly<Record<string, number>>): void {
  for (const [name, count] of Object.entries(counts)) {
    const before = sums[name] ?? 0;
    sums[name] = name.endsWith("LatestMs") ? Math.max(before, count) : before + count;
  }
}
