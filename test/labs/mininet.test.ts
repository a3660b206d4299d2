import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import test from "ava";
import { type JournalEntry, type RecordedLab, recordedLabs } from "../../lab/state/journal.ts";
import { hasOwner, processesOf } from "../../lab/state/leftovers.ts";
import { type RunningCommand, runCommand, startCommand } from "../../src/base/command.ts";
import type { Results } from "../../src/run/results.ts";
import { isoreplay, PROGRAM, scratch } from "../cli.fixture.ts";
import { hasMininet } from "../labs.fixture.ts";

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
  // Somebody may run a lab beside the tests: its disks are his.
  const others = recordedLabs().filter(hasOwner);
  const disks = loops.stdout
    .split("\n")
    .filter((line) => !others.some((lab) => line.includes(lab.folder)));
  return { links: links.stdout, namespaces: namespaces.stdout, loops: disks.join("\n"), mounts };
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

/** The lab that a run has made. */
function labOf(run: RunningCommand): RecordedLab | undefined {
  return recordedLabs().find(
    ({ entries: [first] }) => first?.kind === "lab" && first.pid === run.pid,
  );
}

/** Wait until what a run's lab has written down says so; gives its label. */
async function journalSays(
  run: RunningCommand,
  what: string,
  isThere: (entries: readonly JournalEntry[]) => boolean,
): Promise<string> {
  let isOver = false;
  void run.ended.then(() => {
    isOver = true;
  });
  const deadline = Date.now() + 2 * DEADLINE_MS;
  while (!isOver && Date.now() < deadline) {
    const lab = labOf(run);
    if (lab !== undefined && isThere(lab.entries)) return lab.label;
    await wait(2);
  }
  throw new Error(`${what} was not reached: ${run.complaint()}`);
}

/** Labs whose own process is gone. */
function leftovers(): string[] {
  return recordedLabs()
    .filter((lab) => !hasOwner(lab))
    .map(({ label }) => label);
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
        run.stdout.resume();
        const label = await journalSays(run, `entry ${step}`, ({ length }) => length >= step);
        run.kill(signal);
        await run.ended;
        // Even before anybody cleans up the kernel has ended all that was inside the lab's namespaces.
        await processesEnd(label);
        const { status } = await isoreplay("destroy");
        t.is(status, 0);
        t.deepEqual(leftovers(), []);
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
      const label = await journalSays(run, "entry 40", ({ length }) => length >= 40);
      const spared = await isoreplay("destroy");
      t.regex(spared.stderr, /labs? in use: left alone/);
      t.is(labOf(run)?.label, label);
      t.is((await isoreplay("destroy", "--all")).status, 64);
      t.is((await isoreplay("destroy", "--all", "-y")).status, 0);
      await processesEnd(label);
      // It says that its lab was taken from it, and does not hang.
      t.is(await run.ended, 69);
      t.deepEqual(leftovers(), []);
      t.deepEqual(await surroundings(), before);
    } finally {
      await runCommand("ip", ["link", "del", "other0"]);
      await runCommand("ip", ["netns", "del", "isoreplay-other"]);
    }
  },
);
