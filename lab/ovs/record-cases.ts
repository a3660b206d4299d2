import { readdir, rm, writeFile } from "node:fs/promises";
import type { SwitchCase } from "../../src/case/case.ts";
import { parseCase } from "../../src/case/parse-case.ts";
import { record } from "../../src/case/record.ts";
import { CHANGES } from "./drafts/changes.ts";
import { DIFFERENTIAL } from "./drafts/differential.ts";
import { FRAGMENTS } from "./drafts/fragments.ts";
import { PAPER } from "./drafts/paper.ts";
import { PIPELINE } from "./drafts/pipeline.ts";
import { TRACKING } from "./drafts/tracking.ts";
import { TRANSLATION } from "./drafts/translation.ts";
import { WALKS } from "./drafts/walks.ts";
import { OvsCaseSwitch } from "./ovs-case-switch.ts";
import { PrivateOvs } from "./private-ovs.ts";

/*
 * Records the project's own switch cases from the Open vSwitch of this machine: `npm run cases`. What is not drafted any
 * more is removed.
 */

const FOLDER = new URL("../../cases/", import.meta.url);

async function recordAll(): Promise<void> {
  const drafts = [
    ...TRACKING,
    ...TRANSLATION,
    ...PIPELINE,
    ...CHANGES,
    ...PAPER,
    ...DIFFERENTIAL,
    ...WALKS,
    ...FRAGMENTS,
  ];
  await using ovs = await PrivateOvs.start();
  const [, version = ""] = /\(Open vSwitch\) (\S+)/.exec(await ovs.appctl("version")) ?? [];
  const oracle = `ovs-vswitchd ${version}, datapath-type=dummy, fail-mode=secure, time/stop`;
  for (const draft of drafts) {
    await using device = await OvsCaseSwitch.create(ovs, draft);
    const recorded = await record({ ...draft, oracle }, device, draft.name);
    const text = caseText(recorded);
    // What is written can be read.
    parseCase(text, draft.name);
    await writeFile(new URL(`${draft.name}.json`, FOLDER), text);
  }
  const wanted = new Set(drafts.map(({ name }) => `${name}.json`));
  for (const file of await readdir(FOLDER))
    if (file.endsWith(".json") && !wanted.has(file)) await rm(new URL(file, FOLDER));
}

/** JSON with one step on a line, so that a change shows in a line. */
function caseText({ steps, ...head }: SwitchCase): string {
  const lines = steps.map((step) => `    ${JSON.stringify(step)}`).join(",\n");
  const text = JSON.stringify(head, null, 2).replace(/\n\}$/, "");
  return `${text},\n  "steps": [\n${lines}\n  ]\n}\n`;
}

await recordAll();
