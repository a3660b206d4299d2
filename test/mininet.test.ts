import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import test from "ava";
import { recordedLabs } from "../lab/state/journal.ts";
import { processesOf } from "../lab/state/leftovers.ts";
import { type RunningCommand, runCommand, startCommand } from "../src/base/command.ts";
import type { Results } from "../src/run/results.ts";
import { isoreplay, PROGRAM, scratch } from "./cli.fixture.ts";
import { hasMininet } from "./mininet.fixture.ts";

// Real hosts on a real Open vSwitch. One at a time: they have the machine to themselves.
const DEADLINE_MS = 60_000;

/** What of the machine a lab could leave something in. */
async function surroundings(): Promise<Readonly<Record<string, string>>> {
  const [links, namespaces, loops, mounts] = await Promise.all([
    runCommand("ip", ["-br", "link"]),
    runCommand("ip", ["netns"]),
    runCommand("losetup", ["-a"]),
    readFile("/proc/self/mounts", "utf8"),
  ]);
  return { links: links.stdout, namespaces: namespaces.stdout, loops: loops.stdout, mounts };
}

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

/** Wait until the journal of the one lab that is up has so many entries. */
async function journalReaches(entries: number, isOver: () => boolean): Promise<string | null> {
  const deadline = Date.now() + DEADLINE_MS;
  while (Date.now() < deadline) {
    const lab = recordedLabs().find((recorded) => recorded.entries.length >= entries);
    if (lab !== undefined) return lab.label;
    if (isOver()) return null;
    await wait(2);
  }
  throw new Error(`the journal did not reach ${entries} entries within ${DEADLINE_MS} ms`);
}

async function processesEnd(label: string): Promise<void> {
  const deadline = Date.now() + DEADLINE_MS;
  while (processesOf(label).length > 0) {
    if (Date.now() > deadline) throw new Error(`processes of ${label} do not end`);
    await wait(10);
  }
}

for (const [signal, steps] of [
  ["SIGKILL", [1, 2, 3, 6, 30, 40, 65]],
  ["SIGTERM", [2, 45]],
  ["SIGINT", [40]],
] as const) {
  for (const step of steps) {
    test.serial(
      `${signal} after ${step} entries of the journal leaves nothing that destroy does not find`,
      async (t) => {
        t.timeout(3 * DEADLINE_MS);
        if (!hasMininet(t)) return;
        const before = await surroundings();
        const run = await startCommand(process.execPath, [
          ...[PROGRAM, "run", "zeus-cookie-theft", "--lab", "mininet", "--out", await scratch()],
        ]);
        let isOver = false;
        void run.ended.then(() => {
          isOver = true;
        });
        run.stdout.resume();
        const label = await journalReaches(step, () => isOver);
        t.not(label, null, run.complaint());
        run.kill(signal);
        await run.ended;
        // Even before anybody cleans up the kernel has ended all that was inside the lab's namespaces.
        await processesEnd(label ?? "");
        const { status } = await isoreplay("destroy");
        t.is(status, 0);
        t.deepEqual(recordedLabs(), []);
        t.deepEqual(await surroundings(), before);
      },
    );
  }
}

test.serial(
  "a switch that is killed during the replay lets nothing out, and the run says that it was away",
  async (t) => {
    t.timeout(5 * DEADLINE_MS);
    if (!hasMininet(t)) return;
    const out = await scratch();
    const run = await startCommand(process.execPath, [
      ...[PROGRAM, "run", "zeus-cookie-theft", "--lab", "mininet", "--out", out, "--json"],
    ]);
    const label = await replayBegins(run);
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

/** Wait until the isolation instance has booted for the second time: from the moved volume. */
async function replayBegins(run: RunningCommand): Promise<string> {
  const deadline = Date.now() + 2 * DEADLINE_MS;
  while (Date.now() < deadline) {
    const lab = recordedLabs().find(
      ({ entries }) =>
        entries.filter(({ kind, name }) => kind === "agent" && name === "iso-cookie-theft-1")
          .length === 2,
    );
    if (lab !== undefined) return lab.label;
    await wait(2);
  }
  throw new Error(`the replay did not begin: ${run.complaint()}`);
}

async function killSwitch(label: string): Promise<void> {
  for (const { pid } of processesOf(label)) {
    const name = await readFile(`/proc/${pid}/comm`, "utf8");
    if (name.trim() === "ovs-vswitchd") process.kill(pid, "SIGKILL");
  }
}

test.serial(
  "what is somebody else's stays when labs are destroyed, and so does a lab in use",
  async (t) => {
    t.timeout(3 * DEADLINE_MS);
    if (!hasMininet(t)) return;
    await runCommand("ip", ["netns", "add", "isoreplay-other"]);
    await runCommand("ip", ["link", "add", "other0", "type", "bridge"]);
    try {
      const before = await surroundings();
      const run = await startCommand(process.execPath, [
        ...[PROGRAM, "run", "zeus-cookie-theft", "--lab", "mininet", "--out", await scratch()],
      ]);
      run.stdout.resume();
      const label = await journalReaches(40, () => false);
      const spared = await isoreplay("destroy");
      t.regex(spared.stderr, /1 lab in use: left alone/);
      t.is(recordedLabs().length, 1);
      t.is((await isoreplay("destroy", "--all")).status, 64);
      t.is((await isoreplay("destroy", "--all", "-y")).status, 0);
      await processesEnd(label ?? "");
      // It says that its lab was taken from it, and does not hang.
      t.is(await run.ended, 69);
      t.deepEqual(recordedLabs(), []);
      t.deepEqual(await surroundings(), before);
    } finally {
      await runCommand("ip", ["link", "del", "other0"]);
      await runCommand("ip", ["netns", "del", "isoreplay-other"]);
    }
  },
);
