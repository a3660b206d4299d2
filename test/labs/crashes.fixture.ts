import { readFile } from "node:fs/promises";
import { setTimeout as wait } from "node:timers/promises";
import { type JournalEntry, type RecordedLab, recordedLabs } from "../../lab/state/journal.ts";
import { hasOwner, processesOf } from "../../lab/state/leftovers.ts";
import { type RunningCommand, runCommand, startCommand } from "../../src/base/command.ts";
import { PROGRAM, scratch } from "../cli.fixture.ts";

export const DEADLINE_MS = 60_000;

/** What of the machine a lab could leave something in. */
export async function surroundings(): Promise<Readonly<Record<string, string>>> {
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

/** The lab that a run has made. */
export function labOf(run: RunningCommand): RecordedLab | undefined {
  return recordedLabs().find(
    ({ entries: [first] }) => first?.kind === "lab" && first.pid === run.pid,
  );
}

/** Wait until what a run's lab has written down says so; gives its label, or null when the run ends before. */
export async function labWhen(
  run: RunningCommand,
  isThere: (entries: readonly JournalEntry[]) => boolean,
): Promise<string | null> {
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
  return null;
}

/** As `labWhen`, for what must come. */
export async function journalSays(
  run: RunningCommand,
  what: string,
  isThere: (entries: readonly JournalEntry[]) => boolean,
): Promise<string> {
  const label = await labWhen(run, isThere);
  if (label === null) throw new Error(`${what} was not reached: ${run.complaint()}`);
  return label;
}

/** The loop of one behaviour on the Mininet lab. */
export async function startLoop(...more: readonly string[]): Promise<RunningCommand> {
  return startCommand(process.execPath, [
    ...[PROGRAM, "run", "zeus-cookie-theft", "--lab", "mininet", "--out", await scratch()],
    ...more,
  ]);
}

/** Labs whose own process is gone. */
export function leftovers(): string[] {
  return recordedLabs()
    .filter((lab) => !hasOwner(lab))
    .map(({ label }) => label);
}

export async function processesEnd(label: string): Promise<void> {
  const deadline = Date.now() + DEADLINE_MS;
  while (processesOf(label).length > 0) {
    if (Date.now() > deadline) throw new Error(`processes of ${label} do not end`);
    await wait(10);
  }
}
