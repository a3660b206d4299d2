import { setPriority } from "node:os";
import { parseArgs } from "node:util";
import { type Finding, readFinding, saveFinding } from "./finding.ts";
import { GuardedRunner } from "./guarded-runner.ts";
import { type HuntReport, hunt } from "./hunt.ts";
import { BOUNDS } from "./job.ts";
import { TARGETS, targetNamed } from "./targets.ts";

const USAGE = `usage: npm run fuzz -- --minutes N [--seed S] [--inputs N] [--from N] [--targets A,B]
       npm run fuzz -- --repeat FILE

Feeds mutated captures, streams, rules and documents to every reader and parser. The same seed gives the same inputs.
Targets: ${TARGETS.map(({ name }) => name).join(", ")}.
Exit status: 0 nothing found, 1 something found, 64 used wrongly.`;

const PASS = 0;
const FOUND = 1;
const MISUSED = 64;

process.exitCode = await main();

async function main(): Promise<number> {
  const options = readOptions();
  if (options === null) {
    console.error(USAGE);
    return MISUSED;
  }
  // Others may want the machine.
  setPriority(10);
  return options.repeat === undefined ? await search(options) : await repeat(options.repeat);
}

interface Options {
  readonly seed: string;
  readonly minutes: number;
  readonly inputsMax: number;
  readonly from: number;
  readonly targets: readonly string[];
  readonly repeat: string | undefined;
}

function readOptions(): Options | null {
  try {
    const { values } = parseArgs({
      options: {
        minutes: { type: "string" },
        seed: { type: "string", default: "1" },
        inputs: { type: "string" },
        from: { type: "string", default: "0" },
        targets: { type: "string" },
        repeat: { type: "string" },
      },
    });
    const minutes = values.minutes === undefined ? Infinity : Number(values.minutes);
    const inputsMax = values.inputs === undefined ? Infinity : Number(values.inputs);
    const from = Number(values.from);
    const targets = values.targets?.split(",") ?? TARGETS.map(({ name }) => name);
    const isBounded = minutes < Infinity || inputsMax < Infinity || values.repeat !== undefined;
    const isWhole = Number.isInteger(from) && from >= 0;
    const isKnown = targets.every((name) => targetNamed(name) !== undefined);
    if (!(minutes > 0) || !(inputsMax > 0) || !isBounded || !isWhole || !isKnown) return null;
    return { seed: values.seed, minutes, inputsMax, from, targets, repeat: values.repeat };
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    console.error(error.message);
    return null;
  }
}

async function search({ seed, minutes, inputsMax, from, targets }: Options): Promise<number> {
  const startMs = performance.now();
  const endMs = startMs + minutes * 60_000;
  let shownMs = startMs;
  const report = await hunt({
    ...{ seed, targets, from, inputsMax },
    isOver: () => performance.now() >= endMs,
    onFinding: tell,
    onProgress: (inputs) => {
      if (performance.now() - shownMs < 10_000) return;
      shownMs = performance.now();
      console.error(`${inputs} inputs, ${Math.round((shownMs - startMs) / 1_000)} s`);
    },
  });
  return summary(report, seed, (performance.now() - startMs) / 1_000);
}

async function tell(finding: Finding): Promise<void> {
  const { target, number, fault, input, originalBytes } = finding;
  const path = await saveFinding(finding);
  console.log(`\n${fault.kind} of ${target}, input ${number}: ${fault.signature}`);
  console.log(`  ${fault.detail.split("\n").slice(0, 6).join("\n  ")}`);
  console.log(`  ${input.length} bytes are left of ${originalBytes}`);
  console.log(`  repeat it: npm run fuzz -- --repeat ${path}`);
}

function summary(report: HuntReport, seed: string, seconds: number): number {
  const { inputs, tallies, faults, usedBytesFirst, usedBytesLast, peakBytes } = report;
  console.log(
    `\nseed ${seed}: ${inputs} inputs in ${seconds.toFixed(0)} s, ${Math.round(inputs / seconds)} each second`,
  );
  console.log(`${"target".padEnd(15)}${"inputs".padStart(10)}${"refused".padStart(10)}  slowest`);
  for (const [name, { inputs: ran, refused, slowestMs, slowestNumber }] of tallies) {
    const counts = `${String(ran).padStart(10)}${String(refused).padStart(10)}`;
    console.log(`${name.padEnd(15)}${counts}  ${slowestMs.toFixed(1)} ms (input ${slowestNumber})`);
  }
  const left = usedBytesLast - usedBytesFirst;
  console.log(`memory left behind by all of them: ${(left / 1e6).toFixed(1)} MB`);
  console.log(`memory of the process at its peak: ${(peakBytes / 1e6).toFixed(0)} MB`);
  const [slowest] = [...tallies].sort(([, a], [, b]) => b.slowestMs - a.slowestMs);
  if (slowest !== undefined)
    console.log(`slowest input: ${slowest[1].slowestMs.toFixed(1)} ms (${slowest[0]})`);
  console.log(`findings: ${faults.size}`);
  for (const [fault, count] of faults) console.log(`found ${count} times: ${fault}`);
  if (left > BOUNDS.leftBytes)
    console.log(`found: more than ${BOUNDS.leftBytes} bytes are left behind`);
  const isClean = faults.size === 0 && left <= BOUNDS.leftBytes;
  if (isClean) console.log("nothing found");
  return isClean ? PASS : FOUND;
}

async function repeat(path: string): Promise<number> {
  const { target, input } = await readFinding(path);
  if (targetNamed(target) === undefined) {
    console.error(`${path}: its name must begin with a target and a dot`);
    return MISUSED;
  }
  const runner = new GuardedRunner("repeat", []);
  const { fault } = await runner.run({ kind: "one", target, input });
  runner.close();
  if (fault === null) console.log(`${target} reads ${input.length} bytes: nothing found`);
  else console.log(`${fault.kind} of ${target}: ${fault.signature}\n${fault.detail}`);
  return fault === null ? PASS : FOUND;
}
