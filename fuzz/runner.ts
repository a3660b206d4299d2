import { existsSync, openSync, readFileSync, writeSync } from "node:fs";
import { getHeapStatistics, setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { type Fault, faultOf, memory } from "./fault.ts";
import { Inputs } from "./inputs.ts";
import { BOUNDS, type Job, type JobEnd, type RunnerData, type TargetTally } from "./job.ts";
import type { Target } from "./target.ts";
import { targetNamed } from "./targets.ts";

/*
 * The process in which inputs run. It writes down which one is running, so that the process that watches it knows it even
 * when this one never answers again.
 */

setFlagsFromString("--expose-gc");
const collectGarbage: () => void = runInNewContext("gc");
const { seed, targets: names, progressFile } = JSON.parse(process.argv[2] ?? "") as RunnerData;
const progress = openSync(progressFile, "r+");
const running = new Int32Array(1);
const inputs = new Inputs(seed, names.map(existing));

function existing(name: string): Target {
  const target = targetNamed(name);
  if (target === undefined) throw new RangeError(`no target is named ${name}`);
  return target;
}

process.on("message", async (job: Job) => {
  const end = job.kind === "range" ? await runRange(job.from, job.to) : await runOne(job);
  nowRuns(-1);
  process.send?.(end);
});

function nowRuns(number: number): void {
  running[0] = number;
  writeSync(progress, running, 0, 4, 0);
}

async function runRange(from: number, to: number): Promise<JobEnd> {
  const tallies: Record<string, TargetTally> = {};
  for (let number = from; number < to; number++) {
    nowRuns(number);
    const target = inputs.targetOf(number);
    const input = inputs.inputOf(number);
    const startMs = performance.now();
    const outcome = await outcomeOf(target, input);
    const tookMs = performance.now() - startMs;
    const tally = tallies[target.name] ?? NONE;
    const isSlowest = tookMs > tally.slowestMs;
    tallies[target.name] = {
      inputs: tally.inputs + 1,
      refused: tally.refused + (outcome === "refused" ? 1 : 0),
      slowestMs: isSlowest ? tookMs : tally.slowestMs,
      slowestNumber: isSlowest ? number : tally.slowestNumber,
    };
    if (typeof outcome === "object") return ended(number + 1, tallies, outcome);
  }
  return ended(to, tallies, null);
}

async function runOne(job: Job & { kind: "one" }): Promise<JobEnd> {
  nowRuns(0);
  const outcome = await outcomeOf(existing(job.target), job.input);
  return {
    next: 1,
    tallies: {},
    fault: typeof outcome === "object" ? outcome : null,
    usedBytes: 0,
    peakBytes: 0,
  };
}

const NONE: TargetTally = { inputs: 0, refused: 0, slowestMs: 0, slowestNumber: 0 };

async function outcomeOf(target: Target, input: Uint8Array): Promise<"read" | "refused" | Fault> {
  const before = usedBytes();
  try {
    await target.run(input);
  } catch (error) {
    return faultOf(error) ?? "refused";
  }
  const added = usedBytes() - before;
  return added > BOUNDS.inputBytes ? memory(`${added} bytes more in use`) : "read";
}

function usedBytes(): number {
  const { used_heap_size, external_memory } = getHeapStatistics();
  return used_heap_size + external_memory;
}

function ended(next: number, tallies: JobEnd["tallies"], fault: Fault | null): JobEnd {
  collectGarbage();
  return { next, tallies, fault, usedBytes: usedBytes(), peakBytes: peakBytes() };
}

/** The kernel's own mark where there is one: `maxRSS` begins with what the process had that started this one. */
function peakBytes(): number {
  const status = "/proc/self/status";
  const mark = existsSync(status) ? /VmHWM:\s+(\d+)/.exec(readFileSync(status, "utf8")) : null;
  return 1_024 * (mark === null ? process.resourceUsage().maxRSS : Number(mark[1]));
}
