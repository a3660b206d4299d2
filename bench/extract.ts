import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { makeCapture } from "./make-capture.ts";

/**
 * Packets per CPU second and peak memory of extraction, beside tshark's on the same capture in the same run.
 * `node bench/extract.ts [--megabytes 1000] [--seed 1] [--runs 3] [CAPTURE]`
 */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    megabytes: { type: "string", default: "1000" },
    seed: { type: "string", default: "1" },
    runs: { type: "string", default: "3" },
  },
});

interface Once {
  readonly cpuSeconds: number;
  readonly peakMegabytes: number;
  readonly counts: Readonly<Record<string, number>>;
}

function extractOnce(file: string): Once {
  const script = join(import.meta.dirname, "extract-once.ts");
  return JSON.parse(execFileSync(process.execPath, [script, file], { encoding: "utf8" })) as Once;
}

/** CPU seconds of a command, from the shell's `times`; `null` when it cannot be run. */
function cpuSecondsOf(command: string): number | null {
  const run = spawnSync("sh", ["-c", `${command} >/dev/null 2>&1 || exit 1; times`], {
    encoding: "utf8",
  });
  if (run.status !== 0) return null;
  const children = run.stdout.trim().split("\n").at(-1) ?? "";
  const parts = [...children.matchAll(/(\d+)m([\d.]+)s/g)];
  return parts.reduce(
    (sum, [, minutes, seconds]) => sum + Number(minutes) * 60 + Number(seconds),
    0,
  );
}

const thousands = (perSecond: number) =>
  `${Math.round(perSecond / 1000)} thousand packets per CPU second`;

const folder = mkdtempSync(join(tmpdir(), "isoreplay-bench-"));
try {
  const given = positionals[0];
  const file = given ?? join(folder, "mixed.pcap");
  if (given === undefined) makeCapture(file, Number(values.megabytes) * 1e6, Number(values.seed));
  else if (!existsSync(file)) throw new Error(`${file} is not there`);
  // Other work on the machine only ever slows a run down, so that the quickest one tells most.
  const runs = Array.from({ length: Number(values.runs) }, () => extractOnce(file));
  const best = runs.reduce((a, b) => (a.cpuSeconds <= b.cpuSeconds ? a : b));
  const packets = best.counts.packets ?? 0;
  const peak = Math.max(...runs.map((run) => run.peakMegabytes));
  console.log(
    `extract: ${packets} packets, ${best.counts.transactions ?? 0} transactions, ${best.cpuSeconds.toFixed(2)} CPU s, ` +
      `${thousands(packets / best.cpuSeconds)}, peak ${peak} MB`,
  );
  const peer = cpuSecondsOf(
    `tshark -r '${file}' -Y http -T fields -e http.request.uri -e http.response.code`,
  );
  if (peer === null) console.log("tshark: skipped, it is not installed or failed");
  else {
    console.log(`tshark: ${peer.toFixed(2)} CPU s, ${thousands(packets / peer)}`);
    console.log(
      `ratio: ${(peer / best.cpuSeconds).toFixed(1)} times tshark's packets per CPU second`,
    );
  }
} finally {
  rmSync(folder, { recursive: true });
}
