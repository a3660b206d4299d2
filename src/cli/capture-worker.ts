import { Writable } from "node:stream";
import { serialize } from "node:v8";
import { type MessagePort, parentPort } from "node:worker_threads";
import { IsoreplayError } from "../base/errors.ts";
import { JOB_LIMITS } from "../base/limits.ts";
import { readObservations } from "./captures.ts";
import { extractFile } from "./extract-file.ts";
import { type Io, Output } from "./io.ts";
import { fieldsOf, type Job, type JobMessage, type WorkerOrder } from "./job.ts";

/** Observations sent at a time. */
const OBSERVATIONS = 1_024;

/** The thread of a worker: one capture after the other, as the pool says. */
class CaptureWorker {
  readonly #port: MessagePort;
  /** Pieces that were handed out and not taken yet. */
  #waiting = 0;
  #wanted = true;
  #goOn: () => void = () => {};

  constructor(port: MessagePort) {
    this.#port = port;
    port.on("message", (order: WorkerOrder) => {
      if ("taken" in order) {
        this.#waiting--;
        this.#wanted = order.wanted;
        this.#goOn();
      } else void this.#work(order.job);
    });
  }

  /** What nobody foresaw leaves here as it is, ends the thread, and reaches the pool as its error. */
  async #work(job: Job): Promise<void> {
    try {
      this.#say({ kind: "done", result: await this.#do(job) });
    } catch (error) {
      if (!(error instanceof IsoreplayError)) throw error;
      this.#say({ kind: "failed", error: fieldsOf(error) });
    }
  }

  async #do(job: Job): Promise<unknown> {
    const io = this.#io();
    if (job.what === "extract") return extractFile(job.file, io);
    const { observations, damage, ...reading } = await readObservations(job.file, io, {
      gapS: job.gapS,
    });
    for (let at = 0; at < observations.length; at += OBSERVATIONS)
      await this.#bytes(serialize(observations.slice(at, at + OBSERVATIONS)));
    return { ...reading, damage: damage === null ? null : fieldsOf(damage) };
  }

  #io(): Io {
    const note = (text: string) => this.#say({ kind: "note", text });
    return {
      out: new Output(
        new Writable({
          write: (chunk: Uint8Array, _, done) => {
            this.#bytes(chunk).then((wanted) => done(wanted ? null : nobodyReads()), done);
          },
        }),
      ),
      note,
      complain: (error) => note(error.line),
      progress: (text) => this.#say({ kind: "progress", text }),
      step: () => {},
      colour: false,
      width: null,
      args: [],
    };
  }

  /** Hand out bytes, and wait while too much is not taken; false: nobody wants more. */
  async #bytes(chunk: Uint8Array): Promise<boolean> {
    const bytes = new Uint8Array(chunk);
    this.#waiting++;
    this.#say({ kind: "bytes", bytes }, [bytes.buffer]);
    while (this.#waiting >= JOB_LIMITS.piecesUntakenMax) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#goOn = resolve;
      await promise;
    }
    return this.#wanted;
  }

  #say(message: JobMessage, transfer: ArrayBuffer[] = []): void {
    this.#port.postMessage(message, transfer);
  }
}

function nobodyReads(): Error {
  return Object.assign(new Error("nobody reads the output any more"), { code: "EPIPE" });
}

if (parentPort !== null) new CaptureWorker(parentPort);
