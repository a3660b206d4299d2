import { readFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { processesOf } from "../../lab/state/leftovers.ts";
import type { Results } from "../../src/run/results.ts";
import { isoreplay, scratch } from "../cli.fixture.ts";
import { hasMininet } from "../labs.fixture.ts";
import { DEADLINE_MS, journalSays, startLoop, surroundings } from "./crashes.fixture.ts";

// Real hosts on a real Open vSwitch. One at a time: they have the machine to themselves.

test.serial("the loop closes on a real Open vSwitch, and nothing of it stays", async (t) => {
  t.timeout(5 * DEADLINE_MS);
  if (!hasMininet(t)) return;
  const before = await surroundings();
  const out = await scratch();
  const { status, stderr } = await isoreplay(
    ...["run", "zeus-cookie-theft", "--lab", "mininet", "--out", out],
  );
  const folder = join(out, "zeus-cookie-theft", "latest");
  const results = JSON.parse(await readFile(join(folder, "results.json"), "utf8")) as Results;
  t.deepEqual(
    results.assertions.map(({ name, verdict }) => [name, verdict]),
    results.assertions.map(({ name }) => [name, "pass"]),
    stderr,
  );
  t.is(status, 0);
  t.is(results.lab, "mininet");
  t.true((results.counts.framesTapped ?? 0) > 1_000);
  t.is(results.counts.framesMissed, 0);
  // Byte for byte what was recorded, over the kernel's TCP and conntrack.
  for (const { suspects } of results.rounds)
    for (const { replay } of suspects) {
      t.true((replay?.seen ?? 0) > 0);
      t.is(replay?.identical, replay?.seen);
    }
  t.is((await isoreplay("verify", folder)).status, 0);
  // The simulator says the same with the same seed, exchange by exchange.
  const simulated = await scratch();
  await isoreplay("run", "zeus-cookie-theft", "--out", simulated);
  const sim = join(simulated, "zeus-cookie-theft", "latest");
  const compared = await isoreplay("compare", sim, folder);
  t.is(compared.status, 0, compared.stdout);
  t.deepEqual(await surroundings(), before);
});

test.serial(
  "a switch that is killed during the replay lets nothing out, and the run says that it was away",
  async (t) => {
    t.timeout(5 * DEADLINE_MS);
    if (!hasMininet(t)) return;
    const run = await startLoop("--json");
    // Its second boot is from the moved volume.
    const label = await journalSays(
      run,
      "the isolation instance",
      (entries) =>
        entries.filter(({ kind, name }) => kind === "agent" && name === "iso-cookie-theft-1")
          .length === 2,
    );
    await killSwitch(label);
    let text = "";
    for await (const bytes of run.stdout) text += String(bytes);
    await run.ended;
    t.not(text, "", run.complaint());
    const results = JSON.parse(text) as Results;
    const containment = results.assertions.find(({ name }) => name === "containment");
    t.is(containment?.verdict, "pass", containment?.evidence);
    t.is(results.counts.switchRestarts, 1);
  },
);

async function killSwitch(label: string): Promise<void> {
  for (const { pid } of processesOf(label)) {
    const name = await readFile(`/proc/${pid}/comm`, "utf8");
    if (name.trim() === "ovs-vswitchd") process.kill(pid, "SIGKILL");
  }
}
