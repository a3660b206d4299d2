import { type ChildProcess, fork } from "node:child_process";
import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crash, type Fault, hang, memory } from "./fault.ts";
import { BOUNDS, type Job, type JobEnd, type RunnerData } from "./job.ts";

const LOOK_MS = 50;
const STDERR_CHARACTERS_MAX = 4_000;
const IDLE = -1;

/**
 * Runs jobs in a process with bounded memory, kills it when an input takes too long, and then starts another. A thread
 * would not do: one that runs out of memory can take the whole process with it.
 */
export class GuardedRunner {
  readonly #data: RunnerData;
  readonly #folder = mkdtempSync(join(tmpdir(), "isoreplay-fuzz-run-"));
  /** The runner writes the number of its input here: it stays readable when the runner never answers again. */
  readonly #progress: number;
  #child: ChildProcess | null = null;
  #stderr = "";

  constructor(seed: string, targets: readonly string[]) {
    const progressFile = join(this.#folder, "progress");
    this.#data = { seed, targets, progressFile };
    this.#progress = openSync(progressFile, "w+");
  }

  async run(job: Job, inputMs: number = BOUNDS.inputMs): Promise<JobEnd> {
    this.#child ??= this.#start();
    const end = await this.#watched(this.#child, job, inputMs);
    // What ran out of time or memory is not to be used again.
    if (end.fault?.kind === "hang" || end.fault?.kind === "memory") this.#stop();
    return end;
  }

  close(): void {
    this.#stop();
    closeSync(this.#progress);
    rmSync(this.#folder, { recursive: true });
  }

  #start(): ChildProcess {
    const child = fork(join(import.meta.dirname, "runner.ts"), [JSON.stringify(this.#data)], {
      execArgv: [`--max-old-space-size=${BOUNDS.heapMegabytes}`],
      serialization: "advanced",
      stdio: ["ignore", "inherit", "pipe", "ipc"],
    });
    this.#stderr = "";
    child.stderr?.on("data", (piece: Buffer) => {
      this.#stderr = (this.#stderr + piece.toString()).slice(-STDERR_CHARACTERS_MAX);
    });
    return child;
  }

  #stop(): void {
    this.#child?.removeAllListeners();
    this.#child?.kill("SIGKILL");
    this.#child = null;
  }

  #watched(child: ChildProcess, job: Job, inputMs: number): Promise<JobEnd> {
    this.#writeProgress(IDLE);
    return new Promise((resolve) => {
      let seen = IDLE;
      let sinceMs = performance.now();
      const finish = (end: JobEnd) => {
        clearInterval(timer);
        child.off("message", finish);
        child.off("exit", ended);
        resolve(end);
      };
      const broken = (fault: Fault) => {
        finish({ next: this.#readProgress() + 1, tallies: {}, fault, usedBytes: 0, peakBytes: 0 });
      };
      const ended = (code: number | null, signal: string | null) => {
        this.#child = null;
        const isFull = this.#stderr.includes("heap out of memory");
        if (isFull) broken(memory(`the heap needs more than ${BOUNDS.heapMegabytes} MB`));
        else broken(crash(`the process ended: ${signal ?? code}`, this.#stderr));
      };
      const timer = setInterval(() => {
        const number = this.#readProgress();
        if (number !== seen || number === IDLE) {
          seen = number;
          sinceMs = performance.now();
        } else if (performance.now() - sinceMs > inputMs) broken(hang(inputMs));
      }, LOOK_MS);
      child.on("message", finish);
      child.on("exit", ended);
      child.send(job);
    });
  }

  #writeProgress(number: number): void {
    writeSync(this.#progress, Int32Array.of(number), 0, 4, 0);
  }

  #readProgress(): number {
    const number = Int32Array.of(IDLE);
    readSync(this.#progress, number, 0, 4, 0);
    return number[0] ?? IDLE;
  }
}
