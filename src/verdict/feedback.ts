import type { RoundResult } from "../run/results.ts";
import { type Assertion, makeAssertion } from "./assertion.ts";
import type { Thresholds } from "./thresholds.ts";

const NAME = "feedback";

/**
 * What was learned in isolation made the model no worse: the observations of the later rounds, put before the first
 * model and before the updated one. The same observations for both, so that chance does not decide.
 */
export function feedback(rounds: readonly RoundResult[], thresholds: Thresholds): Assertion {
  const later = rounds.flatMap((r) => (r.feedback === null ? [] : [r.feedback]));
  const sum = (pick: (f: (typeof later)[number]) => number) =>
    later.reduce((n, f) => n + pick(f), 0);
  const observations = sum((f) => f.observations);
  const learned = Math.max(0, ...later.map((f) => f.learned));
  const first = observations === 0 ? null : sum((f) => f.correctFirst) / observations;
  const updated = observations === 0 ? null : sum((f) => f.correctUpdated) / observations;
  const figures = {
    observations,
    learned,
    right_first: first,
    right_updated: updated,
    feedback_drop_max: thresholds.feedback_drop_max,
  };
  if (first === null || updated === null) {
    return makeAssertion(
      NAME,
      "inconclusive",
      "no later round judged observations whose truth is known",
      figures,
    );
  }
  if (learned === 0) {
    return makeAssertion(NAME, "inconclusive", "nothing was learned from isolation", figures);
  }
  return makeAssertion(
    NAME,
    first - updated <= thresholds.feedback_drop_max ? "pass" : "fail",
    `with ${learned} observations learned in isolation the model judges ${(updated * 100).toFixed(1)} % of ` +
      `${observations} later observations rightly, before it ${(first * 100).toFixed(1)} % ` +
      `(it may lose at most ${(thresholds.feedback_drop_max * 100).toFixed(1)} points)`,
    figures,
  );
}
