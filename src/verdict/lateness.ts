import { latenessSentence, tooLate } from "../run/lateness.ts";
import type { RoundResult } from "../run/results.ts";
import { type Assertion, makeAssertion } from "./assertion.ts";

/**
 * What fails where somebody was too late is open: sessions may have been torn apart, or a program given up, by the machine
 * and not by what is asserted about. Only for assertions that depend on time. A pass stays one: being late does no good.
 */
export function unlessLate(assertion: Assertion, rounds: readonly RoundResult[]): Assertion {
  const late = tooLate(rounds);
  if (assertion.verdict !== "fail" || late === null) return assertion;
  const { name, evidence, figures } = assertion;
  return makeAssertion(name, "inconclusive", `${latenessSentence(late)} (${evidence})`, {
    ...figures,
    latest: late.name,
    latest_ms: late.latestMs,
    latest_ms_max: late.allowedMs,
  });
}
