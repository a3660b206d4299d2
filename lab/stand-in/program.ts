import { copyFile, cp, mkdir, readdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { runCommand } from "../../src/base/command.ts";

const PROJECT = fileURLToPath(new URL("../../", import.meta.url));
const STRIP_TYPES = fileURLToPath(new URL("../guest/strip-types.ts", import.meta.url));
/** Packages that the agent's programs load. */
const PACKAGES = ["d3-random", "pure-rand", "dns-packet", "@leichtgewicht/ip-codec"];
/** A guest under QEMU takes ten times as long to unpack anything that is packed better. */
const PACKING = ["-comp", "lz4", "-Xhc", "-noappend", "-quiet", "-no-progress"];

/**
 * A read-only file system with the Node that runs here and what it is linked with. `tools`: where the packages are
 * unpacked. Rejects with CommandError.
 */
export async function packNode(tools: string, work: string, image: string): Promise<void> {
  const root = join(work, "node");
  await mkdir(root);
  for (const file of await librariesOf(process.execPath)) {
    const to = join(root, file);
    await mkdir(dirname(to), { recursive: true });
    await copyFile(file, to);
  }
  await copyFile(process.execPath, join(root, "node"));
  await pack(tools, root, image);
}

/** The same with the project, its types stripped, and the packages that a guest's agent loads. */
export async function packCode(tools: string, work: string, image: string): Promise<void> {
  const root = join(work, "code");
  for (const part of ["src", "sim", "lab", ...PACKAGES.map((name) => `node_modules/${name}`)])
    await cp(join(PROJECT, part), join(root, part), { recursive: true, filter: isWanted });
  await copyFile(join(PROJECT, "package.json"), join(root, "package.json"));
  await runCommand(process.execPath, [STRIP_TYPES, root]);
  await pack(tools, root, image);
}

async function pack(tools: string, folder: string, image: string): Promise<void> {
  const libraries = (await readdir(join(tools, "lib")))
    .filter((name) => name.endsWith("-linux-gnu"))
    .map((name) => join(tools, "lib", name));
  await runCommand(join(tools, "usr/bin/mksquashfs"), [folder, image, ...PACKING], {
    env: { PATH: process.env.PATH ?? "", LD_LIBRARY_PATH: libraries.join(":") },
  });
}

/** What a program is linked with, as the machine has it. */
async function librariesOf(program: string): Promise<string[]> {
  const { stdout } = await runCommand("ldd", [program]);
  return [...stdout.matchAll(/(?:=> )?(\/\S+) \(0x/g)].map(([, path]) => path ?? "");
}

function isWanted(path: string): boolean {
  return !/\.(test|fixture)\.ts$/.test(path) && !/\/(drafts|captures)$/.test(path);
}
