import { parseArgs } from "node:util";
import { EXECUTE } from "../command/runner.ts";
import { FOLDER } from "./place.ts";
import { readRecord } from "./stage-record.ts";
import { runProgram } from "./terminal.ts";
import { Vagrant } from "./vagrant.ts";

/* Says how far DevStack has come: `node lab/devstack/status.ts [--json]`. Nothing is changed. */

await runProgram("status", async () => {
  const { values } = parseArgs({ options: { json: { type: "boolean" } } });
  const work = { log: () => {}, progress: () => {}, signal: new AbortController().signal };
  const machines = Object.fromEntries(await new Vagrant(EXECUTE).states(work));
  const record = readRecord(FOLDER);
  const stages = record?.done.map(({ name, tookS, snapshot }) => ({ name, tookS, snapshot })) ?? [];
  const begun = record?.begun ?? null;
  const { stdout } = process;
  if (values.json === true) {
    stdout.write(`${JSON.stringify({ machines, stages, begun }, null, 2)}\n`);
    return;
  }
  for (const [name, state] of Object.entries(machines))
    stdout.write(`${name.padEnd(9)} ${state.replaceAll("_", " ")}\n`);
  for (const { name, tookS, snapshot } of stages)
    stdout.write(`✔ ${name.padEnd(9)} ${tookS} s${snapshot === null ? "" : `, ${snapshot}`}\n`);
  if (begun !== null) stdout.write(`✘ ${begun.padEnd(9)} begun and not ended\n`);
  if (record === null) stdout.write("nothing was begun: node lab/devstack/up.ts\n");
});
