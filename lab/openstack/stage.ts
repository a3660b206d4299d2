import { open, readFile } from "node:fs/promises";
import { setTimeout as wait } from "node:timers/promises";
import { CommandError } from "../../src/base/command.ts";
import { LabUnavailableError } from "../../src/base/errors.ts";
import type { Namespaces } from "./namespaces.ts";

const POLL_MS = 100;
/** How much of a log's end an error quotes. */
const QUOTED_BYTES = 2_000;
const QUOTED_LINES = 5;

/** One step of a lab on its way up: it has a name, a deadline, and logs that say what went wrong. */
export class Stage {
  readonly name: string;
  readonly #namespaces: Namespaces;
  readonly #deadlineMs: number;
  readonly #end: number;
  readonly #launched: string[] = [];

  constructor(namespaces: Namespaces, name: string, deadlineMs: number) {
    this.#namespaces = namespaces;
    this.name = name;
    this.#deadlineMs = deadlineMs;
    this.#end = performance.now() + deadlineMs;
  }

  /** Run a command to its end; what it says goes to the log of that name. */
  async run(log: string, args: readonly string[], input?: string): Promise<void> {
    const file = this.#namespaces.log(log);
    const script = 'log=$1; shift; exec "$@" >>"$log" 2>&1';
    try {
      await this.#namespaces.run(["sh", "-c", script, "sh", file, ...args], {
        timeoutMs: Math.max(1, Math.round(this.#end - performance.now())),
        ...(input === undefined ? {} : { input }),
      });
    } catch (error) {
      if (!(error instanceof CommandError)) throw error;
      const how = error.exitStatus === null ? this.#late : `exit status ${error.exitStatus}`;
      throw await this.#failure(`${args.join(" ")}: ${how}`, log, error);
    }
  }

  /**
   * Run the `openstack` client on a list of commands that make things. It goes on after one that failed, and ends as if
   * nothing had happened; but what it says is then not only tables.
   */
  async batch(log: string, args: readonly string[], commands: string): Promise<void> {
    await this.run(log, args, commands);
    const said = await readFile(this.#namespaces.log(log), "utf8");
    const complaint = said.split("\n").find((line) => line !== "" && !/^[+|]/.test(line));
    if (complaint !== undefined) throw await this.#failure(complaint, log);
  }

  /** Start a service that stays. */
  async launch(name: string, args: readonly string[]): Promise<void> {
    this.#launched.push(name);
    await this.#namespaces.launch(name, args);
  }

  /** Wait until a service listens on its port. */
  listens(service: string, port: number): Promise<void> {
    return this.until(`${service} to listen on port ${port}`, service, async () =>
      (await this.#namespaces.listening()).has(port),
    );
  }

  /** Wait for something that a service does. Rejects when a service of this stage ends, or when the stage's time is up. */
  async until(
    what: string,
    service: string,
    isSo: () => Promise<boolean>,
    pollMs = POLL_MS,
  ): Promise<void> {
    while (!(await isSo())) {
      for (const name of new Set([...this.#launched, service]))
        if (await this.#namespaces.hasEnded(name))
          throw await this.#failure(`${name} has ended`, name);
      if (performance.now() > this.#end)
        throw await this.#failure(`waited for ${what}: ${this.#late}`, service);
      await wait(pollMs);
    }
  }

  get #late(): string {
    return `not within the ${this.#deadlineMs / 1000} s of this stage`;
  }

  async #failure(what: string, log: string, cause?: unknown): Promise<LabUnavailableError> {
    const file = this.#namespaces.log(log);
    const end = await lastLines(file);
    return new LabUnavailableError(`stage ${this.name}: ${what}${end === "" ? "" : `: ${end}`}`, {
      where: file,
      cause,
    });
  }
}

/** The end of a log in one line. */
async function lastLines(path: string): Promise<string> {
  let text: string;
  try {
    await using file = await open(path);
    const { size } = await file.stat();
    const buffer = Buffer.alloc(Math.min(size, QUOTED_BYTES));
    await file.read(buffer, 0, buffer.length, size - buffer.length);
    text = buffer.toString("utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return "";
    throw error;
  }
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  return lines.slice(-QUOTED_LINES).join(" | ");
}
