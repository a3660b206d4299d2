import type { ObservationResult, RoundResult } from "../run/results.ts";
import { type Assertion, makeAssertion } from "./assertion.ts";
import type { Thresholds } from "./thresholds.ts";

const NAME = "judgement";

/**
 * Over all rounds: the part of the bots' observations that is judged a known behaviour (recall), the part of those
 * that gets the right name, and the part of the benign ones that is judged a known behaviour (false positives).
 */
export function judging(rounds: readonly RoundResult[], thresholds: Thresholds): Assertion {
  const judged = rounds.flatMap((r) => r.observations).filter((o) => o.judgement !== null);
  const bots = judged.filter((o) => o.behaviour !== null && o.behaviour !== "benign");
  const benign = judged.filter((o) => o.behaviour === "benign");
  const recall = part(bots, isKnown);
  const named = part(bots.filter(isKnown), (o) => o.judgement?.label === o.behaviour);
  const falsePositives = part(benign, isKnown);
  const figures = {
    bots: bots.length,
    benign: benign.length,
    recall,
    recall_min: thresholds.recall_min,
    right_name: named,
    false_positive_rate: falsePositives,
    false_positive_rate_max: thresholds.false_positive_rate_max,
  };
  if (recall === null || falsePositives === null) {
    const why = judged.some((o) => o.behaviour !== null)
      ? "there was nothing of one kind to judge"
      : "nobody knows the truth about this traffic";
    return makeAssertion(
      NAME,
      "inconclusive",
      `${why}, so the judgement cannot be checked`,
      figures,
    );
  }
  const holds =
    recall >= thresholds.recall_min &&
    (named ?? 0) >= thresholds.recall_min &&
    falsePositives <= thresholds.false_positive_rate_max;
  return makeAssertion(
    NAME,
    holds ? "pass" : "fail",
    `recall ${percent(recall)} of ${bots.length} bot observations (at least ${percent(thresholds.recall_min)}), ` +
      `right name ${percent(named)}, false positives ${percent(falsePositives)} of ${benign.length} benign ones ` +
      `(at most ${percent(thresholds.false_positive_rate_max)})`,
    figures,
  );
}

function isKnown(observation: ObservationResult): boolean {
  return observation.judgement?.verdict === "known";
}

function part<T>(list: readonly T[], predicate: (item: T) => boolean): number | null {
  return list.length === 0 ? null : list.filter(predicate).length / list.length;
}

function percent(value: number | null): string {
  return value === null ? "unknown" : `${Math.round(value * 1000) / 10} %`;
}
