import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Frame } from "../src/wire/frame.ts";
import { halfOpen } from "./half-open.ts";
import { makeCapture, writeCapture } from "./make-capture.ts";
import { type ExtractUse, quickest, type Use, useOf, useOfExtract } from "./measure.ts";
import { PEERS, type Peer } from "./peers.ts";

/**
 * Extraction beside its peers, on the same captures in the same run, each on one core: packets per CPU second, memory,
 * and whether both stay as they are while captures grow. The captures are made here and removed again.
 * `node bench/capture.ts [--megabytes 1000] [--seed 1] [--runs 3] [--connections 1000000]`
 */
const { values } = parseArgs({
  options: {
    megabytes: { type: "string", default: "1000" },
    seed: { type: "string", default: "1" },
    runs: { type: "string", default: "3" },
    connections: { type: "string", default: "1000000" },
  },
});
const megabytes = Number(values.megabytes);
const seed = Number(values.seed);
const runs = Number(values.runs);
const connections = Number(values.connections);
/** The ratio to these is what is asked of extraction, at least. */
const MARKS: ReadonlyMap<string, number> = new Map([
  ["tshark", 15],
  ["tcpflow", 2],
]);
const RATIO_PEERS = ["tshark", "tcpflow", "httpry"];

const folder = mkdtempSync(join(tmpdir(), "isoreplay-bench-"));
const number = (value: number, width: number) => value.toLocaleString("en").padStart(width);

function row(name: string, packets: number, { cpuSeconds, peakMegabytes }: Use, does: string) {
  const rate = number(Math.round(packets / cpuSeconds / 1000), 9);
  console.log(
    `${name.padEnd(14)}${cpuSeconds.toFixed(2).padStart(8)}${rate}${number(peakMegabytes, 9)}  ${does}`,
  );
}

/** Runs the peer; `null`, and a sentence, where it is absent or fails. */
async function useOfPeer(peer: Peer, file: string): Promise<Use | null> {
  if ((await useOf(`sh -c "${peer.probe}"`)) === null) {
    console.log(`${peer.name}: skipped, it is not here (apt-get install ${peer.package})`);
    return null;
  }
  // The slow ones once: their runs differ less, and take minutes. Some leave files where they run.
  const first = await useOf(peer.command(file), folder);
  if (first === null) console.log(`${peer.name}: skipped, it failed`);
  if (first === null || first.cpuSeconds > 5) return first;
  return quickest(Math.max(1, runs - 1), () => useOf(peer.command(file), folder));
}

async function besidePeers(file: string): Promise<ExtractUse> {
  const before = await quickest(runs, () => useOfExtract(file));
  const packets = before.counts.packets ?? 0;
  console.log(
    `Mixed HTTP traffic, ${number(megabytes, 0)} MB, ${number(packets, 0)} packets, ` +
      `${number(before.counts.flows ?? 0, 0)} connections, ${number(before.counts.transactions ?? 0, 0)} transactions\n`,
  );
  console.log(`${"".padEnd(14)}   CPU s  1,000/s       MB  (packets per CPU second)`);
  row("extract", packets, before, "reassembles, pairs, counts bodies");
  const uses = new Map<string, Use>();
  for (const peer of PEERS) {
    const use = await useOfPeer(peer, file);
    if (use === null) continue;
    uses.set(peer.name, use);
    row(peer.name, packets, use, peer.does);
  }
  console.log();
  for (const name of RATIO_PEERS) {
    const use = uses.get(name);
    if (use === undefined) continue;
    const mark = MARKS.get(name);
    console.log(
      `extract reads ${(use.cpuSeconds / before.cpuSeconds).toFixed(2)} times as many packets per CPU second as ${name}` +
        (mark === undefined ? "" : ` (asked: at least ${mark})`),
    );
  }
  return before;
}

function sizeRow(size: number, { counts, cpuSeconds, peakMegabytes }: ExtractUse, start: number) {
  const perPacket = (seconds: number) => ((seconds * 1e9) / (counts.packets ?? 1)).toFixed(0);
  console.log(
    `${number(size, 8)} MB${cpuSeconds.toFixed(2).padStart(8)} CPU s${perPacket(cpuSeconds).padStart(7)} ns per packet` +
      `${perPacket(cpuSeconds - start).padStart(7)} without the start${number(peakMegabytes, 7)} MB at the peak`,
  );
}

async function whileGrowing(largest: ExtractUse): Promise<void> {
  const empty = join(folder, "empty.pcap");
  writeCapture(empty, []);
  const start = (await quickest(runs, () => useOfExtract(empty))).cpuSeconds;
  console.log(`\nWhile captures grow; the start of the program takes ${start.toFixed(2)} CPU s\n`);
  for (const size of [megabytes / 100, megabytes / 10]) {
    const file = join(folder, `mixed-${size}.pcap`);
    makeCapture(file, size * 1e6, seed);
    sizeRow(size, await quickest(runs, () => useOfExtract(file)), start);
    rmSync(file);
  }
  sizeRow(megabytes, largest, start);
}

async function halfOpenRow(what: string, frames: Iterable<Frame>): Promise<void> {
  const file = join(folder, "half-open.pcap");
  const packets = writeCapture(file, frames);
  const { counts, cpuSeconds, peakMegabytes } = await useOfExtract(file);
  rmSync(file);
  console.log(
    `${what}: ${number(packets, 0)} packets, ${((cpuSeconds * 1e9) / packets).toFixed(0)} ns per packet, ` +
      `${peakMegabytes} MB at the peak, ${number(counts.flows ?? 0, 0)} flows, ` +
      `evicted: ${number(counts.evictedFlows ?? 0, 0)} flows, ${number(counts.evictedConnections ?? 0, 0)} connections`,
  );
}

if (!existsSync("/proc/self/status")) throw new Error("memory is read from /proc: Linux is needed");
console.log(
  `${cpus().length} × ${cpus()[0]?.model ?? "unknown processor"}, Node ${process.version}\n`,
);
try {
  const file = join(folder, "mixed.pcap");
  makeCapture(file, megabytes * 1e6, seed);
  const largest = await besidePeers(file);
  rmSync(file);
  await whileGrowing(largest);
  const many = number(connections, 0);
  console.log("\nConnections that never end\n");
  await halfOpenRow(`${many} half-open`, halfOpen(connections, { isTalking: false }));
  await halfOpenRow(
    `${many} with an unfinished request each`,
    halfOpen(connections, { isTalking: true }),
  );
  await halfOpenRow(
    `${number(2 * connections, 0)} half-open`,
    halfOpen(2 * connections, { isTalking: false }),
  );
} finally {
  rmSync(folder, { recursive: true });
}
