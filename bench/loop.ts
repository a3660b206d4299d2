/** Wall time, CPU time and peak memory of the whole loop as a user starts it: three behaviours, two rounds, a run folder. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";

const RUNS = 5;
const PROGRAM = fileURLToPath(new URL("../bin/isoreplay.js", import.meta.url));
/** Loaded into the measured process: it tells what it has used when it ends. */
const TELL =
  "data:text/javascript,process.on('exit',()=>{const{userCPUTime:u,systemCPUTime:s,maxRSS:m}=process.resourceUsage();" +
  "process.stderr.write('USED '+(u+s)/1e6+' '+m/1024)})";

const out = await mkdtemp(join(tmpdir(), "isoreplay-bench-"));
const runs: { wallS: number; cpuS: number; peakMb: number }[] = [];
for (let n = 0; n < RUNS; n++) {
  const args = ["--import", TELL, PROGRAM, "run", "--out", join(out, String(n))];
  const { durationMs, stderr } = await execa(process.execPath, args);
  const [, cpu = "0", peak = "0"] = /USED (\S+) (\S+)/.exec(stderr) ?? [];
  runs.push({ wallS: durationMs / 1000, cpuS: Number(cpu), peakMb: Number(peak) });
}
await rm(out, { recursive: true });
const median = (values: number[]) => values.sort((a, b) => a - b)[values.length >> 1] ?? 0;
console.log(
  `loop: \`isoreplay run\`, median of ${RUNS}: ${median(runs.map((r) => r.wallS)).toFixed(2)} s of wall time, ` +
    `${median(runs.map((r) => r.cpuS)).toFixed(2)} s of CPU, ${median(runs.map((r) => r.peakMb)).toFixed(0)} MB at the peak`,
);
