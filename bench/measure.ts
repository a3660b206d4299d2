import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";

/** What a command cost: its whole process, start and end included. */
export interface Use {
  readonly cpuSeconds: number;
  /** Largest resident memory, looked at every few milliseconds. */
  readonly peakMegabytes: number;
  /** What it wrote to stderr. */
  readonly messages: string;
}

export interface ExtractUse extends Use {
  /** What `extract` counted, by name. */
  readonly counts: Readonly<Record<string, number>>;
}

const PROGRAM = join(import.meta.dirname, "../bin/isoreplay.js");
const LOOK_MS = 10;

/** `extract` as a user starts it, its records thrown away. Throws an Error where it fails. */
export async function useOfExtract(file: string): Promise<ExtractUse> {
  const use = await useOf(`'${process.execPath}' '${PROGRAM}' extract '${file}'`);
  if (use === null) throw new Error(`extract failed on ${file}`);
  const found = [...use.messages.matchAll(/[:,] ([\w-]+) (\d+)/g)];
  const counts = Object.fromEntries(found.map(([, name, count]) => [name, Number(count)]));
  return { ...use, counts };
}

/** Runs a command of the shell on one core, its output thrown away; `null` where it cannot be run or fails. */
export async function useOf(command: string, folder?: string): Promise<Use | null> {
  // The shell's `times` gives CPU time to the millisecond, of the command alone.
  const pinned = `taskset -c ${cpus().length - 1} ${command}`;
  const shell = spawn("sh", ["-c", `${pinned} >/dev/null || exit 1; times`], {
    stdio: ["ignore", "pipe", "pipe"],
    ...(folder === undefined ? {} : { cwd: folder }),
  });
  let times = "";
  let messages = "";
  let peak = 0;
  shell.stdout.setEncoding("utf8").on("data", (text: string) => {
    times += text;
  });
  shell.stderr.setEncoding("utf8").on("data", (text: string) => {
    messages += text;
  });
  const { pid } = shell;
  const look = setInterval(() => {
    if (pid !== undefined) peak = Math.max(peak, peakOfChild(pid));
  }, LOOK_MS);
  const status = await new Promise<number | null>((resolve) => {
    shell.on("error", () => resolve(null)).on("close", resolve);
  });
  clearInterval(look);
  if (status !== 0) return null;
  const ofChildren = times.trim().split("\n").at(-1) ?? "";
  const cpuSeconds = [...ofChildren.matchAll(/(\d+)m([\d.]+)s/g)].reduce(
    (sum, [, minutes, seconds]) => sum + Number(minutes) * 60 + Number(seconds),
    0,
  );
  return { cpuSeconds, peakMegabytes: Math.round(peak / 1024), messages };
}

/** The high-water mark of the shell's child, in KiB; 0 while there is none. */
function peakOfChild(shell: number): number {
  try {
    const child = readFileSync(`/proc/${shell}/task/${shell}/children`, "utf8").trim();
    if (child === "") return 0;
    const status = readFileSync(`/proc/${child}/status`, "utf8");
    return Number(/^VmHWM:\s+(\d+)/m.exec(status)?.[1] ?? 0);
  } catch (error) {
    // It ended between two looks.
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ESRCH") return 0;
    throw error;
  }
}

/** The run that took the least CPU time: other work on the machine only ever slows one down. */
export async function quickest<U extends Use>(runs: number, run: () => Promise<U>): Promise<U>;
export async function quickest<U extends Use>(
  runs: number,
  run: () => Promise<U | null>,
): Promise<U | null>;
export async function quickest<U extends Use>(
  runs: number,
  run: () => Promise<U | null>,
): Promise<U | null> {
  let best: U | null = null;
  let peakMegabytes = 0;
  for (let i = 0; i < runs; i++) {
    const use = await run();
    if (use === null) return null;
    peakMegabytes = Math.max(peakMegabytes, use.peakMegabytes);
    if (best === null || use.cpuSeconds < best.cpuSeconds) best = use;
  }
  return best === null ? null : { ...best, peakMegabytes };
}

export function thousands(perSecond: number): string {
  return `${Math.round(perSecond / 1000)} thousand packets per CPU second`;
}
