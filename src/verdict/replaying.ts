import type { RoundResult } from "../run/results.ts";
import { type Assertion, makeAssertion } from "./assertion.ts";

const NAME = "replay";

/**
 * Every answer that was seen in isolation is a recorded one, or the replayer accounts for it as a miss: nothing else ever
 * answered. The replayer's word is not enough, so the answers are those that the isolation tap saw.
 */
export function replaying(rounds: readonly RoundResult[]): Assertion {
  const replays = rounds.flatMap((r) => r.suspects).flatMap((s) => (s.replay ? [s.replay] : []));
  const sum = (pick: (r: (typeof replays)[number]) => number) =>
    replays.reduce((n, r) => n + pick(r), 0);
  const figures = {
    answers: sum((r) => r.answers),
    misses: sum((r) => r.misses),
    seen: sum((r) => r.seen),
    alike: sum((r) => r.alike),
    identical: sum((r) => r.identical),
    bytes_recorded: sum((r) => r.bytes.recorded),
    bytes_substituted: sum((r) => r.bytes.substituted),
    bytes_refused: sum((r) => r.bytes.refused),
  };
  if (replays.length === 0 || figures.answers === 0) {
    return makeAssertion(NAME, "inconclusive", "nothing was replayed", figures);
  }
  // Where nothing was substituted every answer must be the recorded bytes; filler has to keep status and length.
  const isFiller = figures.bytes_substituted > 0;
  const same = isFiller ? figures.alike : figures.identical;
  const isAccounted = figures.seen - same <= figures.misses;
  const how = isFiller
    ? "have the recorded status and length"
    : "are byte for byte the recorded ones";
  return makeAssertion(
    NAME,
    isAccounted ? "pass" : "fail",
    `${same} of ${figures.seen} answers on the isolation tap ${how}; ` +
      `${figures.bytes_recorded} bytes recorded, ${figures.bytes_substituted} substituted, ` +
      `${figures.bytes_refused} from the miss policy (${figures.misses} misses)`,
    figures,
  );
}
