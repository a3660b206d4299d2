import { setTimeout as sleep } from "node:timers/promises";
import { recordedLabs } from "../state/journal.ts";
import { CloudApi } from "./api.ts";
import { readCredentials } from "./credentials.ts";
import { HostSwitch } from "./host-switch.ts";
import { removeFromSwitch, removeResources } from "./remove.ts";

// A program of its own, because it has to run in the network from which the cloud is reached: takes away what the run with
// this label has made there, as its journal says. What goes wrong is told on stderr.
/** What was asked for a moment before the run was killed may be made only now. */
const LATE_MS = 5_000;
const [, , label] = process.argv;
const lab = recordedLabs().find((one) => one.label === label);
const entries = lab?.entries ?? [];
const place = entries.find((entry) => entry.kind === "cloud");
if (lab !== undefined && place !== undefined) {
  const cloud = place.name === "" ? {} : { OS_CLOUD: place.name };
  const file = place.file === "" ? {} : { OS_CLIENT_CONFIG_FILE: place.file };
  const credentials = await readCredentials({ ...process.env, ...cloud, ...file });
  const results = await Promise.allSettled([
    CloudApi.connect(credentials).then(removeAll),
    removeFromSwitch(new HostSwitch(place.rundir), lab.label, entries),
  ]);
  for (const result of results) {
    if (result.status === "fulfilled") continue;
    const { reason } = result;
    process.stderr.write(`${reason instanceof Error ? reason.message : String(reason)}\n`);
    process.exitCode = 1;
  }
}

/** Again and again, until nothing more turns up. */
async function removeAll(api: CloudApi): Promise<void> {
  await removeResources(api, entries);
  do await sleep(LATE_MS);
  while ((await removeResources(api, entries)) > 0);
}
