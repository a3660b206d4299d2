import { createWriteStream, mkdirSync } from "node:fs";
import { join } from "node:path";
import { finished } from "node:stream/promises";
import { IsoreplayError, LabUnavailableError } from "../../src/base/errors.ts";
import { resumeAt, type Stage } from "./stage.ts";
import { type StageRecord, writeRecord } from "./stage-record.ts";

/** How long a stage may take to end once it has been told to. */
const ENDING_MS_MAX = 60_000;

/** The machine that the stages build. */
export interface StagedMachine {
  save(snapshot: string): Promise<void>;
  restore(snapshot: string): Promise<void>;
}

export interface StageNews {
  /** A stage begins, or is passed over. */
  stage(stage: Stage, state: "begins" | "stands" | "skipped" | "done", seconds: number): void;
  /** News of the stage that runs. */
  progress(line: string): void;
}

export interface StageRun {
  readonly stages: readonly Stage[];
  readonly record: StageRecord;
  readonly machine: StagedMachine;
  readonly news: StageNews;
  /** Where the record and the logs lie. */
  readonly folder: string;
  /** The user's wish to stop. */
  readonly signal?: AbortSignal;
}

/**
 * Do what is not done yet, stage by stage. A stage that was begun and not ended is done from the snapshot before it.
 * Rejects with LabUnavailableError when a stage fails or takes too long; what was done before it stays done.
 */
export async function runStages(run: StageRun): Promise<void> {
  const { stages, machine, news, folder } = run;
  const from = resumeAt(stages, run.record.done);
  const done = run.record.done.slice(0, from);
  for (const stage of stages.slice(0, from)) news.stage(stage, "stands", 0);
  if (from < stages.length && (run.record.begun !== null || run.record.done.length > from)) {
    // The last one wins: stages without a snapshot may be done twice on the same machine.
    const last = done.findLast(({ snapshot }) => snapshot !== null)?.snapshot;
    if (last !== undefined && last !== null) await machine.restore(last);
  }
  for (const [i, stage] of stages.entries()) {
    if (i < from) continue;
    const started = performance.now();
    writeRecord(folder, { ...run.record, done, begun: stage.name });
    if (stage.skipped === undefined) {
      news.stage(stage, "begins", 0);
      await runStage(stage, join(folder, `${i + 1}-${stage.name}.log`), run);
    }
    const snapshot = stage.snapshot && stage.skipped === undefined ? `after-${stage.name}` : null;
    if (snapshot !== null) await machine.save(snapshot);
    const tookS = Math.round((performance.now() - started) / 100) / 10;
    done.push({ name: stage.name, inputs: stage.inputs, tookS, snapshot });
    writeRecord(folder, { ...run.record, done, begun: null });
    news.stage(stage, stage.skipped === undefined ? "done" : "skipped", tookS);
  }
}

async function runStage(stage: Stage, logFile: string, run: StageRun): Promise<void> {
  mkdirSync(run.folder, { recursive: true });
  const log = createWriteStream(logFile, { flags: "w", mode: 0o600 });
  const late = AbortSignal.timeout(stage.deadlineMs);
  const signal = run.signal === undefined ? late : AbortSignal.any([late, run.signal]);
  try {
    await endedBy(
      signal,
      stage.run({
        log: (line) => log.write(`${line}\n`),
        progress: (line) => run.news.progress(line),
        signal,
      }),
    );
  } catch (error) {
    const why = late.aborted
      ? `did not end within ${minutes(stage.deadlineMs)}`
      : run.signal?.aborted
        ? "was stopped"
        : `failed: ${error instanceof IsoreplayError ? error.line : String(error)}`;
    log.write(`${why}\n`);
    throw new LabUnavailableError(`stage ${stage.name} ${why}`, {
      where: logFile,
      mend: "node lab/devstack/up.ts goes on from the last good stage",
      cause: error,
    });
  } finally {
    log.end();
    await finished(log);
  }
}

/** Wait for work that heeds the signal; when it does not, do not wait for ever. */
async function endedBy(signal: AbortSignal, work: Promise<void>): Promise<void> {
  const { promise: given, reject } = Promise.withResolvers<never>();
  let timer: NodeJS.Timeout | undefined;
  const giveUp = () => {
    timer = setTimeout(() => reject(signal.reason), ENDING_MS_MAX);
  };
  signal.addEventListener("abort", giveUp, { once: true });
  try {
    await Promise.race([work, given]);
    signal.throwIfAborted();
  } finally {
    signal.removeEventListener("abort", giveUp);
    clearTimeout(timer);
  }
}

function minutes(ms: number): string {
  return ms < 60_000 ? `${ms / 1000} s` : `${Math.round(ms / 60_000)} min`;
}
