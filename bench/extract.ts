import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { makeCapture } from "./make-capture.ts";
import { quickest, thousands, useOf, useOfExtract } from "./measure.ts";
import { PEERS } from "./peers.ts";

/**
 * Packets per CPU second and peak memory of extraction, beside tshark's on the same capture in the same run: the short
 * form of capture.ts. `node bench/extract.ts [--megabytes 300] [--seed 1] [--runs 3] [CAPTURE]`
 */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    megabytes: { type: "string", default: "300" },
    seed: { type: "string", default: "1" },
    runs: { type: "string", default: "3" },
  },
});

const folder = mkdtempSync(join(tmpdir(), "isoreplay-bench-"));
try {
  const given = positionals[0];
  const file = given ?? join(folder, "mixed.pcap");
  if (given === undefined) makeCapture(file, Number(values.megabytes) * 1e6, Number(values.seed));
  else if (!existsSync(file)) throw new Error(`${file} is not there`);
  const { counts, cpuSeconds, peakMegabytes } = await quickest(Number(values.runs), () =>
    useOfExtract(file),
  );
  const packets = counts.packets ?? 0;
  console.log(
    `extract: ${packets} packets, ${counts.transactions ?? 0} transactions, ${cpuSeconds.toFixed(2)} CPU s, ` +
      `${thousands(packets / cpuSeconds)}, peak ${peakMegabytes} MB`,
  );
  const tshark = PEERS.find(({ name }) => name === "tshark");
  const peer = tshark === undefined ? null : await useOf(tshark.command(file));
  if (peer === null) console.log("tshark: skipped, it is not installed or failed");
  else {
    console.log(
      `tshark: ${peer.cpuSeconds.toFixed(2)} CPU s, ${thousands(packets / peer.cpuSeconds)}`,
    );
    console.log(
      `ratio: ${(peer.cpuSeconds / cpuSeconds).toFixed(1)} times tshark's packets per CPU second`,
    );
  }
} finally {
  rmSync(folder, { recursive: true });
}
