import { readdirSync } from "node:fs";
import { sep } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { LabUnavailableError } from "../../src/base/errors.ts";
import { textOf } from "../../src/base/files.ts";

const BLOCK_DEVICES = "/sys/block";
/** The kernel lets go of a disk some time after the last process that had it mounted. */
const DETACHED_MS_MAX = 20_000;
const POLL_MS = 10;
/** What the kernel appends to the name of a file that has none any more. */
const DELETED = / \(deleted\)$/;
/** What a rehearsal says of it. */
export const DISKS_DETACHED = "until no loop device holds a disk of the lab";

/**
 * Wait until no loop device holds one of these files, or what lies in one of these folders, any more, what is deleted
 * already included. Throws
 * LabUnavailableError when one still does after `msMax` (20 s): something has it mounted.
 */
export async function disksDetached(
  paths: readonly string[],
  { msMax = DETACHED_MS_MAX }: { readonly msMax?: number } = {},
): Promise<void> {
  const deadline = Date.now() + msMax;
  for (let left = await disksIn(paths); left.length > 0; left = await disksIn(paths)) {
    if (Date.now() > deadline)
      throw new LabUnavailableError(`${left.join(", ")} still holds a disk of the lab`, {
        where: paths.join(", "),
        mend: `losetup -d ${left.join(" ")}`,
      });
    await wait(POLL_MS);
  }
}

/** Loop devices that hold such a file; for instance `/dev/loop0`. */
async function disksIn(paths: readonly string[]): Promise<string[]> {
  const devices = readdirSync(BLOCK_DEVICES).filter((name) => name.startsWith("loop"));
  const files = await Promise.all(
    devices.map((name) => textOf(`${BLOCK_DEVICES}/${name}/loop/backing_file`)),
  );
  const isOurs = (file: string) =>
    paths.some((path) => file === path || file.startsWith(path + sep));
  return devices
    .filter((_, i) => isOurs((files[i] ?? "").trimEnd().replace(DELETED, "")))
    .map((name) => `/dev/${name}`);
}
