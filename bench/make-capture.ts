import { closeSync, openSync, writeSync } from "node:fs";
import { parseArgs } from "node:util";
import { PcapWriter } from "../src/pcap/writer.ts";
import type { Frame } from "../src/wire/frame.ts";
import { httpTraffic } from "./http-traffic.ts";

/** Write a capture of mixed HTTP traffic; returns the number of packets. The same options give the same bytes. */
export function makeCapture(file: string, bytes: number, seed: number): number {
  return writeCapture(file, httpTraffic({ bytes, seed }));
}

/** Write these frames; returns their number. */
export function writeCapture(file: string, frames: Iterable<Frame>): number {
  const descriptor = openSync(file, "w");
  try {
    const writer = new PcapWriter((piece) => {
      writeSync(descriptor, piece);
    });
    for (const frame of frames) writer.write(frame);
    writer.end();
    return writer.packets;
  } finally {
    closeSync(descriptor);
  }
}

if (import.meta.main) {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      megabytes: { type: "string", default: "100" },
      seed: { type: "string", default: "1" },
    },
  });
  const file = positionals[0] ?? "mixed.pcap";
  const packets = makeCapture(file, Number(values.megabytes) * 1e6, Number(values.seed));
  console.log(`${file}: ${packets} packets`);
}
