import { removeFromCloud } from "../../../lab/cloud/leftovers.ts";
import { EXECUTE } from "../../../lab/command/runner.ts";
import { recordedLabs } from "../../../lab/state/journal.ts";
import {
  askToEnd,
  hasOwner,
  isDeployed,
  ownerOf,
  removeLab,
} from "../../../lab/state/leftovers.ts";
import { EXIT, type ExitStatus, UsageError } from "../../base/errors.ts";
import { counted } from "../../report/number.ts";
import type { Io } from "../io.ts";
import { rehearsal } from "../rehearsed-lab.ts";

export interface DestroyOptions {
  readonly lab?: string;
  readonly all?: boolean;
  readonly yes?: boolean;
  readonly dryRun?: boolean;
}

/**
 * Take labs down, from their journals: those that were deployed, those whose process has ended, and with `--all` those of
 * loops that go on, too.
 * What bears no label of a lab is not touched.
 */
export async function destroy(options: DestroyOptions, io: Io): Promise<ExitStatus> {
  const { dryRun = false } = options;
  if (options.all === true && options.yes !== true && !dryRun) {
    throw new UsageError("--all ends labs that are in use, too", {
      mend: "add -y if that is meant",
    });
  }
  const labs = recordedLabs().filter(
    (lab) => options.lab === undefined || (ownerOf(lab)?.lab ?? options.lab) === options.lab,
  );
  let removed = 0;
  let left = 0;
  for (const lab of labs) {
    const runner = dryRun ? rehearsal(io) : EXECUTE;
    if (isDeployed(lab)) await askToEnd(lab, runner);
    else if (hasOwner(lab) && options.all !== true) {
      left++;
      continue;
    }
    await runner.instead("what it made in a cloud", () => removeFromCloud(lab), undefined);
    await removeLab(lab, runner);
    removed++;
    if (!dryRun) io.out.line(`removed ${lab.label}: ${describe(lab.entries.length)}`);
  }
  if (removed === 0) io.out.line(dryRun ? "# nothing to remove" : "nothing to remove");
  if (left > 0)
    io.note(`isoreplay: ${counted(left, "lab")} in use: left alone (--all -y ends them)`);
  await io.out.flush();
  return EXIT.pass;
}

function describe(entries: number): string {
  return entries === 0 ? "an empty folder" : counted(entries, "journal entry", "journal entries");
}
