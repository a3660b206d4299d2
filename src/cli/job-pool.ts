import { Worker } from "node:worker_threads";
import type { Io } from "./io.ts";
import { errorOf, type Job, type JobMessage, type WorkerOrder } from "./job.ts";
import { type Kept, Spill } from "./spill.ts";

/** Takes bytes that a job gives; false: no more of them are wanted. */
export type TakeBytes = (bytes: Uint8Array) => Promise<boolean>;

/** What waits until its job is followed, and for bytes that come while it is, the worker that waits. */
type Waiting =
  | Exclude<JobMessage, { kind: "bytes" | "progress" }>
  | { readonly kind: "kept"; readonly kept: Kept }
  | { readonly kind: "bytes"; readonly bytes: Uint8Array; readonly worker: Worker };

interface Task {
  readonly job: Job;
  readonly waiting: Waiting[];
  /** Called when something waits. */
  wake: () => void;
}

/**
 * Does jobs in worker threads, started in their order, while one after the other is followed. What a job gives
 * before its turn is put away, so that the workers never wait for a slow job; what it gives in its turn is taken
 * as fast as it is read.
 */
export class JobPool implements AsyncDisposable {
  readonly #io: Pick<Io, "note" | "progress">;
  readonly #tasks: readonly (Task | null)[];
  readonly #workers: Worker[] = [];
  readonly #spill = new Spill();
  #started = 0;
  #followed: Task | null = null;
  #failure: unknown = null;

  /** `null` stands for what is not done here. At most `workers` jobs are done at a time. */
  constructor(jobs: readonly (Job | null)[], workers: number, io: Pick<Io, "note" | "progress">) {
    this.#io = io;
    this.#tasks = jobs.map((job) => (job === null ? null : { job, waiting: [], wake: () => {} }));
    const count = Math.min(workers, jobs.filter((job) => job !== null).length);
    for (let n = 0; n < count; n++) this.#startWorker();
  }

  /** Whether the pool does this job. */
  has(index: number): boolean {
    return this.#tasks[index] !== null && this.#tasks[index] !== undefined;
  }

  /**
   * Take what a job gives until it is done; gives its result, or undefined once no more bytes were wanted. Throws the
   * job's error if it failed. Each job can be followed once.
   */
  async follow(index: number, take: TakeBytes): Promise<unknown> {
    const task = this.#tasks[index];
    if (task === null || task === undefined) throw new RangeError(`no job ${index}`);
    this.#followed = task;
    for (;;) {
      const next = task.waiting.shift();
      if (this.#failure !== null) throw this.#failure;
      if (next === undefined) {
        const { promise, resolve } = Promise.withResolvers<void>();
        task.wake = resolve;
        await promise;
      } else if (next.kind === "kept") {
        if (!(await take(this.#spill.take(next.kept)))) return undefined;
      } else if (next.kind === "bytes") {
        order(next.worker, { taken: true, wanted: await take(next.bytes) });
      } else {
        if (next.kind === "note") this.#io.note(next.text);
        if (next.kind === "failed") throw errorOf(next.error);
        if (next.kind === "done") return next.result;
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const worker of this.#workers) worker.removeAllListeners();
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
    this.#spill[Symbol.dispose]();
  }

  #startWorker(): void {
    const worker = new Worker(new URL("./capture-worker.ts", import.meta.url));
    this.#workers.push(worker);
    let task = this.#startNext(worker);
    worker.on("message", (message: JobMessage) => {
      if (task === null) return;
      this.#hear(task, message, worker);
      if (message.kind === "done" || message.kind === "failed") task = this.#startNext(worker);
    });
    worker.on("error", (error) => this.#fail(error));
    worker.on("exit", (code) => this.#fail(new Error(`a worker ended by itself, status ${code}`)));
  }

  #startNext(worker: Worker): Task | null {
    while (this.#started < this.#tasks.length) {
      const task = this.#tasks[this.#started++];
      if (task === null || task === undefined) continue;
      order(worker, { job: task.job });
      return task;
    }
    return null;
  }

  #hear(task: Task, message: JobMessage, worker: Worker): void {
    if (message.kind === "progress") {
      if (task === this.#followed) this.#io.progress(message.text);
      return;
    }
    if (message.kind !== "bytes") task.waiting.push(message);
    else if (task === this.#followed) {
      task.waiting.push({ kind: "bytes", bytes: message.bytes, worker });
    } else {
      try {
        task.waiting.push({ kind: "kept", kept: this.#spill.keep(message.bytes) });
      } catch (error) {
        this.#fail(error);
      }
      order(worker, { taken: true, wanted: this.#failure === null });
    }
    task.wake();
  }

  #fail(error: unknown): void {
    this.#failure ??= error;
    for (const task of this.#tasks) task?.wake();
  }
}

function order(worker: Worker, said: WorkerOrder): void {
  worker.postMessage(said);
}
