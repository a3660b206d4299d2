import { cpus, loadavg, release } from "node:os";
import { parseArgs } from "node:util";
import { isOnPath } from "../lab/mininet/needs.ts";
import { runCommand } from "../src/base/command.ts";
import { AT_A_TIME, type Measured, measure, sustain } from "./replay/measure.ts";
import { OTHER_PATHS, PATHS, type Path } from "./replay/paths.ts";
import { cpuRatio, formatTable, type Row } from "./replay/table.ts";

/**
 * The ways of replay on a real Open vSwitch beside what somebody would use instead: one new connection per request, small
 * recorded answers, sixteen at a time, the same load generator (wrk) for all. Needs root, Linux, `openvswitch-switch` and
 * `wrk`; a peer that is not installed is left out. All of it runs in namespaces of its own.
 * `node bench/replay.ts [--paths direct,nat,…] [--seconds 4] [--rounds 3] [--sustain]`; `--sustain` loads one path (`nat`) without a pause for
 * 60 s and 500,000 sessions, whichever takes longer, and tells of every ten seconds.
 */
const { values: options } = parseArgs({
  options: {
    paths: { type: "string" },
    seconds: { type: "string", default: "4" },
    rounds: { type: "string", default: "3" },
    sustain: { type: "boolean", default: false },
  },
});

const SUSTAIN = {
  sliceSeconds: 10,
  secondsMin: 60,
  sessionsMin: 500_000,
  secondsMax: 200,
} as const;
/** Programs without which nothing can be measured, and their packages of Debian. */
const NEEDS: Readonly<Record<string, string>> = {
  "ovs-vswitchd": "openvswitch-switch",
  wrk: "wrk",
  nginx: "nginx-light",
  curl: "curl",
  ip: "iproute2",
  ethtool: "ethtool",
  python3: "python3",
};
/** Pairs of paths, and how the first one's processor time may be to the second one's, where there is a goal. */
const RATIOS: readonly [of: string, to: string, most: number | null][] = [
  ["nat", "direct", 1.1],
  ["nat", "haproxy", 0.5],
  ["packet", "mitmproxy replay", 1 / 3],
  ["nat own responder", "proxy", null],
  ["packet", "proxy", null],
];

async function machine(): Promise<string> {
  const { stdout } = await runCommand("ovs-vswitchd", ["--version"]);
  const ovs = /\d+\.\d+\.\d+/.exec(stdout)?.[0] ?? "?";
  const { model = "?" } = cpus()[0] ?? {};
  const load = loadavg()[0]?.toFixed(2);
  return `${cpus().length} cores (${model}), Linux ${release()}, Open vSwitch ${ovs} (user-space datapath), Node ${process.version}; load average at the start ${load}`;
}

/** The paths that were asked for and can be run here; of the others it says why not. */
function chosen(names: readonly string[] | null): Path[] {
  const wanted =
    names === null ? PATHS : [...PATHS, ...OTHER_PATHS].filter(({ name }) => names.includes(name));
  return wanted.filter(({ name, needs }) => {
    const missing = needs.filter((program) => !isOnPath(program));
    if (missing.length > 0) console.log(`${name} is left out: ${missing.join(", ")} is not here.`);
    return missing.length === 0;
  });
}

async function measureAll(paths: readonly Path[], rounds: number, seconds: number): Promise<Row[]> {
  const rows = new Map(paths.map((path) => [path, [] as Measured[]]));
  // By turns, so that all have the same share of a busy minute.
  for (let round = 1; round <= rounds; round++) {
    for (const [path, done] of rows) {
      try {
        const measured = await measure(path, seconds);
        done.push(measured);
        const { sessions, cpuPerThousand } = measured;
        console.error(
          `${path.name}, round ${round}: ${sessions} sessions, CPU ${cpuPerThousand.toFixed(3)} s per 1,000`,
        );
      } catch (error) {
        // The others can be measured all the same.
        console.log(`${path.name} is left out: ${error instanceof Error ? error.message : error}`);
        rows.delete(path);
      }
    }
  }
  return [...rows].map(([{ name }, measured]) => ({ name, rounds: measured }));
}

function ratios(rows: readonly Row[]): string[] {
  return RATIOS.flatMap(([of, to, most]) => {
    const [a, b] = [of, to].map((wanted) => rows.find(({ name }) => name === wanted));
    if (a === undefined || b === undefined) return [];
    const ratio = cpuRatio(a, b);
    const goal =
      most === null
        ? ""
        : ` (goal: at most ${most.toFixed(2)}, ${ratio <= most ? "reached" : "missed"})`;
    return [`CPU of ${of} / ${to}: ${ratio.toFixed(2)}${goal}`];
  });
}

async function bench(): Promise<void> {
  const missing = Object.keys(NEEDS).filter((program) => !isOnPath(program));
  if (missing.length > 0 || process.getuid?.() !== 0) {
    const needs = ["root", ...missing.map((program) => NEEDS[program])];
    console.log(`Nothing is measured: this needs ${needs.join(", ")}.`);
    process.exitCode = 69;
    return;
  }
  console.log(await machine());
  console.log(`${AT_A_TIME} at a time, one new connection per request`);
  const names = options.paths?.split(",") ?? (options.sustain ? ["nat"] : null);
  const paths = chosen(names);
  if (options.sustain) {
    for (const path of paths) await sustained(path);
    return;
  }
  const rows = await measureAll(paths, Number(options.rounds), Number(options.seconds));
  if (rows.length > 0) console.log(formatTable(rows));
  for (const line of ratios(rows)) console.log(line);
}

async function sustained(path: Path): Promise<void> {
  const { sliceSeconds, secondsMin, sessionsMin, secondsMax } = SUSTAIN;
  let [seconds, sessions, errors] = [0, 0, 0];
  await sustain(path, sliceSeconds, (result) => {
    seconds += sliceSeconds;
    sessions += result.sessions;
    errors += result.errors;
    const { sessionsPerSecond, p99Ms } = result;
    console.log(
      `${path.name}, ${seconds} s: ${sessionsPerSecond.toFixed(0)} sessions/s, p99 ${p99Ms.toFixed(2)} ms, ${result.errors} errors`,
    );
    return seconds < secondsMax && (seconds < secondsMin || sessions < sessionsMin);
  });
  const verdict = sessions >= sessionsMin && errors === 0 ? "reached" : "missed";
  console.log(
    `${path.name}: ${sessions} sessions in ${seconds} s, ${errors} errors (goal: ${sessionsMin} in ${secondsMin} s or more without one, ${verdict})`,
  );
}

// The namespaces end with this process by themselves; its folder is removed on exit.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(130));
await bench();
