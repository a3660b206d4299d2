import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import test from "ava";
import { OvsCaseSwitch } from "../lab/ovs/ovs-case-switch.ts";
import { SimCaseSwitch } from "../sim/case/sim-case-switch.ts";
import type { SwitchCase } from "../src/case/case.ts";
import { parseCase } from "../src/case/parse-case.ts";
import { play } from "../src/case/play.ts";
import { renderResult } from "../src/case/render.ts";
import { startOvs } from "./labs.fixture.ts";

/**
 * Cases recorded from the real Open vSwitch 3.1.0: the project's own, and more of the same form that may lie beside the
 * checkout.
 */
const FOLDERS = [
  new URL("../cases/", import.meta.url),
  new URL("../../shared/ovs-cases/", import.meta.url),
];

function* casesIn(folder: URL): Generator<SwitchCase> {
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder).filter((file) => file.endsWith(".json")))
    yield parseCase(readFileSync(new URL(name, folder), "utf8"), name);
}

for (const folder of FOLDERS) {
  const shown = fileURLToPath(folder).split("/").slice(-3, -1).join("/");

  test(`the simulated switch does what Open vSwitch did in the cases of ${shown}`, async (t) => {
    let count = 0;
    for (const recorded of casesIn(folder)) {
      count++;
      const result = await play(recorded, new SimCaseSwitch(recorded), recorded.name);
      if (result.difference !== null) t.fail(renderResult("", result).join("\n"));
    }
    if (count === 0) t.log("skipped: no case lies there");
    else t.log(`${count} cases`);
    t.pass();
  });
}

test("a private Open vSwitch does again what was recorded, and leaves nothing behind", async (t) => {
  const ovs = await startOvs(t);
  if (ovs === null) return;
  let count = 0;
  try {
    for (const folder of FOLDERS) {
      for (const recorded of casesIn(folder)) {
        count++;
        await using device = await OvsCaseSwitch.create(ovs, recorded);
        const result = await play(recorded, device, recorded.name);
        if (result.difference !== null) t.fail(renderResult("", result).join("\n"));
      }
    }
  } finally {
    await ovs[Symbol.asyncDispose]();
  }
  t.log(`${count} cases`);
  t.false(existsSync(ovs.folder));
});
