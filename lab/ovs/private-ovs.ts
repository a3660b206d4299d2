import { rmSync } from "node:fs";
import { access, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import {
  type CommandResult,
  type RunningCommand,
  runCommand,
  startCommand,
} from "../../src/base/command.ts";
import { LabUnavailableError } from "../../src/base/errors.ts";
import { Unixctl } from "./unixctl.ts";
import { waitFor } from "./wait.ts";

const START_MS_MAX = 20_000;
const STOP_MS_MAX = 5_000;
const COMMAND_MS_MAX = 20_000;

/** Where the database's schema lies: Debian and Ubuntu, and an installation from source. */
const SCHEMAS = ["/usr/share/openvswitch", "/usr/local/share/openvswitch"].map(
  (folder) => `${folder}/vswitch.ovsschema`,
);

const MEND = "sudo apt-get install -y openvswitch-switch";

/** System programs count even where only root has them on the path. */
const SYSTEM_FOLDERS = ["/usr/local/sbin", "/usr/sbin", "/sbin"];

/**
 * A real Open vSwitch of one's own: database and switch daemon in a temporary folder, with the "dummy" datapath, which
 * touches no interface of the machine. Needs no root. Nothing is left when it is disposed of, or killed; the daemons die
 * with this process, however it ends.
 */
export class PrivateOvs implements AsyncDisposable {
  readonly folder: string;
  readonly #env: Readonly<Record<string, string>>;
  readonly #daemons: RunningCommand[] = [];
  #control: Unixctl | null = null;

  private constructor(folder: string) {
    this.folder = folder;
    this.#env = {
      PATH: [process.env.PATH ?? "", ...SYSTEM_FOLDERS].join(delimiter),
      OVS_RUNDIR: folder,
      OVS_LOGDIR: folder,
      OVS_DBDIR: folder,
      OVS_SYSCONFDIR: folder,
    };
  }

  /** Its clock stands still once the first bridge is made. Rejects with LabUnavailableError where there is no Open vSwitch. */
  static async start(): Promise<PrivateOvs> {
    const ovs = new PrivateOvs(await mkdtemp(join(tmpdir(), "isoreplay-ovs-")));
    try {
      await ovs.#start();
      return ovs;
    } catch (error) {
      await ovs[Symbol.asyncDispose]();
      if (error instanceof LabUnavailableError || !isAbsent(error)) throw error;
      throw new LabUnavailableError("Open vSwitch is not installed", { mend: MEND, cause: error });
    }
  }

  async #start(): Promise<void> {
    const database = join(this.folder, "conf.db");
    await this.run("ovsdb-tool", ["create", database, await findSchema()]);
    const remote = join(this.folder, "db.sock");
    await this.#daemon("ovsdb-server", [
      database,
      `--remote=punix:${remote}`,
      `--unixctl=${join(this.folder, "ovsdb-server.ctl")}`,
    ]);
    await this.#connect("ovsdb-server", remote).then((socket) => socket.close());
    await this.vsctl("--no-wait", "init");
    const control = join(this.folder, "ovs-vswitchd.ctl");
    await this.#daemon("ovs-vswitchd", [
      `unix:${remote}`,
      "--enable-dummy",
      "--disable-system",
      "--disable-system-route",
      `--unixctl=${control}`,
    ]);
    this.#control = await this.#connect("ovs-vswitchd", control);
  }

  /** A command of the switch daemon, as `ovs-appctl` takes it. Rejects with InputError when it is refused. */
  appctl(command: string, ...params: readonly string[]): Promise<string> {
    if (this.#control === null) throw new LabUnavailableError("the switch daemon does not run");
    return this.#control.call(command, ...params);
  }

  /** `ovs-vsctl` on the private database. */
  async vsctl(...args: readonly string[]): Promise<string> {
    const db = `--db=unix:${join(this.folder, "db.sock")}`;
    return (await this.run("ovs-vsctl", [db, ...args])).stdout;
  }

  /** A command that sees the private switch as the machine's own. */
  run(
    file: string,
    args: readonly string[],
    input?: string,
    okStatus: readonly number[] = [0],
  ): Promise<CommandResult> {
    return runCommand(file, args, {
      env: this.#env,
      timeoutMs: COMMAND_MS_MAX,
      okStatus,
      ...(input === undefined ? {} : { input }),
    });
  }

  /** A command that runs on beside, and dies with this process. */
  start(file: string, args: readonly string[]): Promise<RunningCommand> {
    // The kernel ends it when we end, even where we are killed and can do nothing more.
    return startCommand("setpriv", ["--pdeathsig", "KILL", file, ...args], { env: this.#env });
  }

  /** End it at once, without waiting: for a signal's handler. */
  kill(): void {
    for (const daemon of this.#daemons) daemon.kill("SIGKILL");
    rmSync(this.folder, { recursive: true, force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#control?.close();
    this.#control = null;
    for (const daemon of this.#daemons.splice(0).reverse()) await stop(daemon);
    await rm(this.folder, { recursive: true, force: true });
  }

  async #daemon(file: string, args: readonly string[]): Promise<void> {
    const quiet = ["-vconsole:err", "-vsyslog:off", "-vfile:off"];
    this.#daemons.push(await this.start(file, [...args, ...quiet]));
  }

  async #connect(name: string, path: string): Promise<Unixctl> {
    const daemon = this.#daemons.at(-1);
    let ended = false;
    daemon?.ended.then(() => {
      ended = true;
    });
    return waitFor(`the control socket of ${name}`, START_MS_MAX, () => {
      if (ended)
        throw new LabUnavailableError(`it ended while starting: ${daemon?.complaint()}`, {
          where: name,
        });
      return Unixctl.connect(path);
    });
  }
}

/** Ask a command to end, and make it where it does not. */
export async function stop(command: RunningCommand): Promise<void> {
  const force = setTimeout(() => command.kill("SIGKILL"), STOP_MS_MAX);
  command.kill();
  await command.ended;
  clearTimeout(force);
}

function isAbsent(error: unknown): boolean {
  return typeof error === "object" && error !== null && "absent" in error && error.absent === true;
}

async function findSchema(): Promise<string> {
  for (const path of SCHEMAS) {
    try {
      await access(path);
      return path;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    }
  }
  throw new LabUnavailableError("Open vSwitch is not installed", { mend: MEND });
}
