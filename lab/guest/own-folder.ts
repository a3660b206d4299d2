import { rmSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { identify, isAlive } from "../state/process-identity.ts";

/** PREFIX-PID-STARTTICKS-RANDOM: whose it is stands in its name. */
const NAME = /-(\d+)-(\d+)-\w{6}$/;

/** A folder that ends with its process: what processes that are gone left under the same prefix goes when one is made. */
export class OwnFolder implements AsyncDisposable {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  static async create(parent: string, prefix: string): Promise<OwnFolder> {
    await mkdir(parent, { recursive: true });
    for (const name of await readdir(parent)) {
      const [, pid, startTicks] = (name.startsWith(prefix) && NAME.exec(name)) || [];
      if (pid === undefined || startTicks === undefined) continue;
      if (!isAlive({ pid: Number(pid), startTicks }))
        await rm(join(parent, name), { recursive: true, force: true });
    }
    const { pid, startTicks } = identify(process.pid) ?? { pid: process.pid, startTicks: "0" };
    return new OwnFolder(await mkdtemp(join(parent, `${prefix}-${pid}-${startTicks}-`)));
  }

  /** Remove it at once, without waiting: for a signal's handler. */
  discard(): void {
    rmSync(this.path, { recursive: true, force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.path, { recursive: true, force: true });
  }
}
