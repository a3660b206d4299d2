import type { RoundResult } from "../run/results.ts";
import { type Assertion, makeAssertion } from "./assertion.ts";

const NAME = "replay";

/**
 * Every answer that was seen in isolation is byte for byte a recorded one, or the replayer accounts for it as
 * substituted or refused: nothing else ever answered.
 */
export function replaying(rounds: readonly RoundResult[]): Assertion {
  const replays = rounds.flatMap((r) => r.suspects).flatMap((s) => (s.replay ? [s.replay] : []));
  const sum = (pick: (r: (typeof replays)[number]) => number) =>
    replays.reduce((n, r) => n + pick(r), 0);
  const figures = {
    answers: sum((r) => r.answers),
    misses: sum((r) => r.misses),
    seen: sum((r) => r.seen),
    identical: sum((r) => r.identical),
    bytes_recorded: sum((r) => r.bytes.recorded),
    bytes_substituted: sum((r) => r.bytes.substituted),
    bytes_refused: sum((r) => r.bytes.refused),
  };
  if (replays.length === 0 || figures.answers === 0) {
    return makeAssertion(NAME, "inconclusive", "nothing was replayed", figures);
  }
  const strange = figures.seen - figures.identical;
  const isAccounted = strange <= figures.misses || figures.bytes_substituted > 0;
  return makeAssertion(
    NAME,
    isAccounted ? "pass" : "fail",
    `${figures.identical} of ${figures.seen} answers on the isolation tap are byte for byte the recorded ones; ` +
      `${figures.bytes_recorded} bytes recorded, ${figures.bytes_substituted} substituted, ` +
      `${figures.bytes_refused} from the miss policy (${figures.misses} misses)`,
    figures,
  );
}
