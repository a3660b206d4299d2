/** One step on the way up. Steps are done in order, each within its own time, and none twice. */
export interface Stage {
  readonly name: string;
  /** What it does, for the terminal. */
  readonly title: string;
  readonly deadlineMs: number;
  /** What it depends on besides the stages before it. Another text than last time: it is done again, and all after it. */
  readonly inputs: string;
  /** Whether the machine is saved after it, so that the next stage can be tried again from there. */
  readonly snapshot: boolean;
  /** Why there is nothing to do; absent where there is. */
  readonly skipped?: string;
  run(work: StageWork): Promise<void>;
}

export interface StageWork {
  /** Into the stage's log file. */
  log(line: string): void;
  /** The stage's last news, for the terminal. */
  progress(line: string): void;
  /** Aborted when the stage's time is over, or the user has had enough. */
  readonly signal: AbortSignal;
}

/** What of a stage is written down: it is done, and which snapshot was taken after it. */
export interface StageDone {
  readonly name: string;
  readonly inputs: string;
  readonly tookS: number;
  readonly snapshot: string | null;
}

/** Where the way up begins: the stages that stay done, in order, and the first one to do. */
export function resumeAt(stages: readonly Stage[], done: readonly StageDone[]): number {
  const differs = stages.findIndex(
    ({ name, inputs }, i) => done[i]?.name !== name || done[i]?.inputs !== inputs,
  );
  return differs < 0 ? stages.length : differs;
}
