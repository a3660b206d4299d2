import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { ownEnvironment } from "../../src/base/command.ts";
import { LabUnavailableError } from "../../src/base/errors.ts";
import type { Runner } from "../command/runner.ts";
import {
  errorOf,
  messageOf,
  parseEvent,
  snapshotsOf,
  statesOf,
  type VagrantEvent,
} from "./machine-readable.ts";
import type { StageWork } from "./stage.ts";

const PROJECT = fileURLToPath(new URL("../../", import.meta.url));
/** Vagrant tidies up when it is interrupted; after this it is ended. */
const TIDY_MS_MAX = 30_000;

/** Vagrant as a program sees it: every call speaks `--machine-readable`. */
export class Vagrant {
  readonly #runner: Runner;
  readonly #program: readonly string[];
  readonly #env: Readonly<Record<string, string>>;

  /** `program`: the command and its first arguments, so that a test can put another in its place. */
  constructor(
    runner: Runner,
    env: Readonly<Record<string, string>> = {},
    program: readonly string[] = ["vagrant", "--machine-readable"],
  ) {
    this.#runner = runner;
    this.#program = program;
    this.#env = { VAGRANT_CWD: PROJECT, VAGRANT_CHECKPOINT_DISABLE: "1", ...env };
  }

  /**
   * Run a command of Vagrant, with everything that it says in the log, and what it says to humans as progress. Rejects
   * with LabUnavailableError when it fails or the signal is aborted.
   */
  async run(args: readonly string[], work: StageWork): Promise<readonly VagrantEvent[]> {
    const [file = "", ...first] = this.#program;
    const command = await this.#runner.start(file, [...first, ...args], {
      name: "VAGRANT",
      env: { ...ownEnvironment(), ...this.#env },
      standIn: { says: "" },
    });
    // It asks nobody anything.
    command.stdin.end();
    const end = () => {
      command.kill("SIGINT");
      setTimeout(() => command.kill("SIGKILL"), TIDY_MS_MAX).unref();
    };
    if (work.signal.aborted) end();
    work.signal.addEventListener("abort", end, { once: true });
    const events: VagrantEvent[] = [];
    try {
      for await (const line of createInterface({ input: command.stdout })) {
        const event = parseEvent(line);
        if (event !== null) events.push(event);
        const message = event === null ? line : messageOf(event);
        if (message === null) continue;
        work.log(message);
        const news = message.split("\n").findLast((part) => part.trim() !== "");
        if (news !== undefined) work.progress(news.trim());
      }
      const status = await command.ended;
      if (command.complaint() !== "") work.log(command.complaint());
      work.signal.throwIfAborted();
      if (status === 0) return events;
      const why = errorOf(events) ?? command.complaint();
      throw new LabUnavailableError(
        `${status === null ? "ended by a signal" : `exit status ${status}`}${why === "" ? "" : `: ${why}`}`,
        { where: `vagrant ${args.join(" ")}` },
      );
    } finally {
      work.signal.removeEventListener("abort", end);
    }
  }

  /** The state of each machine of the Vagrantfile, by name. */
  async states(work: StageWork): Promise<ReadonlyMap<string, string>> {
    return statesOf(await this.run(["status"], work));
  }

  async snapshots(machine: string, work: StageWork): Promise<readonly string[]> {
    return snapshotsOf(await this.run(["snapshot", "list", machine], work));
  }
}
