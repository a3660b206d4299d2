/** Whatever a lab does to the machine goes through one command runner, so that it can be listed before it is done. */
import { readdir, readFile } from "node:fs/promises";
import test from "ava";
import { execa } from "execa";
import { MININET_RESOURCES } from "../lab/state/journal.ts";
import { isoreplay, PROGRAM } from "./cli.fixture.ts";

/** What the Mininet lab consists of; `lab/ovs` starts a switch of its own that needs no root. */
const FOLDERS = ["command", "host", "mininet", "openflow", "packets", "proxy", "state"];
const RUNNER = "command/runner.ts";
const LAB = new URL("../lab/", import.meta.url);

/** What starts processes. */
const STARTS = {
  ts: /\b(?:runCommand|startCommand|execa|child_process)\b/,
  py: /\b(?:subprocess|os\.system|os\.popen|os\.exec\w*|os\.spawn\w*|Popen|quietRun|errRun|pexec|\.cmd)\b/,
} as const;

function startsProcesses(path: string, text: string): boolean {
  if (path === RUNNER || path.endsWith(".test.ts")) return false;
  return path.endsWith(".ts") ? STARTS.ts.test(text) : STARTS.py.test(text);
}

async function labFiles(): Promise<[path: string, text: string][]> {
  const lists = FOLDERS.map(async (folder) =>
    (await readdir(new URL(`${folder}/`, LAB))).map((name) => `${folder}/${name}`),
  );
  const paths = (await Promise.all(lists)).flat().filter((path) => /\.(?:ts|py)$/.test(path));
  return Promise.all(
    paths.map(
      async (path): Promise<[string, string]> => [path, await readFile(new URL(path, LAB), "utf8")],
    ),
  );
}

test("the Mininet lab and its driver start nothing but through the runner", async (t) => {
  const files = await labFiles();
  t.true(files.length > 20);
  t.deepEqual(
    files.filter(([path, text]) => startsProcesses(path, text)).map(([path]) => path),
    [],
  );
});

test("code that starts something around the runner is seen", (t) => {
  t.true(
    startsProcesses("mininet/x.ts", 'import { runCommand } from "../../src/base/command.ts";'),
  );
  t.true(startsProcesses("mininet/x.ts", 'import { spawn } from "node:child_process";'));
  t.true(startsProcesses("mininet/x.py", "import subprocess"));
  t.true(startsProcesses("mininet/x.py", 'node.cmd("ip link")'));
  t.false(startsProcesses("mininet/x.ts", 'import type { RunningCommand } from "command.ts";'));
});

/** Run the program as somebody who may do nothing: root becomes nobody. */
async function asNobody(...args: string[]) {
  const uid = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
  const { exitCode, stdout, stderr } = await execa(process.execPath, [PROGRAM, ...args], {
    ...uid,
    reject: false,
    stdin: "ignore",
  });
  return { status: exitCode, stdout, stderr };
}

test("a dry run lists every kind of resource and its commands, without root", async (t) => {
  const { status, stdout, stderr } = await asNobody(
    ...["run", "zeus-cookie-theft", "--lab", "mininet", "--dry-run"],
  );
  t.is(status, 0, stderr);
  t.is(stderr, "");
  for (const resource of MININET_RESOURCES) t.regex(stdout, new RegExp(`^# ${resource} \\S`, "m"));
  for (const command of [
    ...["unshare", "ovsdb-server", "ovs-vswitchd", "ovs-ofctl", "ovs-appctl", "mkfs.ext4"],
    ...["mount", "umount", "packets.py", "agent.ts", "ethtool", "truncate", "mv", "rm"],
  ])
    t.regex(stdout, new RegExp(`(?:^|[ /])${command.replace(".", "\\.")} `, "m"), command);
  // Nothing is a number that another run would not have.
  t.regex(stdout, /--target "\$CAPSULE"/);
  const { exitCode, stderr: complaint } = await execa("bash", ["-n"], {
    input: stdout,
    reject: false,
  });
  t.is(exitCode, 0, complaint);
  // What is listed is what the same seed does again.
  t.is(
    (await isoreplay("run", "zeus-cookie-theft", "--lab", "mininet", "--dry-run")).stdout,
    stdout,
  );
});

test("labs are taken down in a dry run without root, too", async (t) => {
  for (const command of ["destroy", "wipe"]) {
    const { status, stdout, stderr } = await asNobody(command, "--dry-run");
    t.is(status, 0, stderr);
    t.not(stdout, "");
  }
});

test("the simulator runs no command that could be listed", async (t) => {
  const { status, stderr } = await isoreplay("run", "--dry-run");
  t.is(status, 64);
  t.regex(stderr, /^isoreplay: --lab sim runs no command that --dry-run could list/);
});
