import { createReadStream } from "node:fs";
import { Extractor } from "../src/http/extractor.ts";
import { formatRecord } from "../src/http/record.ts";
import { readCapture } from "../src/pcap/reader.ts";

/**
 * One run of extraction over a capture, alone in its process: prints packets, transactions, CPU seconds and peak memory
 * as a line of JSON. The records are made and thrown away.
 */
const file = process.argv[2] ?? "mixed.pcap";
let characters = 0;
const extractor: Extractor = new Extractor({
  onTransaction: (transaction) => {
    characters += formatRecord(transaction, file, extractor.firstNs ?? 0n).length;
  },
});
const events: string[] = [];
const source = createReadStream(file, { highWaterMark: 1 << 20 });
for await (const batch of readCapture(source, {
  file,
  onEvent: (event) => events.push(event.kind),
})) {
  for (const record of batch) {
    const { linkType, piece, start, end, originalLength } = record;
    extractor.packet(linkType, record, piece, start, end, originalLength);
  }
}
extractor.finish();
const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
console.log(
  JSON.stringify({
    cpuSeconds: (userCPUTime + systemCPUTime) / 1e6,
    peakMegabytes: Math.round(maxRSS / 1024),
    characters,
    events,
    counts: extractor.counts,
  }),
);
