import { createHash } from "node:crypto";
import {
  chmod,
  copyFile,
  cp,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
} from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { runCommand } from "../../src/base/command.ts";
import { exists } from "../../src/base/files.ts";
import { writeDisk } from "./disk.ts";
import { copyModules } from "./modules.ts";
import { candidates, unpackPackages } from "./packages.ts";
import { packCode, packNode } from "./program.ts";

const PROJECT = fileURLToPath(new URL("../../", import.meta.url));
const HERE = fileURLToPath(new URL(".", import.meta.url));
/** The guest's own files, and the code that makes the image from them. */
const OWN = join(HERE, "root");

/**
 * The stand-in guest's disk: Debian's kernel for clouds and busybox, raw, 96 MB. Built from the distribution's packages where the
 * cache has none of the same packages and files. Gives the image's path. Rejects with LabUnavailableError or CommandError.
 */
export async function standInImage(): Promise<string> {
  const packages = await candidates();
  const hash = createHash("sha256").update([...packages, process.version].join("\n"));
  for (const file of await ownFiles()) hash.update(await readFile(file));
  const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "isoreplay");
  const image = join(cache, `stand-in-${hash.digest("hex").slice(0, 16)}.img`);
  if (await exists(image)) return image;
  await mkdir(cache, { recursive: true });
  const work = await mkdtemp(join(cache, "stand-in-"));
  try {
    await build(packages, work, cache);
    // A cut build never counts as an image.
    await rename(join(work, "disk.img"), image);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  return image;
}

async function build(packages: readonly string[], work: string, cache: string): Promise<void> {
  const tree = join(work, "tree");
  await unpackPackages(packages, tree);
  const release = (await readdir(join(tree, "lib/modules")))[0] ?? "";
  const root = join(work, "root");
  for (const folder of [
    "bin",
    "etc",
    "proc",
    "sys",
    "dev",
    "run",
    "data",
    "node",
    "code",
    "config",
  ])
    await mkdir(join(root, folder), { recursive: true });
  const busybox = join(tree, "bin/busybox");
  await copyFile(busybox, join(root, "bin/busybox"));
  for (const [from, to] of [
    ["init", "init"],
    ["lease", "etc/lease"],
  ] as const) {
    await cp(join(OWN, from), join(root, to));
    await chmod(join(root, to), 0o755);
  }
  await copyModules(tree, release, join(root, "modules"));
  const initrd = join(work, "initrd");
  const script =
    'cd "$1" && find . | sort | "$2" cpio -o -H newc -R 0:0 2>/dev/null | gzip -9n >"$3"';
  await runCommand("sh", ["-ec", script, "sh", root, busybox, initrd]);
  const kernel = join(tree, "boot", `vmlinuz-${release}`);
  // Packing it takes half a minute, and it is the same whatever the project's code is.
  const node = join(cache, `node-${process.version}.img`);
  if (!(await exists(node))) {
    const packed = join(work, "node.img");
    await packNode(tree, work, packed);
    await rename(packed, node);
  }
  const code = join(work, "code.img");
  await packCode(tree, work, code);
  const bootConfig = join(OWN, "syslinux.cfg");
  await writeDisk(join(work, "disk.img"), { tree, kernel, initrd, bootConfig, node, code });
}

/** Every file that is on the disk, or that decides how it is made. */
async function ownFiles(): Promise<string[]> {
  const folders = [
    OWN,
    HERE,
    join(PROJECT, "src"),
    join(PROJECT, "lab/cloud"),
    join(PROJECT, "lab/host"),
  ];
  const lists = folders.map(async (folder, index) =>
    (await readdir(folder, { withFileTypes: true, recursive: index > 1 }))
      .filter((entry) => entry.isFile() && !/\.(test|fixture)\.ts$/.test(entry.name))
      .map((entry) => join(entry.parentPath, entry.name)),
  );
  return (await Promise.all(lists)).flat().sort();
}
