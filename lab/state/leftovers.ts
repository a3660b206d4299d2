import { readdirSync, readFileSync, rmSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";
import { LabUnavailableError } from "../../src/base/errors.ts";
import { EXECUTE, type Runner } from "../command/runner.ts";
import { variableName } from "../command/shell.ts";
import { DISKS_DETACHED, disksDetached } from "./disks.ts";
import type { JournalEntry, RecordedLab } from "./journal.ts";
import { identify, isAlive, type ProcessIdentity } from "./process-identity.ts";

/** Every process of a lab has it in its environment, with the lab's label. */
export const LABEL_VARIABLE = "ISOREPLAY_RUN";
/** A deployed lab takes itself down when it is asked to; then it is ended. */
const ASKED_MS_MAX = 20_000;
const END_MS_MAX = 10_000;
const POLL_MS = 20;

/** The processes of the lab with this label. What bears no label, or another's, is never touched. */
export function processesOf(label: string): ProcessIdentity[] {
  const wanted = `${LABEL_VARIABLE}=${label}`;
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => environmentOf(pid).includes(wanted))
    .flatMap((pid) => identify(pid) ?? []);
}

type Owner = Extract<JournalEntry, { readonly kind: "lab" }>;

/** Whose lab it is: its maker's, or that of a process of its own which the maker has left it to. */
export function ownerOf({ entries }: RecordedLab): Owner | null {
  return entries.findLast((entry) => entry.kind === "lab") ?? null;
}

/** Whether the process that the lab belongs to still runs. */
export function hasOwner(lab: RecordedLab): boolean {
  const owner = ownerOf(lab);
  return owner !== null && isAlive(owner);
}

/** Whether the lab was deployed: it is nobody's work in progress. */
export function isDeployed(lab: RecordedLab): boolean {
  return ownerOf(lab)?.stays ?? false;
}

/**
 * Ask a deployed lab's own process to take it down, and wait until it has. Does nothing where that process is gone, or
 * does not heed: `removeLab` ends the rest.
 */
export async function askToEnd(lab: RecordedLab, runner: Runner = EXECUTE): Promise<void> {
  const owner = ownerOf(lab);
  if (owner === null || !isAlive(owner)) return;
  await runner.act(["kill", String(owner.pid)], () => kill(owner.pid, "SIGTERM"));
  await runner.instead(
    "until it has ended",
    async () => {
      const deadline = Date.now() + ASKED_MS_MAX;
      while (isAlive(owner) && Date.now() < deadline) await wait(POLL_MS);
    },
    undefined,
  );
}

/**
 * End a lab from what its journal says: the processes that bear its label, and with them their namespaces, bridges, links,
 * mounts and loop devices; then its files. Throws LabUnavailableError when a process or a loop device stays.
 */
export async function removeLab(lab: RecordedLab, runner: Runner = EXECUTE): Promise<void> {
  await endProcesses(lab, runner);
  // A disk has no name any more once it is mounted, unless its lab was cut off before.
  const disks = lab.entries.flatMap(({ kind, name }) => (kind === "disk" ? [name] : []));
  const paths = [...disks, lab.folder];
  await runner.instead(DISKS_DETACHED, () => disksDetached(paths), undefined);
  for (const path of paths) await runner.act(["rm", "-rf", path], () => remove(path));
}

/** End the processes that bear a lab's label; its files stay. Throws LabUnavailableError when one does not end. */
export async function endProcesses(
  lab: Pick<RecordedLab, "label" | "folder">,
  runner: Runner = EXECUTE,
): Promise<void> {
  const processes = processesOf(lab.label);
  const found = await runner.learn(
    `LAB_${variableName(lab.label)}`,
    pidsBearing(lab.label),
    () => "",
  );
  await runner.act(["sh", "-c", `kill -KILL ${found}`], () => {
    for (const { pid } of processes) kill(pid, "SIGKILL");
  });
  await runner.instead("until none of them is left", () => gone(lab, processes), undefined);
}

/** A shell's words for the processes that bear a label. */
function pidsBearing(label: string): string {
  const wanted = `"^${LABEL_VARIABLE}=${label}$"`;
  return `$(grep -lzs ${wanted} /proc/[0-9]*/environ | cut -d/ -f3 | xargs)`;
}

async function gone(
  { folder }: Pick<RecordedLab, "folder">,
  processes: readonly ProcessIdentity[],
): Promise<void> {
  const deadline = Date.now() + END_MS_MAX;
  while (processes.some(isAlive)) {
    if (Date.now() > deadline) {
      const left = processes.filter(isAlive).map(({ pid }) => pid);
      throw new LabUnavailableError(`processes ${left.join(", ")} of the lab did not end`, {
        where: folder,
      });
    }
    await wait(POLL_MS);
  }
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    // Gone already.
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw orForRoot(error, `process ${pid}`);
  }
}

function remove(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true });
  } catch (error) {
    throw orForRoot(error, path);
  }
}

/** What only root may do is no mistake of ours. */
function orForRoot(error: unknown, where: string): unknown {
  const { code } = error as NodeJS.ErrnoException;
  if (code !== "EACCES" && code !== "EPERM") return error;
  return new LabUnavailableError("only root may end it", { where, mend: "sudo", cause: error });
}

function environmentOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, "latin1").split("\0");
  } catch {
    // Gone, or somebody else's: then it is not ours.
    return [];
  }
}
