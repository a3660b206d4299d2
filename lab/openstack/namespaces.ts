import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { type CommandOptions, type CommandResult, runCommand } from "../../src/base/command.ts";
import { LabUnavailableError } from "../../src/base/errors.ts";
import { textOf } from "../../src/base/files.ts";
import { PYTHON } from "../packets/packet-socket.ts";
import { LABEL_VARIABLE } from "../state/leftovers.ts";
import { identify, type ProcessIdentity } from "../state/process-identity.ts";

const FILES = fileURLToPath(new URL("files/", import.meta.url));
const START_MS_MAX = 10_000;
const POLL_MS = 20;
const SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
/** As /proc/net/tcp calls a socket that listens. */
const LISTENS = "0A";

/**
 * The namespaces of an OpenStack lab: network, mounts, processes, host name and message queues of its own. Their first process keeps
 * them; when it ends, the kernel ends everything in them, mounts and disks included.
 */
export class Namespaces {
  readonly folder: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Their first process, as the machine's other processes see it. */
  readonly keeper: ProcessIdentity;

  constructor(folder: string, label: string, keeper: ProcessIdentity) {
    this.folder = folder;
    this.keeper = keeper;
    this.environment = environment(folder, label);
  }

  /** They end with this process, even where it is killed, until `stay` is called. */
  static async create(folder: string, label: string): Promise<Namespaces> {
    const log = join(folder, "logs", "keeper.log");
    const own = ["--net", "--mount", "--pid", "--uts", "--ipc", "--fork", "--kill-child"];
    const keeper = [PYTHON, join(FILES, "keeper.py"), folder, String(process.pid)];
    // Its output goes to a file: nobody waits for it.
    const quietly = ["sh", "-c", 'log=$1; shift; exec "$@" </dev/null >"$log" 2>&1', "sh", log];
    await runCommand("setsid", ["--fork", ...quietly, "unshare", ...own, ...keeper], {
      env: environment(folder, label),
    });
    const end = performance.now() + START_MS_MAX;
    for (;;) {
      const known = await keeperOf(folder);
      if (known !== null) {
        const namespaces = new Namespaces(folder, label, known);
        await namespaces.run(["mount", "-t", "proc", "proc", "/proc"]);
        return namespaces;
      }
      if (performance.now() > end) {
        throw new LabUnavailableError(`no namespaces after ${START_MS_MAX} ms`, { where: log });
      }
      await wait(POLL_MS);
    }
  }

  /** Write the script `inside`, by which a user runs a command inside, with the cloud's credentials. */
  async writeInside(): Promise<void> {
    const { [LABEL_VARIABLE]: _, ...variables } = this.environment;
    const set = Object.entries(variables).map(([name, value]) => `${name}=${value}`);
    const command = this.inside(["env", ...set]).join(" ");
    await writeFile(insideScript(this.folder), `#!/bin/sh\nexec ${command} "$@"\n`, {
      mode: 0o700,
    });
  }

  /** From now on they outlive this process. */
  async stay(): Promise<void> {
    await writeFile(join(this.folder, "stays"), "");
  }

  /** A command line that runs inside. */
  inside(args: readonly string[]): [file: string, ...args: string[]] {
    const target = ["--target", String(this.keeper.pid)];
    return ["nsenter", ...target, "--net", "--mount", "--pid", "--uts", "--ipc", "--", ...args];
  }

  /** Run a command inside, to its end. Rejects with CommandError. */
  run(args: readonly string[], options: Omit<CommandOptions, "env"> = {}): Promise<CommandResult> {
    const [file, ...rest] = this.inside(args);
    return runCommand(file, rest, { ...options, env: this.environment });
  }

  /** Start a service inside, which stays as long as the namespaces do. What it says goes to `logs/NAME.log`. */
  async launch(name: string, args: readonly string[]): Promise<void> {
    const launch = ["sh", join(FILES, "launch.sh"), this.log(name), this.#pidFile(name)];
    await this.run(["setsid", "--fork", ...launch, ...args]);
  }

  log(name: string): string {
    return join(this.folder, "logs", `${name}.log`);
  }

  /** Whether a service has ended. One that has not begun yet has not. */
  async hasEnded(name: string): Promise<boolean> {
    const pid = await textOf(this.#pidFile(name));
    if (pid === "") return false;
    // Its number is one of the namespaces' own, and so is this view of /proc.
    return (await textOf(`/proc/${this.keeper.pid}/root/proc/${pid.trim()}/stat`)) === "";
  }

  /** TCP ports on which somebody inside listens. */
  async listening(): Promise<Set<number>> {
    const texts = await Promise.all(
      ["tcp", "tcp6"].map((name) => textOf(`/proc/${this.keeper.pid}/net/${name}`)),
    );
    const rows = texts
      .flatMap((text) => text.split("\n").slice(1))
      .map((line) => line.trim().split(/\s+/));
    return new Set(
      rows
        .filter(([, , , state]) => state === LISTENS)
        .map(([, local = ""]) => Number.parseInt(local.split(":")[1] ?? "", 16)),
    );
  }

  #pidFile(name: string): string {
    return join(this.folder, "pids", name);
  }
}

/** The first process of a lab's namespaces; null when it has ended, or has not begun. */
export async function keeperOf(folder: string): Promise<ProcessIdentity | null> {
  return identify(Number(await textOf(join(folder, "keeper.pid"))));
}

/** The script that runs a command inside a lab. It is there once the lab is up. */
export function insideScript(folder: string): string {
  return join(folder, "inside");
}

function environment(folder: string, label: string): Record<string, string> {
  const storage = join(folder, "storage");
  return {
    [LABEL_VARIABLE]: label,
    PATH: `${join(storage, "bin")}:${SYSTEM_PATH}`,
    HOME: join(storage, "home"),
    TMPDIR: join(storage, "tmp"),
    LANG: "C.UTF-8",
    OS_CLOUD: "lab",
    OS_CLIENT_CONFIG_FILE: join(folder, "etc", "clouds.yaml"),
  };
}
