import { existsSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import type { ExecutionContext } from "ava";
import { openStackNeeds } from "../../lab/openstack/needs.ts";
import { diskImage } from "../../lab/openstack/stages.ts";
import type { OpenStackLab } from "../../lab/openstack/stand-up.ts";
import { processesOf } from "../../lab/state/leftovers.ts";
import { runCommand } from "../../src/base/command.ts";

/** Set by `npm run test:openstack`: minutes of work that an ordinary test run does without. */
const ASKED = "ISOREPLAY_TEST_OPENSTACK";
const POLL_MS = 500;

/** Whether the test was asked for. Where it was, and the lab cannot run here, the test fails. */
export function hasOpenStack(t: ExecutionContext): boolean {
  if (process.env[ASKED] === undefined) {
    t.log("skipped: `npm run test:openstack` runs it");
    t.pass();
    return false;
  }
  const { missing, isRoot, devices } = openStackNeeds();
  const lacks = [...missing, ...devices.map(({ path }) => path), ...(isRoot ? [] : ["root"])];
  t.deepEqual(lacks, [], "the lab has to be there");
  return lacks.length === 0;
}

/** A cloud, as its users see it. */
export class Cloud {
  readonly #lab: OpenStackLab;

  constructor(lab: OpenStackLab) {
    this.#lab = lab;
  }

  /** Commands of the `openstack` client, one after the other; gives what they print. Throws when one fails. */
  async run(...commands: string[]): Promise<string> {
    const input = `${commands.join("\n")}\n`;
    const { stdout, stderr } = await this.#lab.namespaces.run(["openstack"], { input });
    if (stderr.trim() !== "") throw new Error(stderr);
    return stdout;
  }

  /** One value of a thing: `server`, `vm-a`, `status`. */
  async value(kind: string, name: string, field: string): Promise<string> {
    return (await this.run(`${kind} show ${name} -f value -c ${field}`)).trim();
  }

  async becomes(kind: string, name: string, field: string, wanted: string): Promise<void> {
    for (;;) {
      const now = await this.value(kind, name, field);
      if (now === wanted) return;
      if (now.toLowerCase() === "error") throw new Error(`${kind} ${name}: ${now}`);
    }
  }

  /** What a server has said on its serial port so far. */
  async console(id: string): Promise<string> {
    try {
      return await readFile(this.path("nova", "instances", id, "console.log"), "utf8");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return "";
      throw error;
    }
  }

  async says(id: string, what: string): Promise<string> {
    for (;;) {
      const text = await this.console(id);
      if (text.includes(what)) return text;
      await wait(POLL_MS);
    }
  }

  /** A path of the lab's own disk, as this machine's other processes find it. */
  path(...names: string[]): string {
    const { folder, namespaces } = this.#lab;
    return join(`/proc/${namespaces.keeper.pid}/root`, folder, "storage", ...names);
  }
}

const KINDS = ["net", "mnt", "pid", "uts", "ipc"];

/** The namespaces of a process. */
export function namespacesOf(pid: number | string): string[] {
  try {
    return KINDS.map((kind) => readlinkSync(`/proc/${pid}/ns/${kind}`));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ESRCH" || code === "EACCES") return [];
    throw error;
  }
}

/** What is left of a lab: processes, namespaces, loop devices, files. */
export function leftOf(label: string, folder: string, namespaces: readonly string[]): string[] {
  const numbers = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  const loops = readdirSync("/sys/block").flatMap((name) => {
    const file = `/sys/block/${name}/loop/backing_file`;
    return existsSync(file) ? [readFileSync(file, "utf8").trim()] : [];
  });
  return [
    ...processesOf(label).map(({ pid }) => `process ${pid}`),
    ...numbers
      .filter((pid) => namespacesOf(pid).some((name) => namespaces.includes(name)))
      .map((pid) => `a namespace, with process ${pid} in it`),
    ...loops.filter((file) => file.includes(label)),
    ...[folder, diskImage(label)].filter((path) => existsSync(path)),
  ];
}

/** What everybody on the machine sees and the lab must not change. */
export async function surroundings(): Promise<Readonly<Record<string, string>>> {
  // Others may work in temporary folders of theirs meanwhile.
  const mounts = readFileSync("/proc/self/mounts", "utf8")
    .split("\n")
    .filter((line) => !(line.split(" ")[1] ?? "").startsWith(tmpdir()));
  const [links, names] = await Promise.all([
    runCommand("ip", ["-br", "link"]),
    runCommand("ip", ["netns"]),
  ]);
  return {
    links: links.stdout,
    names: names.stdout,
    mounts: mounts.join("\n"),
    hosts: readFileSync("/etc/hosts", "utf8"),
    hostname: readFileSync("/proc/sys/kernel/hostname", "utf8"),
  };
}
