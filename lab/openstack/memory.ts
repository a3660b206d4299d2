import { readdirSync, readFileSync, readlinkSync } from "node:fs";

const LOOK_MS = 5_000;
const KIBI = 1_024;
const GONE: readonly string[] = ["ENOENT", "ESRCH", "EACCES"];

/** Looks now and then at what the processes of a PID namespace hold together, each shared page counted once. */
export class MemoryWatch implements Disposable {
  readonly #namespace: string;
  readonly #timer: NodeJS.Timeout;
  peakBytes = 0;

  /** `pid`: one of the processes in the namespace. */
  constructor(pid: number) {
    this.#namespace = readlinkSync(`/proc/${pid}/ns/pid`);
    this.#timer = setInterval(() => this.look(), LOOK_MS);
    this.#timer.unref();
  }

  /** What they hold now. */
  look(): number {
    let kibibytes = 0;
    for (const name of readdirSync("/proc")) {
      if (!/^\d+$/.test(name)) continue;
      try {
        if (readlinkSync(`/proc/${name}/ns/pid`) !== this.#namespace) continue;
        const text = readFileSync(`/proc/${name}/smaps_rollup`, "utf8");
        kibibytes += Number(/^Pss:\s+(\d+)/m.exec(text)?.[1] ?? 0);
      } catch (error) {
        // It has ended meanwhile, or may not be looked at: then it is none of the lab's.
        const { code } = error as NodeJS.ErrnoException;
        if (!GONE.includes(code ?? "")) throw error;
      }
    }
    this.peakBytes = Math.max(this.peakBytes, kibibytes * KIBI);
    return kibibytes * KIBI;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}
