import { readFile } from "node:fs/promises";
import { release, type as systemType } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { CommandError, runCommand } from "../base/command.ts";
import { sha256 } from "../base/sha256.ts";

/**
 * What a run was made from and what it made: `manifest.json`. No wall clock and no path is in it: the same checkout on
 * the same machine gives the same bytes again.
 */
export const MANIFEST_FORMAT = "isoreplay-manifest";
export const MANIFEST_VERSION = 1;
export const MANIFEST_NAME = "manifest.json";

const fileSchema = z.strictObject({
  /** Outputs: the path inside the run folder, with `/`. Inputs: the base name. */
  name: z.string().min(1),
  bytes: z.int().nonnegative(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});

export const manifestSchema = z.strictObject({
  format: z.literal(MANIFEST_FORMAT),
  version: z.literal(MANIFEST_VERSION),
  scenario: z.string(),
  lab: z.string(),
  seed: z.int(),
  /** The command line after the program's name, without where the folder was to go. */
  arguments: z.array(z.string()),
  isoreplay: z.string(),
  /** null: not a git checkout, or no git. */
  commit: z.string().nullable(),
  /** Whether the checkout differed from its commit. */
  modified: z.boolean().nullable(),
  /** SHA-256 of package-lock.json. */
  lockfile: z.string().nullable(),
  versions: z.strictObject({
    node: z.string(),
    /** null: no Open vSwitch on this machine. */
    ovs: z.string().nullable(),
    kernel: z.string(),
  }),
  inputs: z.array(fileSchema),
  outputs: z.array(fileSchema),
});

export type Manifest = z.infer<typeof manifestSchema>;
export type ManifestFile = z.infer<typeof fileSchema>;

/** The part of a manifest that says on what the run was made. */
export type Provenance = Pick<
  Manifest,
  "isoreplay" | "commit" | "modified" | "lockfile" | "versions"
>;

/** The project's own folder: where its package.json is. */
const PROJECT = fileURLToPath(new URL("../../", import.meta.url));

/** Ask the checkout and the machine what they are. `project` is for tests. */
export async function readProvenance(project: string = PROJECT): Promise<Provenance> {
  const [version, git, lockfile, ovs] = await Promise.all([
    packageVersion(project),
    gitState(project),
    fileHash(join(project, "package-lock.json")),
    ovsVersion(),
  ]);
  return {
    isoreplay: version,
    ...git,
    lockfile,
    versions: { node: process.versions.node, ovs, kernel: `${systemType()} ${release()}` },
  };
}

async function packageVersion(project: string): Promise<string> {
  const text = await readFile(join(project, "package.json"), "utf8");
  return z.object({ version: z.string() }).parse(JSON.parse(text)).version;
}

async function gitState(project: string): Promise<Pick<Manifest, "commit" | "modified">> {
  // A git hook sets GIT_DIR and its like, which would answer for another repository.
  const env = Object.fromEntries(
    Object.entries(process.env).filter(
      (entry): entry is [string, string] => entry[1] !== undefined && !entry[0].startsWith("GIT_"),
    ),
  );
  const git = (...args: string[]) => runCommand("git", args, { cwd: project, env });
  return unlessCommandFails(
    async () => {
      // An empty prefix: the project is the top of the checkout, and not a folder of somebody else's.
      const prefix = await git("rev-parse", "--show-prefix");
      if (prefix.stdout !== "") return { commit: null, modified: null };
      const [commit, status] = await Promise.all([
        git("rev-parse", "HEAD"),
        git("--no-optional-locks", "status", "--porcelain"),
      ]);
      return { commit: commit.stdout, modified: status.stdout !== "" };
    },
    { commit: null, modified: null },
  );
}

async function ovsVersion(): Promise<string | null> {
  return unlessCommandFails(async () => {
    const { stdout } = await runCommand("ovs-vswitchd", ["--version"]);
    return /\d+(\.\d+)+/.exec(stdout)?.[0] ?? null;
  }, null);
}

async function unlessCommandFails<T>(ask: () => Promise<T>, otherwise: T): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof CommandError) return otherwise;
    throw error;
  }
}

async function fileHash(path: string): Promise<string | null> {
  try {
    return sha256(await readFile(path));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}

/** The arguments worth keeping: where the folder was to go is not part of what was run. */
export function recordedArguments(args: readonly string[]): string[] {
  const kept: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] as string;
    if (arg === "--out") i++;
    else if (!arg.startsWith("--out=")) kept.push(arg);
  }
  return kept;
}

/** The bytes of `manifest.json`: files in the order of their names. */
export function formatManifest(manifest: Manifest): string {
  const byName = (a: ManifestFile, b: ManifestFile) =>
    a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
  const sorted = {
    ...manifestSchema.parse(manifest),
    inputs: [...manifest.inputs].sort(byName),
    outputs: [...manifest.outputs].sort(byName),
  };
  return `${JSON.stringify(sorted, null, 2)}\n`;
}
