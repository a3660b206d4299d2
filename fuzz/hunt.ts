import type { Finding } from "./finding.ts";
import { GuardedRunner } from "./guarded-runner.ts";
import { Inputs } from "./inputs.ts";
import type { JobEnd, TargetTally } from "./job.ts";
import { shrink } from "./shrink.ts";
import { targetNamed } from "./targets.ts";

export interface HuntOptions {
  readonly seed: string;
  readonly targets: readonly string[];
  /** The first input; 0 without it. */
  readonly from?: number;
  /** Stop after so many inputs, or when this gives true. */
  readonly inputsMax: number;
  readonly isOver: () => boolean;
  readonly onFinding: (finding: Finding) => Promise<void>;
  readonly onProgress: (inputs: number) => void;
  /** For tests: how long one input may take. */
  readonly inputMs?: number;
  /** How long one finding is shrunk. */
  readonly shrinkMs?: number;
}

export interface HuntReport {
  readonly inputs: number;
  readonly tallies: ReadonlyMap<string, TargetTally>;
  /** How often each fault was met, by target and signature. */
  readonly faults: ReadonlyMap<string, number>;
  /** Memory in use after the first and after the last inputs, garbage gone. */
  readonly usedBytesFirst: number;
  readonly usedBytesLast: number;
  /** The most memory that a process of the hunt had. */
  readonly peakBytes: number;
}

/** Inputs between two looks at the memory in use. */
const JOB_INPUTS = 1_000;
const SHRINK_MS = 30_000;
/** A hang is tried again and again while it is shrunk: not for the whole bound each time. */
const SHRINK_INPUT_MS = 1_500;
/** A signature that is met this often is no longer interrupted for. */
const GIVE_UP = 10_000;

/** Run inputs one after the other. Each fault is shrunk and handed out once, however many inputs show it. */
export async function hunt(options: HuntOptions): Promise<HuntReport> {
  const { seed, targets, from = 0, inputsMax } = options;
  const runner = new GuardedRunner(seed, targets);
  const inputs = new Inputs(seed, targets.map(existing));
  const tallies = new Map<string, TargetTally>();
  const faults = new Map<string, number>();
  let usedBytesFirst = 0;
  let usedBytesLast = 0;
  let peakBytes = 0;
  let next = from;
  let met = 0;
  while (next < from + inputsMax && !options.isOver() && met < GIVE_UP) {
    const to = Math.min(from + inputsMax, next + JOB_INPUTS);
    const end = await runner.run({ kind: "range", from: next, to }, options.inputMs);
    next = end.next;
    peakBytes = Math.max(peakBytes, end.peakBytes);
    addTallies(tallies, end.tallies);
    if (end.fault === null) {
      if (usedBytesFirst === 0) usedBytesFirst = end.usedBytes;
      usedBytesLast = end.usedBytes;
    } else {
      met++;
      const number = next - 1;
      const target = inputs.targetOf(number).name;
      const key = `${target}: ${end.fault.signature}`;
      const count = faults.get(key) ?? 0;
      faults.set(key, count + 1);
      // A process may begin with an empty heap again.
      usedBytesFirst = 0;
      if (count === 0) {
        const input = inputs.inputOf(number);
        const smallest = await shrunk(runner, target, input, end, options.shrinkMs ?? SHRINK_MS);
        const originalBytes = input.length;
        const finding = { target, number, fault: end.fault, input: smallest, originalBytes };
        await options.onFinding(finding);
      }
    }
    options.onProgress(next - from);
  }
  runner.close();
  return { inputs: next - from, tallies, faults, usedBytesFirst, usedBytesLast, peakBytes };
}

async function shrunk(
  runner: GuardedRunner,
  target: string,
  input: Uint8Array,
  { fault }: JobEnd,
  shrinkMs: number,
): Promise<Uint8Array> {
  const untilMs = performance.now() + shrinkMs;
  const shows = async (candidate: Uint8Array, inputMs: number | undefined) => {
    const end = await runner.run({ kind: "one", target, input: candidate }, inputMs);
    return end.fault?.signature === fault?.signature;
  };
  const inputMs = fault?.kind === "hang" ? SHRINK_INPUT_MS : undefined;
  const smallest = await shrink(
    input,
    (candidate) => shows(candidate, inputMs),
    () => performance.now() < untilMs,
  );
  // With the whole bound: a busy machine must not make a hang of what is none.
  return smallest !== input && (await shows(smallest, undefined)) ? smallest : input;
}

function addTallies(sum: Map<string, TargetTally>, more: JobEnd["tallies"]): void {
  for (const [name, tally] of Object.entries(more)) {
    const old = sum.get(name);
    if (old === undefined) sum.set(name, tally);
    else {
      const slowest = tally.slowestMs > old.slowestMs ? tally : old;
      sum.set(name, {
        inputs: old.inputs + tally.inputs,
        refused: old.refused + tally.refused,
        slowestMs: slowest.slowestMs,
        slowestNumber: slowest.slowestNumber,
      });
    }
  }
}

function existing(name: string) {
  const target = targetNamed(name);
  if (target === undefined) throw new RangeError(`no target is named ${name}`);
  return target;
}
