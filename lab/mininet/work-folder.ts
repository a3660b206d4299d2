import { randomBytes } from "node:crypto";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";

/** Where labs keep what they need while they are up. Gone after a restart of the machine, like everything in them. */
const STATE = "/run/isoreplay";

/** The folder of one run of the lab: images, the switch's database and sockets. Removed with the lab. */
export class WorkFolder implements AsyncDisposable {
  readonly path: string;
  readonly label: string;

  private constructor(label: string) {
    this.label = label;
    this.path = join(STATE, label);
  }

  static async create(): Promise<WorkFolder> {
    const folder = new WorkFolder(randomBytes(4).toString("hex"));
    await mkdir(folder.path, { recursive: true, mode: 0o700 });
    return folder;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.path, { recursive: true, force: true });
  }
}
