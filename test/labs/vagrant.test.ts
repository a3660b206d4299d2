import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import test, { type ExecutionContext } from "ava";
import { buildBox } from "../../lab/vagrant/box.ts";
import { PrivateLibvirt } from "../../lab/vagrant/private-libvirt.ts";
import { CommandError, type CommandResult, runCommand } from "../../src/base/command.ts";
import { sha256 } from "../../src/base/sha256.ts";
import { isAskedFor } from "../labs.fixture.ts";
import { hasPrograms } from "../programs.fixture.ts";

const PROJECT = fileURLToPath(new URL("../../", import.meta.url));
const BOX_NAME = "isoreplay-lab";
const UP_MS_MAX = 400_000;
/** Programs that the box is built with, and that bring it up. */
const LAB_PROGRAMS = [
  "vagrant",
  "mmdebstrap",
  "mkfs.ext4",
  "qemu-img",
  "qemu-system-x86_64",
  "libvirtd",
  "virsh",
  "dnsmasq",
  "rsync",
  "unshare",
];

async function folderOf(t: ExecutionContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "isoreplay-vagrant-"));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Vagrant's environment: nothing of the user's is read, written or asked for. */
function environment(folder: string, more: Readonly<Record<string, string>>) {
  return {
    PATH: process.env.PATH ?? "",
    HOME: folder,
    LC_ALL: "C.UTF-8",
    VAGRANT_CWD: PROJECT,
    VAGRANT_HOME: join(folder, "home"),
    VAGRANT_DOTFILE_PATH: join(folder, "state"),
    VAGRANT_CHECKPOINT_DISABLE: "1",
    ...more,
  };
}

interface Said {
  readonly status: number | null;
  readonly text: string;
}

async function vagrant(
  folder: string,
  args: readonly string[],
  more: Readonly<Record<string, string>>,
): Promise<Said> {
  const okStatus = Array.from({ length: 256 }, (_, i) => i);
  const { exitStatus, stdout, stderr } = await runCommand("vagrant", args, {
    env: environment(folder, more),
    okStatus,
  });
  return { status: exitStatus, text: `${stdout}\n${stderr}`.trim() };
}

/** What VirtualBox's provider asks of the machine before it validates. */
async function standInVirtualBox(folder: string): Promise<string> {
  const file = join(folder, "VBoxManage");
  await writeFile(file, "#!/bin/sh\necho 7.0.20r163906\n");
  await chmod(file, 0o755);
  return `${folder}${delimiter}${process.env.PATH}`;
}

/** The names that Vagrant's winrm communicator looks up when it is loaded. */
async function standInWinrm(folder: string): Promise<string> {
  const lib = join(folder, "ruby");
  await mkdir(lib, { recursive: true });
  const errors = ["WinRMHTTPTransportError", "WinRMAuthorizationError", "WinRMWSManFault"];
  const classes = errors.map((name) => `class ${name} < StandardError; end`).join("\n");
  await writeFile(
    join(lib, "winrm.rb"),
    `module WinRM\n${classes}\nend\nclass HTTPClient\nclass KeepAliveDisconnected < StandardError; end\nend\n`,
  );
  for (const name of ["winrm-fs", "winrm-elevated"]) await writeFile(join(lib, `${name}.rb`), "");
  return lib;
}

for (const provider of ["libvirt", "virtualbox"]) {
  test(`the Vagrantfile is valid for ${provider}, with and without Windows guests`, async (t) => {
    if (!hasPrograms(t, ["vagrant"])) return;
    const folder = await folderOf(t);
    const box = join(folder, "win7.box");
    await writeFile(box, "a box");
    const common = { VAGRANT_DEFAULT_PROVIDER: provider, PATH: await standInVirtualBox(folder) };
    const windows = {
      ...common,
      RUBYLIB: await standInWinrm(folder),
      ISOREPLAY_WIN7_BOX: box,
      ISOREPLAY_WIN7_SHA256: sha256("a box"),
    };
    for (const more of [common, windows]) {
      const said = await vagrant(folder, ["validate"], more);
      t.deepEqual(said, { status: 0, text: "Vagrantfile validated successfully." });
    }
  });
}

test("what is missing or wrong is one sentence, with the command that mends it", async (t) => {
  if (!hasPrograms(t, ["vagrant"])) return;
  const folder = await folderOf(t);
  const box = join(folder, "win7.box");
  await writeFile(box, "a box");
  const libvirt = { VAGRANT_DEFAULT_PROVIDER: "libvirt" };
  const windows = { ...libvirt, ISOREPLAY_WIN7_BOX: box };
  const hashed = { ...windows, ISOREPLAY_WIN7_SHA256: sha256("a box") };

  const says = async (
    args: readonly string[],
    more: Readonly<Record<string, string>>,
    sentence: string,
  ) => {
    const { status, text } = await vagrant(folder, args, more);
    t.is(status, 1, sentence);
    t.is(text.split("\n").at(-1), sentence);
  };
  await says(
    ["validate"],
    { ...libvirt, ISOREPLAY_DEVSTACK_CPUS: "four" },
    'ISOREPLAY_DEVSTACK_CPUS is "four", and not a whole number.',
  );
  await says(
    ["validate"],
    windows,
    `ISOREPLAY_WIN7_SHA256 is not set to the box's hash: sha256sum '${box}'.`,
  );
  await says(
    ["validate"],
    { ...hashed, ISOREPLAY_WIN7_BOX: `${box}.gone` },
    `ISOREPLAY_WIN7_BOX names ${box}.gone, and there is no such file.`,
  );
  await says(
    ["up", "lab"],
    { ...libvirt, ISOREPLAY_LAB_BOX: BOX_NAME },
    `The box ${BOX_NAME} is not on this machine: sudo node lab/vagrant/build-box.ts && vagrant box add --name ${BOX_NAME} isoreplay-lab.box.`,
  );
  const RUBYLIB = await standInWinrm(folder);
  await says(
    ["up", "win7-1"],
    { ...hashed, RUBYLIB, ISOREPLAY_WIN7_SHA256: sha256("another box") },
    `${box} has the SHA-256 ${sha256("a box")}, and not the one of ISOREPLAY_WIN7_SHA256.`,
  );
  // Where the gem is there, nothing is missing.
  const { text } = await vagrant(folder, ["validate"], hashed);
  t.regex(
    text,
    /^Vagrant(file validated successfully| has no winrm gem.*: vagrant plugin install winrm winrm-fs winrm-elevated)\.$/,
  );
});

