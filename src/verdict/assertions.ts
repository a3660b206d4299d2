import type { Assertion, RoundResult } from "../run/results.ts";
import { containing } from "./containing.ts";
import { feedback } from "./feedback.ts";
import { judging } from "./judging.ts";
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

/** All assertions of a run. They read nothing but what results.json says of the rounds. */
export function assertRun(
  rounds: readonly RoundResult[],
  truth: Truth,
  thresholds: Thresholds,
): Assertion[] {
  return [
    separation(rounds, truth.behaviours, thresholds),
    judging(rounds, thresholds),
    containing(rounds, thresholds),
    replaying(rounds),
    manifestation(rounds, truth.effects),
    feedback(rounds, thresholds),
  ];
}
