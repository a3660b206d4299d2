import { readFile, rm } from "node:fs/promises";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { type CommandResult, type RunningCommand, runCommand } from "../../src/base/command.ts";
import { LabUnavailableError } from "../../src/base/errors.ts";
import { EXECUTE } from "../command/runner.ts";

const SCRIPT = fileURLToPath(new URL("private-libvirt.sh", import.meta.url));
const NAMESPACES = ["--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc"];

/**
 * A libvirt of one's own, in namespaces of its own (mounts, network, processes), with everything it writes in one folder: no
 * libvirt of the machine's is touched, and its guests reach nothing. The kernel ends all of it when it is disposed of, or
 * when this process ends, however that happens. Needs root.
 */
export class PrivateLibvirt implements AsyncDisposable {
  readonly folder: string;
  readonly #command: RunningCommand;
  readonly #pid: string;

  private constructor(folder: string, command: RunningCommand, pid: string) {
    this.folder = folder;
    this.#command = command;
    this.#pid = pid;
  }

  /** Rejects with LabUnavailableError where libvirt does not come up, or CommandError where a program is absent. */
  static async start(folder: string): Promise<PrivateLibvirt> {
    const command = await EXECUTE.start(
      "setpriv",
      ["--pdeathsig", "KILL", "unshare", ...NAMESPACES, SCRIPT, folder],
      { name: "LIBVIRT" },
    );
    for await (const line of createInterface({ input: command.stdout })) {
      if (line !== "ready") continue;
      const { pid } = command;
      const children = await readFile(`/proc/${pid}/task/${pid}/children`, "utf8");
      return new PrivateLibvirt(folder, command, children.trim().split(" ")[0] ?? "");
    }
    await command.ended;
    throw new LabUnavailableError(`libvirt does not come up: ${command.complaint()}`, {
      where: `${folder}/libvirtd.log`,
    });
  }

  /** Run a command beside it, in its namespaces. Rejects with CommandError. */
  run(
    file: string,
    args: readonly string[],
    options: Parameters<typeof runCommand>[2] = {},
  ): Promise<CommandResult> {
    const inside = ["--target", this.#pid, "--mount", "--net", "--pid", "--wd=."];
    return runCommand("nsenter", [...inside, file, ...args], options);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#command.stdin.end();
    await this.#command.ended;
    await rm(this.folder, { recursive: true, force: true });
  }
}
