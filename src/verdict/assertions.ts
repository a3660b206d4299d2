import type { Assertion, RoundResult } from "../run/results.ts";
import { containing } from "./containing.ts";
import { feedback } from "./feedback.ts";
import { judging } from "./judging.ts";
import { unlessLate } from "./lateness.ts";
import { manifestation } from "./manifestation.ts";
import { replaying } from "./replaying.ts";
import { separation } from "./separation.ts";
import type { Thresholds } from "./thresholds.ts";

export interface Truth {
  /** How many behaviours there are; null where nobody knows. */
  readonly behaviours: number | null;
  /** By behaviour, the effect that shows it. */
  readonly effects: ReadonlyMap<string, string>;
}

/**
 * All assertions of a run. They read nothing but what results.json says of the rounds. Where a host was too late for what
 * depends on time, that is open; a leak is a leak, and an answer that nobody recorded is none, however busy the machine was.
 */
export function assertRun(
  rounds: readonly RoundResult[],
  truth: Truth,
  thresholds: Thresholds,
): Assertion[] {
  return [
    // The clusters are those of the first round.
    unlessLate(separation(rounds, truth.behaviours, thresholds), rounds.slice(0, 1)),
    unlessLate(judging(rounds, thresholds), rounds),
    containing(rounds, thresholds),
    replaying(rounds),
    unlessLate(manifestation(rounds, truth.effects), rounds),
    unlessLate(feedback(rounds, thresholds), rounds),
  ];
}
