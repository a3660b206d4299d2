import { createReadStream, existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { createGunzip } from "node:zlib";
import test from "ava";
import { Random } from "../src/base/random.ts";
import { Extractor } from "../src/http/extractor.ts";
import { formatRecord, type TransactionRecord } from "../src/http/record.ts";
import type { CaptureRecord } from "../src/pcap/capture-record.ts";
import { readCapture } from "../src/pcap/reader.ts";

/**
 * Captures that others recorded, with what tshark says of them. They stay outside of the project: where they are absent
 * the test says so and passes.
 */
const FOLDER = join(import.meta.dirname, "../../shared/captures");
const EXPECTED = join(FOLDER, "expected.jsonl");

/** Where the answer here differs from tshark's on purpose: lines of tshark's that are not found, and why. */
const EXPLAINED: Readonly<Record<string, { missing: number; reason: string }>> = {
  "suri_http-post-data-decompression_input.pcap": {
    missing: 1,
    reason:
      "requestBytes is 45, the Content-Length, as RFC 9110 §8.6 counts it: before content decoding. tshark shows 0 because it cannot inflate the body.",
  },
  "zeek_http_smuggle-http-request.pcap": {
    missing: 1,
    reason:
      "requestBytes is 80, the Content-Length (RFC 9112 §6.3 rule 6). tshark shows 0 because the body calls itself gzip and is not.",
  },
  "zeek_tunnels_vxlan-encapsulated-http.pcap": {
    missing: 1,
    reason:
      "The addresses of the TCP connection are the inner ones (RFC 7348). tshark's first ip.src is the tunnel's.",
  },
};

interface Expected {
  readonly capture: string;
  readonly client: string;
  readonly server: string;
  readonly method: string;
  readonly uri: string;
  readonly status: number | null;
  readonly requestBytes: number;
  readonly responseBytes: number | null;
}

async function readRecords(file: string): Promise<CaptureRecord[]> {
  const records: CaptureRecord[] = [];
  const stream = createReadStream(file, { highWaterMark: 1 << 20 });
  const source = file.endsWith(".gz") ? stream.pipe(createGunzip()) : stream;
  for await (const batch of readCapture(source, { file, onEvent: () => undefined })) {
    records.push(...batch);
  }
  return records;
}

function extract(file: string, records: readonly CaptureRecord[]): TransactionRecord[] {
  const found: TransactionRecord[] = [];
  const extractor: Extractor = new Extractor({
    onTransaction: (transaction) =>
      found.push(
        JSON.parse(
          formatRecord(transaction, basename(file), extractor.firstNs ?? 0n),
        ) as TransactionRecord,
      ),
  });
  for (const record of records) extractor.frame(record.linkType, record);
  extractor.finish();
  return found;
}

function isSame(expected: Expected, found: TransactionRecord): boolean {
  return (
    expected.client === found.client &&
    expected.server === found.server &&
    expected.method === found.method &&
    expected.uri === found.uri &&
    expected.status === found.status &&
    expected.requestBytes === found.requestBytes &&
    (expected.responseBytes === null || expected.responseBytes === found.responseBytes)
  );
}

/** Expected lines that have no counterpart; each found one serves once. */
function missingOf(expected: readonly Expected[], found: readonly TransactionRecord[]): Expected[] {
  const left = [...found];
  return expected.filter((line) => {
    const at = left.findIndex((candidate) => isSame(line, candidate));
    if (at === -1) return true;
    left.splice(at, 1);
    return false;
  });
}

function captureFiles(): string[] {
  return readdirSync(FOLDER, { recursive: true, encoding: "utf8" })
    .filter((name) => /\.(pcap|pcapng|cap)(\.gz)?$/.test(name))
    .sort()
    .map((name) => join(FOLDER, name));
}

if (existsSync(EXPECTED)) {
  const expected = new Map<string, Expected[]>();
  for (const text of readFileSync(EXPECTED, "utf8").trim().split("\n")) {
    const line = JSON.parse(text) as Expected;
    expected.set(line.capture, [...(expected.get(line.capture) ?? []), line]);
  }

  for (const file of captureFiles()) {
    const name = basename(file);
    test(`${name}: what tshark pairs is found`, async (t) => {
      const lines = expected.get(name) ?? [];
      const found = extract(file, await readRecords(file));
      const missing = missingOf(lines, found);
      const explained = EXPLAINED[name];
      t.log(
        `${lines.length - missing.length} of ${lines.length}, ${found.length} found in all${explained === undefined ? "" : `; ${explained.reason}`}`,
      );
      t.is(missing.length, explained?.missing ?? 0, JSON.stringify(missing.slice(0, 3), null, 1));
    });

    test(`${name}: packets that swap places or come twice change nothing`, async (t) => {
      const records = await readRecords(file);
      const text = (list: readonly TransactionRecord[]) =>
        list.map((record) => JSON.stringify({ ...record, time: 0 })).sort();
      const random = Random.from(name);
      const moved = records
        .map((record, i) => [i + random.uniform(0, 4), record] as const)
        .sort((a, b) => a[0] - b[0])
        .flatMap(([, record]) => (random.chance(0.1) ? [record, record] : [record]));
      t.deepEqual(text(extract(file, moved)), text(extract(file, records)));
    });
  }
} else {
  test("captures of others", (t) => {
    t.log("skipped: ../shared/captures is not there");
    t.pass();
  });
}
