import { readdirSync } from "node:fs";
import { sep } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { LabUnavailableError } from "../../src/base/errors.ts";
import { textOf } from "../../src/base/files.ts";

const BLOCK_DEVICES = "/sys/block";
/** The kernel lets go of a disk some time after the last process that had it mounted. */
const DETACHED_MS_MAX = 20_000;
const POLL_MS = 10;
/** What a rehearsal says of it. */
export const DISKS_DETACHED = "until no loop device holds a disk of the lab";

/**
 * Wait until no loop device holds a file in this folder any more, one that is deleted already included. Throws
 * LabUnavailableError when one still does after `msMax` (20 s): something has it mounted.
 */
export async function disksDetached(
  folder: string,
  { msMax = DETACHED_MS_MAX }: { readonly msMax?: number } = {},
): Promise<void> {
  const deadline = Date.now() + msMax;
  for (let left = await disksIn(folder); left.length > 0; left = await disksIn(folder)) {
    if (Date.now() > deadline)
      throw new LabUnavailableError(`${left.join(", ")} still holds a disk of the lab`, {
        where: folder,
        mend: `losetup -d ${left.join(" ")}`,
      });
    await wait(POLL_MS);
  }
}

/** Loop devices whose file lies in this folder, such as `/dev/loop0`. */
async function disksIn(folder: string): Promise<string[]> {
  const devices = readdirSync(BLOCK_DEVICES).filter((name) => name.startsWith("loop"));
  const files = await Promise.all(
    devices.map((name) => textOf(`${BLOCK_DEVICES}/${name}/loop/backing_file`)),
  );
  return devices
    .filter((_, i) => files[i]?.startsWith(folder + sep) ?? false)
    .map((name) => `/dev/${name}`);
}