test.serial(
  "a box that was built here comes up, runs the lab's checks and is destroyed",
  async (t) => {
    if (!isAskedFor(t, "vagrant") || !hasPrograms(t, LAB_PROGRAMS, true)) return;
    t.timeout(900_000);
    const folder = await folderOf(t);
    const before = await standing();
    const box = process.env.ISOREPLAY_TEST_BOX ?? join(folder, "lab.box");
    const timed = stopwatch(t);
    if (process.env.ISOREPLAY_TEST_BOX === undefined)
      await timed("build the box", () => buildBox(box));
    {
      await using libvirt = await PrivateLibvirt.start(join(folder, "libvirt"));
      const env = environment(folder, {
        VAGRANT_DEFAULT_PROVIDER: "libvirt",
        ISOREPLAY_LAB_BOX: BOX_NAME,
        // Two emulated processors on a busy machine wait for each other more than they compute.
        ISOREPLAY_LAB_CPUS: "1",
        ISOREPLAY_LIBVIRT_DRIVER: process.env.ISOREPLAY_LIBVIRT_DRIVER ?? "qemu",
        // Nobody in there has a way out, and the kernel may have no rules for it.
        ISOREPLAY_LIBVIRT_NETWORK_MODE: "none",
      });
      const run = (args: readonly string[]) =>
        libvirt.run("vagrant", args, { env, timeoutMs: UP_MS_MAX });
      const inside = (command: string) => run(["ssh", "lab", "-c", command]);

      await timed("box add", () => run(["box", "add", "--name", BOX_NAME, box]));
      const up = await timed("up", () => run(["up", "lab"]));
      t.regex(
        up.stdout,
        /✔ mininet +runs on this machine/,
        "isoreplay doctor, as the provisioner calls it",
      );

      const checks = await timed("checks", () =>
        inside(
          [
            "ovs-vsctl --version | head -n 1",
            "sudo ovs-vsctl --may-exist add-br br-check && sudo ovs-vsctl list-br && sudo ovs-vsctl del-br br-check",
            "python3 -c 'import mininet.net; print(\"mininet\", mininet.net.VERSION)'",
            "node --version",
            "isoreplay validate /isoreplay/scenarios/paper/scenario.yaml",
          ].join(" && "),
        ),
      );
      t.regex(
        checks.stdout,
        /^ovs-vsctl \(Open vSwitch\) \d.*\nbr-check\nmininet \d\S*\nv\d\S*\n.*paper.*$/,
      );
      await t.throwsAsync(() => inside("exit 3"), {
        instanceOf: CommandError,
        message: /exit status 3/,
      });

      await timed("destroy", () => run(["destroy", "-f", "lab"]));
      const left = await libvirt.run("virsh", ["-q", "-c", "qemu:///system", "list", "--all"]);
      t.is(left.stdout.trim(), "", "no machine is left");
      t.regex(
        (await run(["status", "lab", "--machine-readable"])).stdout,
        /,lab,state,not_created/,
      );
    }
    t.deepEqual(await standing(), before, "nothing is left of it");
    timed.total();
  },
);

/** Takes the time of the steps, and logs it. */
function stopwatch(t: ExecutionContext) {
  const began = performance.now();
  const seconds = (from: number) => ((performance.now() - from) / 1000).toFixed(1);
  const timed = async <T>(step: string, work: () => Promise<T>): Promise<T> => {
    const from = performance.now();
    const result = await work();
    t.log(`${step}: ${seconds(from)} s`);
    return result;
  };
  return Object.assign(timed, { total: () => t.log(`all of it: ${seconds(began)} s`) });
}

/** What a machine that was not taken down would leave: processes of libvirt and QEMU, mounts, interfaces, loop devices. */
async function standing(): Promise<Record<string, readonly string[]>> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const commands = await Promise.all(
    // It has ended meanwhile: then it is not left.
    pids.map((pid) => readFile(`/proc/${pid}/cmdline`, "latin1").catch(() => "")),
  );
  const lines = async (result: Promise<CommandResult>) =>
    (await result).stdout.split("\n").filter((line) => /isoreplay|vir(br|t)|vnet/.test(line));
  return {
    processes: commands.filter((line) => /isoreplay-vagrant-|isoreplay_lab/.test(line)).sort(),
    mounts: (await readFile("/proc/self/mounts", "utf8"))
      .split("\n")
      .filter((line) => line.includes("isoreplay-vagrant-")),
    interfaces: await lines(runCommand("ip", ["-o", "link"])),
  };
}
