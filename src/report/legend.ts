import type { ObservationResult, Results, RoundResult } from "../run/results.ts";

/** Colours in the style sheet: `--c0` to `--c6`. */
const COLOURS = 7;

/** Which colour class each label has: the same in every round, whatever order the clusters come in. */
export function colourClasses(results: Results): ReadonlyMap<string, string> {
  const labels = new Set<string>();
  for (const round of results.rounds)
    for (const cluster of round.model.clusters) if (!cluster.benign) labels.add(cluster.label);
  return new Map([...labels].sort().map((label, i) => [label, `c${i % COLOURS}`]));
}

export function classOf(
  observation: ObservationResult,
  colours: ReadonlyMap<string, string>,
): string {
  const { judgement } = observation;
  if (judgement === null) return colours.get(observation.behaviour ?? "") ?? "none";
  switch (judgement.verdict) {
    case "known":
      return colours.get(judgement.label) ?? "none";
    case "unknown":
      return "unknown";
    case "benign":
      return "benign";
  }
}

/** Judged otherwise than it was. `unknown` is right only for a behaviour that the model does not have. */
export function misjudged(observation: ObservationResult, model: RoundResult["model"]): boolean {
  const { behaviour, judgement } = observation;
  if (behaviour === null || judgement === null) return false;
  switch (judgement.verdict) {
    case "known":
      return judgement.label !== behaviour;
    case "benign":
      return behaviour !== "benign";
    case "unknown":
      return model.clusters.some((cluster) => cluster.label === behaviour);
  }
}
