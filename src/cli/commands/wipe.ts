import { removeFromCloud } from "../../../lab/cloud/leftovers.ts";
import { EXECUTE } from "../../../lab/command/runner.ts";
import { recordedLabs } from "../../../lab/state/journal.ts";
import { hasOwner, removeLab } from "../../../lab/state/leftovers.ts";
import { EXIT, type ExitStatus, UsageError } from "../../base/errors.ts";
import { counted } from "../../report/number.ts";
import type { Io } from "../io.ts";
import { rehearsal } from "../rehearsed-lab.ts";

export interface WipeOptions {
  readonly yes?: boolean;
  readonly dryRun?: boolean;
}

/** Remove what a crash left: only what carries the label of a lab whose own process is gone. */
export async function wipe(options: WipeOptions, io: Io): Promise<ExitStatus> {
  const orphans = recordedLabs().filter((lab) => !hasOwner(lab));
  const { dryRun = false } = options;
  if (options.yes !== true && !dryRun && orphans.length > 0) {
    throw new UsageError(`${counted(orphans.length, "lab")} would be removed`, {
      mend: "add -y to remove what `isoreplay inspect` calls left behind",
    });
  }
  for (const lab of orphans) {
    const runner = dryRun ? rehearsal(io) : EXECUTE;
    await runner.instead("what it made in a cloud", () => removeFromCloud(lab), undefined);
    await removeLab(lab, runner);
    if (!dryRun) io.out.line(`removed ${lab.label}`);
  }
  if (orphans.length === 0) io.out.line(dryRun ? "# nothing to remove" : "nothing was left behind");
  await io.out.flush();
  return EXIT.pass;
}
