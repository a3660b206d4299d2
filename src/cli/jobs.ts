import { stat } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { deserialize } from "node:v8";
import { UsageError } from "../base/errors.ts";
import { JOB_LIMITS } from "../base/limits.ts";
import type { Observation } from "../feature/observation.ts";
import { type CaptureObservations, type CaptureReading, readObservations } from "./captures.ts";
import type { Io } from "./io.ts";
import { type ErrorFields, errorOf, type Job } from "./job.ts";
import { JobPool } from "./job-pool.ts";
import { STANDARD_INPUT } from "./standard-input.ts";

/**
 * Threads that do a job for each capture, as many as `jobs` or, without it, as the machine has cores; null where one is
 * as good. Standard input is left to the caller: threads have none. Throws UsageError where it is named twice.
 */
export async function startJobs(
  captures: readonly string[],
  jobs: number | undefined,
  jobOf: (file: string) => Job,
  io: Io,
): Promise<JobPool | null> {
  if (captures.filter((file) => file === STANDARD_INPUT).length > 1)
    throw new UsageError("standard input can be read only once, and - is named twice");
  const files = captures.filter((file) => file !== STANDARD_INPUT);
  if (files.length === 0 || captures.length === 1) return null;
  const workers = jobs ?? ((await areSmall(files)) ? 1 : availableParallelism());
  if (workers === 1) return null;
  return new JobPool(
    captures.map((file) => (file === STANDARD_INPUT ? null : jobOf(file))),
    workers,
    io,
  );
}

/** Reads the observations of captures, in any number of threads. */
export class ObservationSource implements AsyncDisposable {
  readonly #captures: readonly string[];
  readonly #gapS: number;
  readonly #pool: JobPool | null;
  readonly #io: Io;

  private constructor(captures: readonly string[], gapS: number, pool: JobPool | null, io: Io) {
    this.#captures = captures;
    this.#gapS = gapS;
    this.#pool = pool;
    this.#io = io;
  }

  static async open(
    captures: readonly string[],
    { gap, jobs }: { readonly gap: number; readonly jobs?: number },
    io: Io,
  ): Promise<ObservationSource> {
    const jobOf = (file: string): Job => ({ what: "observe", file, gapS: gap });
    return new ObservationSource(captures, gap, await startJobs(captures, jobs, jobOf, io), io);
  }

  /** As readObservations; ask for each capture once, in their order. */
  async read(index: number): Promise<CaptureObservations> {
    const file = this.#captures[index];
    if (file === undefined) throw new RangeError(`no capture ${index}`);
    if (this.#pool?.has(index) !== true)
      return readObservations(file, this.#io, { gapS: this.#gapS });
    const observations: Observation[] = [];
    const result = await this.#pool.follow(index, async (bytes) => {
      for (const observation of deserialize(bytes) as Observation[]) observations.push(observation);
      return true;
    });
    const { damage, ...reading } = result as Omit<CaptureReading, "damage"> & {
      readonly damage: ErrorFields | null;
    };
    return { ...reading, observations, damage: damage === null ? null : errorOf(damage) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pool?.[Symbol.asyncDispose]();
  }
}

async function areSmall(files: readonly string[]): Promise<boolean> {
  const sizes = await Promise.all(
    files.map((file) =>
      stat(file).then(
        ({ size }) => size,
        // What is wrong with the file is told in its turn, when it is read.
        () => 0,
      ),
    ),
  );
  return sizes.reduce((sum, size) => sum + size, 0) < JOB_LIMITS.smallBytes;
}
