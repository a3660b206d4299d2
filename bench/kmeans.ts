import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { kmeans as mlKmeans } from "ml-kmeans";
import { Random } from "../src/base/random.ts";
import { fit as fitModel } from "../src/cluster/fit.ts";
import { kmeans } from "../src/cluster/kmeans.ts";
import { fitScale, standardise } from "../src/cluster/scale.ts";
import type { Observation } from "../src/feature/observation.ts";

/**
 * k-means beside R's `kmeans` on the same data in the same run: three overlapping Gaussians in two columns, standardised;
 * k = 3, 10 starts. Seconds of the fit alone (ours in a fresh process, so with the compiling of its code), peak memory of the
 * whole process, inertia.
 * `node bench/kmeans.ts [--sizes 10000,100000,1000000] [--seed 1] [--runs 3] [--ml-kmeans] [--train]`; `--ml-kmeans` adds
 * ml-kmeans alone, `--train` everything that `train` does with as many observations, the choice of k among it.
 */
const { values: options } = parseArgs({
  options: {
    sizes: { type: "string", default: "10000,100000,1000000" },
    seed: { type: "string", default: "1" },
    runs: { type: "string", default: "3" },
    "ml-kmeans": { type: "boolean", default: false },
    train: { type: "boolean", default: false },
    /** Set by the bench itself in the processes that it starts: who fits which file. */
    fit: { type: "string" },
    file: { type: "string", default: "" },
  },
});

const R_COMMAND = "Rscript";
const K = 3;
const STARTS = 10;
const CENTRES = [
  [0, 0],
  [2, 1],
  [0.5, 2.2],
] as const;

interface Fit {
  readonly seconds: number;
  /** Processor time, which a busy machine does not lengthen as it does the clock's. */
  readonly cpuSeconds: number;
  readonly peakMegabytes: number;
  readonly inertia: number;
}

/** Eight bytes a value, row after row, so that both read the same doubles. */
function writeData(file: string, rows: number): void {
  const random = Random.from(options.seed).fork(`${rows} rows`);
  const raw = Array.from({ length: rows }, (_, i) =>
    CENTRES[i % K]!.map((centre) => random.normal(centre, 1)),
  );
  const scale = fitScale(raw);
  const values = new Float64Array(rows * 2);
  for (const [i, row] of raw.entries()) values.set(standardise(scale, row), i * 2);
  writeFileSync(file, values);
}

function readData(file: string): number[][] {
  const { buffer, byteOffset, byteLength } = readFileSync(file);
  const values = new Float64Array(buffer.slice(byteOffset, byteOffset + byteLength));
  return Array.from({ length: values.length / 2 }, (_, i) => [values[2 * i]!, values[2 * i + 1]!]);
}

const fits: Record<string, (rows: number[][]) => number> = {
  isoreplay: (rows) => kmeans(rows, K, { seed: options.seed, restarts: STARTS }).totalWithinss,
  train,
  "ml-kmeans": (rows) => Math.min(...Array.from({ length: STARTS }, (_, i) => mlOnce(rows, i + 1))),
};

/** As `train` without `--k`: the number of clusters is chosen on a sample, the model fitted on all observations. */
function train(rows: readonly number[][]): number {
  const observations = rows.map(([x = 0, y = 0]): Observation => {
    // No negative count, and no standardised one.
    const values = { response_bytes_mean: 1_000 + 100 * x, php_requests: 20 + y };
    return { client: "10.0.0.1", server: "203.0.113.10:80", startNs: 0n, endNs: 0n, values };
  });
  const { clusters } = fitModel({ observations, k: "silhouette", seed: options.seed }).model;
  return clusters.reduce((sum, { withinss }) => sum + withinss, 0);
}

function mlOnce(rows: number[][], seed: number): number {
  const information = mlKmeans(rows, K, { seed }).computeInformation(rows);
  return information.reduce((sum, { error, size }) => sum + error * size, 0);
}

