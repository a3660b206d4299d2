/**
 * Play a scenario again and again as a user does, each time with another seed, and sum up: are all runs green, and how much
 * do their figures differ?
 *
 *     npm run soak -- [--runs 20] [--lab mininet|sim] [--scenario paper] [--seed 1] [--out DIR]
 *
 * Without --out the run folders are thrown away. Ends with 1 when a run did not pass.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { runCommand } from "../src/base/command.ts";
import { textTable } from "../src/report/text.ts";
import { type Results, resultsSchema } from "../src/run/results.ts";

const PROGRAM = join(import.meta.dirname, "../bin/isoreplay.js");
/** Whatever a run ends with is an answer. */
const STATUSES = Array.from({ length: 256 }, (_, status) => status);

const { values } = parseArgs({
  options: {
    runs: { type: "string", default: "20" },
    lab: { type: "string", default: "mininet" },
    scenario: { type: "string", default: "paper" },
    seed: { type: "string", default: "1" },
    out: { type: "string" },
  },
});
const runs = Number(values.runs);
const first = Number(values.seed);
if (!Number.isSafeInteger(runs) || runs < 1 || !Number.isSafeInteger(first))
  throw new RangeError("--runs and --seed take whole numbers");

interface Figures {
  readonly seconds: number;
  /** Of all suspects of all rounds the slowest; lab seconds and the network's milliseconds. */
  readonly detectS: number;
  readonly containMs: number;
  readonly afterVerdict: number;
  readonly afterCut: number;
  /** How late the latest host and the sensor were, milliseconds of real time. */
  readonly hostLateMs: number;
  readonly sensorLateMs: number;
}

const COLUMNS: readonly [head: string, pick: (f: Figures) => number, digits: number][] = [
  ["seconds", (f) => f.seconds, 1],
  ["detected after (lab s)", (f) => f.detectS, 1],
  ["contained after (ms)", (f) => f.containMs, 2],
  ["frames after the verdict", (f) => f.afterVerdict, 0],
  ["after the cut", (f) => f.afterCut, 0],
  ["latest host (ms)", (f) => f.hostLateMs, 0],
  ["latest sensor (ms)", (f) => f.sensorLateMs, 0],
];

function figuresOf({ rounds, counts }: Results, seconds: number): Figures {
  const suspects = rounds.flatMap((round) => round.suspects);
  const most = (pick: (s: (typeof suspects)[number]) => number | null) =>
    suspects.reduce((max, s) => Math.max(max, pick(s) ?? 0), 0);
  const sum = (pick: (s: (typeof suspects)[number]) => number | null) =>
    suspects.reduce((total, s) => total + (pick(s) ?? 0), 0);
  return {
    seconds,
    detectS: most((s) => s.timeToDetectS),
    containMs: most((s) => s.timeToContainMs),
    afterVerdict: sum((s) => s.framesAfterVerdict),
    afterCut: sum((s) => s.framesAfterCut),
    hostLateMs: counts.hostsLatestMs ?? 0,
    sensorLateMs: counts.sensorLatestMs ?? 0,
  };
}

async function play(seed: number, out: string): Promise<{ text: string; figures: Figures | null }> {
  const args = [PROGRAM, "run", values.scenario, "--lab", values.lab, "--seed", String(seed)];
  const startMs = performance.now();
  const { exitStatus, stdout, stderr } = await runCommand(
    process.execPath,
    [...args, "--out", out, "--json"],
    { okStatus: STATUSES },
  );
  const seconds = (performance.now() - startMs) / 1000;
  if (stdout === "") return { text: `exit status ${exitStatus}: ${stderr.trim()}`, figures: null };
  const results = resultsSchema.parse(JSON.parse(stdout));
  const passed = results.assertions.filter(({ verdict }) => verdict === "pass").length;
  const others = results.assertions.filter(({ verdict }) => verdict !== "pass");
  const text = [
    `${results.overall}, ${passed} of ${results.assertions.length} assertions`,
    ...others.map(({ name, verdict, evidence }) => `  ${name}: ${verdict}: ${evidence}`),
  ].join("\n");
  return { text, figures: figuresOf(results, seconds) };
}

/** Middle, or mean of the two in the middle. */
function median(sorted: readonly number[]): number {
  const half = sorted.length / 2;
  return ((sorted[Math.ceil(half) - 1] ?? 0) + (sorted[Math.floor(half)] ?? 0)) / 2;
}

const out = values.out ?? (await mkdtemp(join(tmpdir(), "isoreplay-soak-")));
const all: Figures[] = [];
let green = 0;
try {
  for (let seed = first; seed < first + runs; seed++) {
    const { text, figures } = await play(seed, out);
    if (text.startsWith("pass,")) green++;
    const [verdict, ...rest] = text.split("\n");
    const told =
      figures === null
        ? []
        : COLUMNS.map(([head, pick, digits]) => `${head} ${pick(figures).toFixed(digits)}`);
    console.log([[`seed ${seed}: ${verdict}`, ...told].join(", "), ...rest].join("\n"));
    if (figures !== null) all.push(figures);
  }
} finally {
  if (values.out === undefined) await rm(out, { recursive: true, force: true });
}
const rows = COLUMNS.map(([head, pick, digits]) => {
  const sorted = all.map(pick).sort((a, b) => a - b);
  const three = [sorted[0] ?? 0, median(sorted), sorted.at(-1) ?? 0];
  return [head, ...three.map((n) => n.toFixed(digits))];
});
console.log(["", ...textTable(["", "min", "median", "max"], rows)].join("\n"));
console.log(`${values.scenario} on ${values.lab}: ${green} of ${runs} runs green`);
process.exitCode = green === runs ? 0 : 1;
