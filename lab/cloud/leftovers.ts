import { fileURLToPath } from "node:url";
import { runCommand } from "../../src/base/command.ts";
import { keeperOf } from "../openstack/namespaces.ts";
import { type RecordedLab, recordedLabs } from "../state/journal.ts";
import { endProcesses } from "../state/leftovers.ts";

const TAKE_DOWN = fileURLToPath(new URL("take-down.ts", import.meta.url));
/** Servers first, then their volumes: each may take a minute on a busy machine. */
const TAKE_DOWN_MS_MAX = 600_000;

/**
 * Take away what a run has made in a cloud: servers, volumes, networks, rules, cables. Its processes on this machine are ended
 * before, so that it makes nothing more. Does nothing for labs that are in no cloud, and where the cloud was a lab on this machine that has
 * gone. Rejects with CommandError, which says what is left; the journal stays then, and another attempt finds it.
 */
export async function removeFromCloud(lab: RecordedLab): Promise<void> {
  const place = lab.entries.find((entry) => entry.kind === "cloud");
  if (place === undefined) return;
  await endProcesses(lab);
  if (place.inside === "") {
    await runCommand(process.execPath, [TAKE_DOWN, lab.label], { timeoutMs: TAKE_DOWN_MS_MAX });
    return;
  }
  const cloud = recordedLabs().find(({ label }) => label === place.inside);
  const keeper = cloud === undefined ? null : await keeperOf(cloud.folder);
  if (keeper === null) return;
  const inside = ["--target", String(keeper.pid), "--net", "--", process.execPath, TAKE_DOWN];
  await runCommand("nsenter", [...inside, lab.label], { timeoutMs: TAKE_DOWN_MS_MAX });
}
