import { readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { isoreplay, type Said, scratch } from "./cli.fixture.ts";

/** What a run may take. An empty capture takes about 90 MB: Node itself and the program. */
const MEMORY_MB_MAX = 250;
/** Processor time, which a busy machine does not lengthen as it does the clock's. An empty capture takes 0.3 s. */
const CPU_S_MAX = 30;

export interface Measured extends Said {
  readonly memoryMb: number;
  readonly cpuS: number;
}

/**
 * Run the program and learn its largest memory and its processor time. The kernel's own mark is read at the end:
 * `maxRSS` would begin with what the test process had when it started the program.
 */
export async function measured(folder: string, ...args: string[]): Promise<Measured> {
  const mark = join(folder, "taken.json");
  const code = `
    import { existsSync, readFileSync, writeFileSync } from "node:fs";
    import { isMainThread } from "node:worker_threads";
    if (isMainThread) process.on("exit", () => {
      const status = "/proc/self/status";
      const peak = existsSync(status) ? /VmHWM:\\s+(\\d+)/.exec(readFileSync(status, "utf8")) : null;
      const { user, system } = process.cpuUsage();
      const memoryMb = (peak === null ? process.resourceUsage().maxRSS : Number(peak[1])) / 1_024;
      writeFileSync(${JSON.stringify(mark)}, JSON.stringify({ memoryMb, cpuS: (user + system) / 1e6 }));
    });`;
  const preload = `--import=data:text/javascript,${encodeURIComponent(code)}`;
  const before = process.env.NODE_OPTIONS;
  process.env.NODE_OPTIONS = preload;
  try {
    const said = await isoreplay(...args);
    return { ...said, ...(JSON.parse(readFileSync(mark, "utf8")) as Omit<Measured, keyof Said>) };
  } finally {
    if (before === undefined) delete process.env.NODE_OPTIONS;
    else process.env.NODE_OPTIONS = before;
  }
}

export interface Hostile {
  /** Writes the capture. */
  readonly given: (file: string) => void | Promise<void>;
  readonly status: number;
  /** What stderr must say. */
  readonly says: readonly RegExp[];
  readonly records?: readonly object[];
  /** Default: MEMORY_MB_MAX. */
  readonly memoryMbMax?: number;
}

/** A capture that means harm is answered as it must be, in bounded memory and time. */
export const hostile = test.macro(async (t, wanted: Hostile) => {
  const { given, status, says, records = [], memoryMbMax = MEMORY_MB_MAX } = wanted;
  const folder = await scratch();
  t.teardown(() => rm(folder, { recursive: true }));
  const file = join(folder, "hostile.pcap");
  await given(file);
  const said = await measured(folder, "extract", file);
  t.log(`${Math.round(said.memoryMb)} MB, ${said.cpuS.toFixed(1)} s; ${said.stderr.slice(0, 300)}`);
  t.is(said.status, status, said.stderr);
  for (const words of says) t.regex(said.stderr, words);
  const lines = said.stdout === "" ? [] : said.stdout.split("\n");
  t.is(lines.length, records.length, said.stdout.slice(0, 500));
  for (const [i, record] of records.entries()) t.like(JSON.parse(lines[i] ?? ""), record);
  t.true(said.memoryMb < memoryMbMax, `${said.memoryMb} MB`);
  t.true(said.cpuS < CPU_S_MAX, `${said.cpuS} s of processor time`);
});
