import { randomBytes } from "node:crypto";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { EXECUTE, type Runner } from "../command/runner.ts";
import { DISKS_DETACHED, disksDetached } from "../state/disks.ts";
import { Journal, type JournalEntry, type JournalFile, STATE } from "../state/journal.ts";
import { identify } from "../state/process-identity.ts";

/** The label of labs that are only rehearsed. */
const REHEARSED = "dry-run";

/** The folder of one lab: its journal, images, the switch's database and sockets. Removed with the lab. */
export class WorkFolder implements AsyncDisposable {
  readonly path: string;
  readonly label: string;
  readonly journal: JournalFile;
  readonly #runner: Runner;

  private constructor(runner: Runner, label: string, journal: JournalFile) {
    this.#runner = runner;
    this.label = label;
    this.path = join(STATE, label);
    this.journal = journal;
  }

  /** `name`: of the plan that is built there. */
  static async create(
    name: string,
    { stays, runner = EXECUTE }: { readonly stays: boolean; readonly runner?: Runner },
  ): Promise<WorkFolder> {
    const create = async () => {
      const label = randomBytes(4).toString("hex");
      const journal = Journal.create(join(STATE, label));
      const { pid, startTicks } = identify(process.pid) ?? { pid: process.pid, startTicks: "" };
      journal.add({ kind: "lab", lab: "mininet", name, label, pid, startTicks, stays });
      return new WorkFolder(runner, label, journal);
    };
    const notes = {
      add: (entry: JournalEntry) => runner.remark(`${entry.kind} ${entry.name}`),
      close: () => {},
    };
    const rehearsed = new WorkFolder(runner, REHEARSED, notes);
    const folder = await runner.instead(`lab ${name}`, create, rehearsed);
    await runner.act(["mkdir", "-p", "-m", "711", folder.path], () => {});
    return folder;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.journal.close();
    // What holds a disk is gone, but the kernel may still be about to let go of it: nothing may stay.
    await this.#runner.instead(DISKS_DETACHED, () => disksDetached([this.path]), undefined);
    await this.#runner.act(["rm", "-rf", this.path], () =>
      rm(this.path, { recursive: true, force: true }),
    );
  }
}
