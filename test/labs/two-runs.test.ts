import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import test from "ava";
import { recordedLabs } from "../../lab/state/journal.ts";
import { type RunningCommand, startCommand } from "../../src/base/command.ts";
import { type Results, resultsSchema } from "../../src/run/results.ts";
import { PROGRAM, scratch } from "../cli.fixture.ts";
import { hasMininet } from "../labs.fixture.ts";
import { SHORT_SCENARIO } from "./faults.fixture.ts";

const POLL_MS = 20;

function labelOf({ pid }: RunningCommand): string | undefined {
  return recordedLabs().find(({ entries: [first] }) => first?.kind === "lab" && first.pid === pid)
    ?.label;
}

async function resultsOf(run: RunningCommand): Promise<Results> {
  let text = "";
  for await (const bytes of run.stdout) text += String(bytes);
  await run.ended;
  if (text === "") throw new Error(run.complaint());
  return resultsSchema.parse(JSON.parse(text));
}

test("two runs at the same time have labs of their own, and neither sees the other", async (t) => {
  t.timeout(240_000);
  if (!hasMininet(t)) return;
  const out = await scratch();
  const scenario = join(out, "fault.yaml");
  await writeFile(scenario, SHORT_SCENARIO);
  // The same scenario, seed and folder: nothing tells them apart but their own names.
  const args = [PROGRAM, "run", scenario, "--lab", "mininet", "--speed", "100", "--out", out];
  const runs = await Promise.all(
    [1, 2].map(() => startCommand(process.execPath, [...args, "--json"])),
  );
  const answers = Promise.all(runs.map(resultsOf));
  let isOver = false;
  void answers.finally(() => {
    isOver = true;
  });
  let labels: (string | undefined)[] = [];
  while (!isOver && (labels.length === 0 || labels.includes(undefined))) {
    await wait(POLL_MS);
    labels = runs.map(labelOf);
  }
  // Both were up at once.
  t.is(new Set(labels).size, 2);
  t.false(labels.includes(undefined));
  for (const { assertions, rounds } of await answers) {
    const containment = assertions.find(({ name }) => name === "containment");
    t.is(containment?.verdict, "pass", containment?.evidence);
    // What the one guest was answered is its own recording.
    const [replay] = rounds.flatMap(({ suspects }) => suspects.map((s) => s.replay));
    t.true((replay?.seen ?? 0) > 0);
    t.is(replay?.identical, replay?.seen);
  }
  const left = recordedLabs().map(({ label }) => label);
  t.deepEqual(
    labels.filter((label) => left.includes(label ?? "")),
    [],
  );
});
