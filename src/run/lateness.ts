import type { RoundResult } from "./results.ts";

/** How late somebody who takes part in a round did what was planned. Real time: a virtual clock waits for everybody. */
export interface Lateness {
  readonly name: string;
  /** `run`: the process that drives the lab, and replays. `sensor`: whoever shows frames to the analysis. */
  readonly kind: "host" | "run" | "sensor";
  readonly latestMs: number;
  /** Delays that were long enough to count. */
  readonly times: number;
}

/** Beyond this somebody was late: what depends on time then says nothing about what it is to say something about. */
export interface TooLate extends Lateness {
  /** By how much a pause within a session may grow before its window ends, milliseconds of real time. */
  readonly allowedMs: number;
}

/**
 * By how much the longest pause that is planned within a session can grow, before it is as long as the silence that ends a
 * window. Milliseconds of real time.
 */
export function allowedLatenessMs(gapS: number, pauseS: number, speed: number): number {
  return ((gapS - pauseS) * 1000) / speed;
}

/** Who was latest of all in these rounds; null where nobody was, or time was virtual. */
export function latest(rounds: readonly Pick<RoundResult, "lateness">[]): TooLate | null {
  const all = rounds.flatMap(({ lateness }) =>
    (lateness?.who ?? []).map((who) => ({ ...who, allowedMs: lateness?.allowedMs ?? 0 })),
  );
  return all.reduce<TooLate | null>(
    (worst, one) => (worst === null || one.latestMs > worst.latestMs ? one : worst),
    null,
  );
}

/** Who was too late in these rounds, the latest of them; null where nobody was. */
export function tooLate(rounds: readonly Pick<RoundResult, "lateness">[]): TooLate | null {
  const worst = latest(rounds);
  return worst !== null && worst.latestMs > worst.allowedMs ? worst : null;
}

/** In words, with what can be done about it. */
export function latenessSentence({ name, kind, latestMs, allowedMs }: TooLate): string {
  const who = kind === "host" ? name : kind === "run" ? "the run itself" : "the sensor";
  return (
    `${who} was ${seconds(latestMs)} late, more than the ${seconds(allowedMs)} by which a pause may grow before it ` +
    `separates sessions: the machine is too busy; lower --speed`
  );
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 1)} s`;
}
