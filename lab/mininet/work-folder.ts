import { randomBytes } from "node:crypto";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { Journal, STATE } from "../state/journal.ts";
import { identify } from "../state/process-identity.ts";

/** The folder of one lab: its journal, images, the switch's database and sockets. Removed with the lab. */
export class WorkFolder implements AsyncDisposable {
  readonly path: string;
  readonly label: string;
  readonly journal: Journal;

  private constructor(label: string) {
    this.label = label;
    this.path = join(STATE, label);
    this.journal = Journal.create(this.path);
  }

  /** `name`: of the plan that is built there. */
  static create(name: string, stays: boolean): WorkFolder {
    const label = randomBytes(4).toString("hex");
    const folder = new WorkFolder(label);
    const { pid, startTicks } = identify(process.pid) ?? { pid: process.pid, startTicks: "" };
    folder.journal.add({ kind: "lab", lab: "mininet", name, label, pid, startTicks, stays });
    return folder;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.journal.close();
    await rm(this.path, { recursive: true, force: true });
  }
}
