import { rename } from "node:fs/promises";
import { homedir } from "node:os";
import { basename, dirname, join } from "node:path";
import { CommandError, runCommand } from "../../src/base/command.ts";
import { LabUnavailableError } from "../../src/base/errors.ts";
import { exists } from "../../src/base/files.ts";
import { guestNeeds } from "./needs.ts";
import { OwnFolder } from "./own-folder.ts";
import { FILES, recipe, recipeHash } from "./recipe.ts";

/** A minute where packages come fast; a slow mirror may take its time. */
const BUILD_MS_MAX = 20 * 60_000;

/** A guest that was built: paths of its files. */
export interface GuestImage {
  readonly kernel: string;
  readonly initrd: string;
  readonly root: string;
}

/** The folder in which this version's guest lies, or will lie. */
export function imageFolder(): string {
  const cache = process.env.XDG_CACHE_HOME;
  const base = cache === undefined || cache === "" ? join(homedir(), ".cache") : cache;
  return join(base, "isoreplay", "guest", recipeHash());
}

/** Whether it was built already. */
export async function hasImage(): Promise<boolean> {
  return exists(imageFolder());
}

/**
 * The guest, built at its first use from Debian's packages. What is half built is never taken for a guest: it gets its
 * name when it is whole. Throws LabUnavailableError when a program is missing or the build fails.
 */
export async function guestImage(onStage: (what: string) => void): Promise<GuestImage> {
  checkNeeds();
  const folder = imageFolder();
  if (!(await exists(folder))) {
    onStage("building the guest from Debian's packages, once");
    await build(folder);
  }
  return {
    kernel: join(folder, FILES.kernel),
    initrd: join(folder, FILES.initrd),
    root: join(folder, FILES.root),
  };
}

function checkNeeds(): void {
  const { missing, packages } = guestNeeds();
  if (missing.length === 0) return;
  throw new LabUnavailableError(`the guest needs ${missing.join(", ")}`, {
    where: "guest",
    mend: `sudo apt-get install -y ${packages.join(" ")}`,
  });
}

async function build(folder: string): Promise<void> {
  await using unfinished = await OwnFolder.create(dirname(folder), basename(folder));
  // Of root's, processes and mounts end with this one, however it ends, and what is unpacked goes with the folder. An ordinary
  // user's are in namespaces of their own, which may not enter the folder.
  const capsule = ["--mount", "--pid", "--fork", "--kill-child", "--mount-proc"];
  const alone = ["setpriv", "--pdeathsig", "KILL", "unshare", ...capsule];
  const asRoot = [...alone, "env", `TMPDIR=${unfinished.path}`];
  try {
    const command = process.getuid?.() === 0 ? asRoot : [];
    const [file = "", ...args] = [...command, "mmdebstrap", "--quiet", ...recipe()];
    await runCommand(file, args, { cwd: unfinished.path, timeoutMs: BUILD_MS_MAX });
    await rename(unfinished.path, folder);
  } catch (error) {
    // Somebody else may have built it meanwhile.
    if (await exists(folder)) return;
    if (!(error instanceof CommandError)) throw error;
    throw new LabUnavailableError(`the guest could not be built: ${error.message}`, {
      where: "mmdebstrap",
      mend: "it needs Debian's package archive; try again",
      cause: error,
    });
  }
}
