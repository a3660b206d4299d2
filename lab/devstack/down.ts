import { rmSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { EXECUTE } from "../command/runner.ts";
import { FOLDER } from "./place.ts";
import { removeRecord } from "./stage-record.ts";
import { MACHINE } from "./stages.ts";
import { runProgram } from "./terminal.ts";
import { Vagrant } from "./vagrant.ts";

/*
 * Takes DevStack down: `node lab/devstack/down.ts [--halt]`. Machines and snapshots go, logs and boxes stay. With `--halt`
 * the machines are only switched off.
 */

await runProgram("down", async () => {
  const { values } = parseArgs({ options: { halt: { type: "boolean" } } });
  const vagrant = new Vagrant(EXECUTE);
  const work = {
    log: () => {},
    progress: (line: string) => process.stderr.write(`${line}\n`),
    signal: new AbortController().signal,
  };
  const states = await vagrant.states({ ...work, progress: () => {} });
  const ours = [...states]
    .filter(([name, state]) => name !== "lab" && state !== "not_created")
    .map(([name]) => name);
  // Guests before the cloud.
  ours.sort((a, b) => Number(a === MACHINE) - Number(b === MACHINE));
  if (values.halt === true) {
    if (ours.length > 0) await vagrant.run(["halt", ...ours], work);
    return;
  }
  if (ours.length > 0) await vagrant.run(["destroy", "-f", ...ours], work);
  removeRecord(FOLDER);
  rmSync(join(FOLDER, "clouds.yaml"), { force: true });
});
