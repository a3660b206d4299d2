import { createReadStream, existsSync, readdirSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import test, { type ExecutionContext } from "ava";
import { captureOf, page } from "../src/cli/capture.fixture.ts";
import { observeCapture } from "../src/feature/conversations.ts";
import { observe } from "../src/feature/windows.ts";
import { Extractor } from "../src/http/extractor.ts";
import type { Transaction } from "../src/http/transaction.ts";
import type { CaptureRecord } from "../src/pcap/capture-record.ts";
import { readCapture } from "../src/pcap/reader.ts";
import { PcapWriter } from "../src/pcap/writer.ts";
import { isoreplay, scratch } from "./cli.fixture.ts";

/** Captures that others recorded. They stay outside of the project: where they are absent the test says so and passes. */
const FOLDER = join(import.meta.dirname, "../../shared/captures");
/** A bot behind a router that recorded all its interfaces: 33 requests, each before and after the translation. */
const BOTH_SIDES = join("other-malware", "blackenergy_stat_2021-02.pcap");

const GATE = [page("/gate.php", 300), page("/gate.php", 40), page("/gate.php", 41)];

async function recordsOf(source: AsyncIterable<Uint8Array>): Promise<CaptureRecord[]> {
  const records: CaptureRecord[] = [];
  for await (const batch of readCapture(source, { file: "capture", onEvent: () => undefined }))
    records.push(...batch);
  return records;
}

/** From port 80: the two bytes behind the Ethernet and the IPv4 header. */
function isAnswer({ bytes }: CaptureRecord): boolean {
  return bytes[34] === 0 && bytes[35] === 80;
}

/** One capture of two clients that do the same: the other's packets come so many nanoseconds after the first's. */
async function captureOfBoth(requestsNs: bigint, answersNs: bigint): Promise<Buffer> {
  const first = await recordsOf(Readable.from([captureOf("10.0.0.5", GATE)]));
  const other = await recordsOf(Readable.from([captureOf("198.51.100.1", GATE)]));
  const frames = [
    ...first.map(({ timeNs, bytes }) => ({ timeNs, bytes })),
    ...other.map((record) => ({
      timeNs: record.timeNs + (isAnswer(record) ? answersNs : requestsNs),
      bytes: record.bytes,
    })),
  ].sort((a, b) => Number(a.timeNs - b.timeNs));
  const pieces: Uint8Array[] = [];
  const writer = new PcapWriter((piece) => {
    pieces.push(piece.slice());
  });
  for (const frame of frames) writer.write(frame);
  writer.end();
  return Buffer.concat(pieces);
}

/** Clients that the command shows, and what it says on stderr. */
async function observed(t: ExecutionContext, capture: string | Buffer) {
  const folder = await scratch();
  t.teardown(() => rm(folder, { recursive: true }));
  const file = typeof capture === "string" ? capture : join(folder, "both.pcap");
  if (typeof capture !== "string") await writeFile(file, capture);
  const { status, stdout, stderr } = await isoreplay("observe", file, "--json");
  t.is(status, 0, stderr);
  const lines = stdout.trim().split("\n");
  return { stderr, shown: lines.map((line) => JSON.parse(line) as Record<string, unknown>) };
}

test("a capture of both sides of a translation shows the inner client, and counts the rest", async (t) => {
  const { shown, stderr } = await observed(t, await captureOfBoth(20_000n, -20_000n));
  t.deepEqual(
    shown.map(({ client, requests }) => [client, requests]),
    [["10.0.0.5", 3]],
  );
  t.regex(stderr, /natDuplicates 3\b/);
});

test("a capture of two bots in lockstep shows both", async (t) => {
  const { shown, stderr } = await observed(t, await captureOfBoth(20_000n, 20_000n));
  t.deepEqual(
    shown.map(({ client, requests }) => [client, requests]),
    [
      ["10.0.0.5", 3],
      ["198.51.100.1", 3],
    ],
  );
  t.notRegex(stderr, /natDuplicates/);
});

async function transactionsOf(file: string): Promise<Transaction[]> {
  const transactions: Transaction[] = [];
  const extractor = new Extractor({ onTransaction: (one) => transactions.push(one) });
  for (const record of await recordsOf(createReadStream(file, { highWaterMark: 1 << 20 })))
    extractor.frame(record.linkType, record);
  extractor.finish();
  return transactions;
}

if (existsSync(join(FOLDER, BOTH_SIDES))) {
  test("the recorded bot behind a router is one client with 33 requests", async (t) => {
    const { shown, stderr } = await observed(t, join(FOLDER, BOTH_SIDES));
    t.is(shown.length, 1);
    t.like(shown[0], { client: "192.168.0.36", server: "172.16.4.26:80", php_requests: 33 });
    t.regex(stderr, /natDuplicates 33\b/);
  });

  test("in no other recorded capture anything is put together", async (t) => {
    const files = readdirSync(FOLDER, { recursive: true, encoding: "utf8" })
      .filter((name) => /\.(pcap|pcapng|cap)$/.test(name) && name !== BOTH_SIDES)
      .sort();
    for (const name of files) {
      const transactions = await transactionsOf(join(FOLDER, name));
      const expected = { observations: observe(transactions), counts: {} };
      t.deepEqual(observeCapture(transactions), expected, name);
    }
    t.log(`${files.length} captures`);
  });
} else {
  test("captures of others", (t) => {
    t.log("skipped: ../shared/captures is not there");
    t.pass();
  });
}