function fitHere(name: string, file: string): Fit {
  const rows = readData(file);
  const from = performance.now();
  const before = process.cpuUsage();
  const inertia = fits[name]!(rows);
  const seconds = (performance.now() - from) / 1000;
  const { user, system } = process.cpuUsage(before);
  const cpuSeconds = (user + system) / 1e6;
  return { seconds, cpuSeconds, peakMegabytes: process.resourceUsage().maxRSS / 1024, inertia };
}

function fitInNode(name: string, file: string): Fit {
  const args = [import.meta.filename, "--fit", name, "--file", file, "--seed", options.seed];
  return JSON.parse(execFileSync(process.execPath, args, { encoding: "utf8" })) as Fit;
}

const R_PROGRAM = `
file <- commandArgs(TRUE)[1]
x <- matrix(readBin(file, "double", file.size(file) / 8), ncol = 2, byrow = TRUE)
set.seed(1)
# Its ten steps are not always enough, of which it warns.
times <- system.time(fit <- suppressWarnings(kmeans(x, ${K}, nstart = ${STARTS})))
status <- readLines("/proc/self/status")
peak <- as.numeric(gsub("[^0-9]", "", grep("VmHWM", status, value = TRUE))) / 1024
cpu <- times[["user.self"]] + times[["sys.self"]]
cat(sprintf('{"seconds":%.3f,"cpuSeconds":%.3f,"peakMegabytes":%.1f,"inertia":%.12g}',
  times[["elapsed"]], cpu, peak, fit$tot.withinss))
`;

function fitInR(file: string): Fit {
  const output = execFileSync(R_COMMAND, ["-e", R_PROGRAM, file], { encoding: "utf8" });
  return JSON.parse(output) as Fit;
}

/** Other work on the machine only ever slows a run down, so that the quickest one tells most. */
const quickest = (runs: readonly Fit[]) => runs.reduce((a, b) => (b.seconds < a.seconds ? b : a));

function line(name: string, fit: Fit): string {
  const { seconds, cpuSeconds, peakMegabytes, inertia } = fit;
  return `  ${name.padEnd(10)} ${seconds.toFixed(3).padStart(8)} s  cpu ${cpuSeconds.toFixed(3).padStart(8)} s  ${peakMegabytes.toFixed(0).padStart(5)} MB  inertia ${inertia.toFixed(6)}`;
}

function compare(folder: string, rows: number, withR: boolean): void {
  const file = join(folder, `${rows}.bin`);
  writeData(file, rows);
  const ours: Fit[] = [];
  const theirs: Fit[] = [];
  // By turns, so that both have the same share of a busy minute.
  for (let run = 0; run < Number(options.runs); run++) {
    ours.push(fitInNode("isoreplay", file));
    if (withR) theirs.push(fitInR(file));
  }
  const own = quickest(ours);
  console.log(`${rows} rows`);
  console.log(line("isoreplay", own));
  if (options.train) console.log(line("train", fitInNode("train", file)));
  if (options["ml-kmeans"]) console.log(line("ml-kmeans", fitInNode("ml-kmeans", file)));
  if (!withR) return;
  const r = quickest(theirs);
  const apart = (own.inertia - r.inertia) / r.inertia;
  console.log(line("R", r));
  console.log(
    `  of R's     ${(own.seconds / r.seconds).toFixed(2).padStart(8)}    cpu ${(own.cpuSeconds / r.cpuSeconds).toFixed(2).padStart(8)}    ${(own.peakMegabytes / r.peakMegabytes).toFixed(2).padStart(5)}     inertia ${apart >= 0 ? "+" : ""}${apart.toExponential(1)} (relative)`,
  );
}

function bench(): void {
  const withR = spawnSync(R_COMMAND, ["--version"]).status === 0;
  if (!withR) console.log("Rscript is not there (Debian: r-base-core), so that R is left out.");
  console.log(
    "Each of our fits compiles its code first, some 0.1 s: below 100,000 rows that is most of the time, and R is quicker.",
  );
  const folder = mkdtempSync(join(tmpdir(), "isoreplay-bench-"));
  try {
    for (const size of options.sizes.split(",")) compare(folder, Number(size), withR);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

if (options.fit === undefined) bench();
else console.log(JSON.stringify(fitHere(options.fit, options.file)));
