import type { RoundResult, SuspectResult } from "../run/results.ts";
import { type Assertion, makeAssertion } from "./assertion.ts";

const NAME = "manifestation";

/**
 * The behaviour of each isolated suspect happened again in isolation. Where nobody knows the behaviour (a real capture),
 * it is that the same requests were made again.
 */
export function manifestation(
  rounds: readonly RoundResult[],
  effects: ReadonlyMap<string, string>,
): Assertion {
  const suspects = rounds.flatMap((r) => r.suspects).filter((s) => s.move !== null);
  const missing = suspects.filter((s) => !manifested(s, effects));
  const figures = {
    isolated: suspects.length,
    manifested: suspects.length - missing.length,
    requests_recorded: total(suspects, (s) => s.replay?.requestsRecorded),
    requests_repeated: total(suspects, (s) => s.replay?.requestsRepeated),
  };
  if (suspects.length === 0) {
    return makeAssertion(NAME, "inconclusive", "no suspect was isolated", figures);
  }
  const first = missing[0];
  if (first !== undefined) {
    return makeAssertion(
      NAME,
      "fail",
      `${missing.length} of ${suspects.length} isolated suspects did not show their behaviour again, ` +
        `${first.name} for one (${first.replay?.requestsRepeated ?? 0} of ` +
        `${first.replay?.requestsRecorded ?? 0} recorded requests were repeated)`,
      figures,
    );
  }
  const shown = suspects.flatMap((s) => (s.behaviour === null ? [] : [s.behaviour]));
  return makeAssertion(
    NAME,
    "pass",
    shown.length === suspects.length
      ? `each of ${suspects.length} isolated suspects showed its behaviour again (${[...new Set(shown)].join(", ")})`
      : `the same requests were made again (${figures.requests_repeated} of ${figures.requests_recorded})`,
    figures,
  );
}

function manifested(suspect: SuspectResult, effects: ReadonlyMap<string, string>): boolean {
  if (suspect.behaviour === null) {
    const { requestsRecorded = 0, requestsRepeated = 0 } = suspect.replay ?? {};
    return requestsRecorded > 0 && requestsRepeated === requestsRecorded;
  }
  const kind = effects.get(suspect.behaviour);
  return suspect.effectsInIsolation.some((e) => e.kind === kind);
}

function total(
  suspects: readonly SuspectResult[],
  pick: (suspect: SuspectResult) => number | undefined,
): number {
  return suspects.reduce((n, s) => n + (pick(s) ?? 0), 0);
}
