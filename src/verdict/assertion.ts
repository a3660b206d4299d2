import { EXIT, type ExitStatus } from "../base/errors.ts";
import type { Assertion, Outcome } from "../run/results.ts";

export type { Assertion, Outcome };

/** Any failure fails the run; missing evidence is inconclusive, never a pass, and no assertion at all is no evidence. */
export function overall(assertions: readonly Pick<Assertion, "verdict">[]): Outcome {
  if (assertions.some((a) => a.verdict === "fail")) return "fail";
  if (assertions.length === 0 || assertions.some((a) => a.verdict === "inconclusive"))
    return "inconclusive";
  return "pass";
}

/** The exit status of `run`. */
export function exitStatus(outcome: Outcome): ExitStatus {
  switch (outcome) {
    case "pass":
      return EXIT.pass;
    case "fail":
      return EXIT.failed;
    case "inconclusive":
      return EXIT.inconclusive;
  }
}

/** An assertion; figures are rounded so that they read well, the verdict was made on the exact ones. */
export function makeAssertion(
  name: string,
  verdict: Outcome,
  evidence: string,
  figures: Assertion["figures"],
): Assertion {
  const rounded = Object.entries(figures).map(([key, value]) => [
    key,
    typeof value === "number" ? Math.round(value * 1e6) / 1e6 : value,
  ]);
  return { name, verdict, evidence, figures: Object.fromEntries(rounded) };
}
