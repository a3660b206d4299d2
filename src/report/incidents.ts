import { latenessSentence, tooLate } from "../run/lateness.ts";
import type { Results, RoundResult } from "../run/results.ts";
import { counted } from "./number.ts";

/** What went wrong with the lab itself while the run went on, a sentence each; empty when nothing did. */
export function incidents({
  counts,
  rounds,
}: {
  readonly counts: Results["counts"];
  readonly rounds: readonly RoundResult[];
}): string[] {
  const found: [number | undefined, (n: number) => string][] = [
    [
      counts.switchRestarts,
      (n) =>
        `the switch died ${counted(n, "time")}: it was started again, and passed nothing before its rules were back`,
    ],
    [
      counts.replayerReconnects,
      (n) =>
        `the replayer lost its connection to the switch ${counted(n, "time")}, and got it back`,
    ],
    [
      counts.replayerGone,
      () =>
        "the replayer had lost its connection to the switch at the end: its guests got no answer",
    ],
    [
      counts.packetsLostByReplayer,
      (n) => `${counted(n, "packet")} of the replayer could not be handed to the switch`,
    ],
    [counts.framesMissed, (n) => `the captures lost ${counted(n, "frame")}`],
  ];
  const late = tooLate(rounds);
  return [
    ...found.flatMap(([n = 0, sentence]) => (n > 0 ? [sentence(n)] : [])),
    ...(late === null ? [] : [latenessSentence(late)]),
  ];
}
