import { rmSync } from "node:fs";
import { mkdtemp, readdir, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { type RunningCommand, runCommand, startCommand } from "../../src/base/command.ts";
import { textOf } from "../../src/base/files.ts";
import { BRIDGE, type Place } from "./places.ts";
import { stageScript } from "./stage-script.ts";
import { type ProcessUse, parseStat, peakMegabytes } from "./usage.ts";

const UP_MS_MAX = 15_000;
const POLL_MS = 20;
const COMMAND_MS_MAX = 20_000;

/**
 * Three hosts on a real Open vSwitch of their own, in namespaces of their own; the switch's has no address. All of it ends
 * with this process, however that ends.
 */
export class Stage implements AsyncDisposable {
  /** Sockets, database and log of the switch, and whatever a path needs. */
  readonly folder: string;
  readonly #first: RunningCommand;
  readonly #pid: number;

  readonly #forget: () => void;

  private constructor(folder: string, first: RunningCommand, pid: number) {
    this.folder = folder;
    this.#forget = () => rmSync(folder, { recursive: true, force: true });
    process.once("exit", this.#forget);
    this.#first = first;
    this.#pid = pid;
  }

  static async build(): Promise<Stage> {
    const folder = await mkdtemp(join(tmpdir(), "isoreplay-bench-replay-"));
    const namespaces = ["--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"];
    const first = await startCommand("setpriv", [
      ...["--pdeathsig", "KILL", "unshare", ...namespaces],
      // Ends when its input does, and the kernel then ends everything in the namespaces.
      ...["sh", "-c", "echo up; cat >/dev/null"],
    ]);
    await new Promise((resolve) => {
      first.stdout.once("data", resolve).once("end", resolve);
    });
    const children = await readFile(`/proc/${first.pid}/task/${first.pid}/children`, "utf8");
    const stage = new Stage(folder, first, Number(children.trim()));
    try {
      await stage.#up();
      return stage;
    } catch (error) {
      await stage[Symbol.asyncDispose]();
      throw error;
    }
  }

  async #up(): Promise<void> {
    await this.run(null, ["sh", "-ec", stageScript(this.folder)]);
    const deadline = performance.now() + UP_MS_MAX;
    while (!(await readdir(this.folder)).includes(`${BRIDGE}.mgmt`)) {
      if (performance.now() > deadline) throw new Error("ovs-vswitchd does not make its bridge");
      await wait(POLL_MS);
    }
  }

  /** Start a program on a host, or (`null`) beside the switch. It ends with the stage. */
  start(place: Place | null, args: readonly string[]): Promise<RunningCommand> {
    const [file, ...others] = this.#inside(place, args);
    return startCommand(file, others);
  }

  /** Run a program to its end, on a host or (`null`) beside the switch. Gives what it wrote. Rejects with CommandError where it fails. */
  async run(
    place: Place | null,
    args: readonly string[],
    { input = "", timeoutMs = COMMAND_MS_MAX } = {},
  ): Promise<string> {
    const [file, ...others] = this.#inside(place, args);
    return (await runCommand(file, others, { input, timeoutMs })).stdout;
  }

  /** Replace all rules in one atomic bundle. */
  async setRules(rules: string): Promise<void> {
    const bridge = `unix:${this.bridgeSocket}`;
    const replace = ["-O", "OpenFlow14", "--bundle", "replace-flows", bridge, "-"];
    await this.run(null, ["ovs-ofctl", ...replace], { input: rules });
  }

  get bridgeSocket(): string {
    return join(this.folder, `${BRIDGE}.mgmt`);
  }

  /** `ovs-vsctl` on the stage's own database. */
  vsctl(...args: readonly string[]): Promise<string> {
    return this.run(null, ["ovs-vsctl", `--db=unix:${join(this.folder, "db.sock")}`, ...args]);
  }

  /** `ovs-appctl` to the stage's own switch. */
  appctl(...args: readonly string[]): Promise<string> {
    return this.run(null, ["ovs-appctl", "-t", join(this.folder, "vswitchd.ctl"), ...args]);
  }

  #inside(place: Place | null, args: readonly string[]): [string, ...string[]] {
    const enter = ["--target", String(this.#pid), "--net", "--mount", "--pid", "--"];
    const host = place === null ? [] : ["ip", "netns", "exec", place.name];
    return ["nsenter", ...enter, "setpriv", "--pdeathsig", "KILL", ...host, ...args];
  }

  /** Every process in the namespaces, the switch among them. */
  async processes(): Promise<ProcessUse[]> {
    return (await this.#read("stat")).map(parseStat);
  }

  /** The sum of the largest resident memory of each process that is there now, MB. */
  async peakMegabytes(): Promise<number> {
    return (await this.#read("status")).reduce((sum, text) => sum + peakMegabytes(text), 0);
  }

  /** A file of each process in the namespaces, as they see themselves. */
  async #read(file: string): Promise<string[]> {
    const proc = `/proc/${this.#pid}/root/proc`;
    const pids = (await readdir(proc)).filter((name) => /^\d+$/.test(name));
    const texts = await Promise.all(pids.map((pid) => textOf(join(proc, pid, file))));
    return texts.filter((text) => text !== "");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#first.stdin.end();
    await this.#first.ended;
    process.off("exit", this.#forget);
    this.#forget();
  }
}
