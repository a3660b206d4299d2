import { createReadStream, existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { createGunzip } from "node:zlib";
import { Extractor } from "../src/http/extractor.ts";
import { formatRecord, type TransactionRecord } from "../src/http/record.ts";
import type { CaptureRecord } from "../src/pcap/capture-record.ts";
import { readCapture } from "../src/pcap/reader.ts";

/**
 * Captures that others recorded, with what tshark says of them. They stay outside of the project: where they are absent,
 * who wants them says so and goes on.
 */
const FOLDER = join(import.meta.dirname, "../../shared/captures");
const EXPECTED = join(FOLDER, "expected.jsonl");

/** Where the answer here differs from tshark's on purpose: lines of tshark's that are not found, and why. */
const EXPLAINED: Readonly<Record<string, Explanation>> = {
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

interface Explanation {
  readonly missing: number;
  readonly reason: string;
}

/** A transaction as tshark pairs it. */
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

/** A capture, and what tshark finds in it. */
export interface SharedCapture {
  readonly file: string;
  readonly name: string;
  readonly expected: readonly Expected[];
  readonly explained: Explanation | undefined;
}

export interface Comparison {
  /** Lines of tshark's that have no counterpart. */
  readonly missing: readonly Expected[];
  /** Transactions found, those among them that tshark does not pair as well. */
  readonly found: number;
}

/** Every shared capture, by name; `null` where they are not there. */
export function sharedCaptures(): SharedCapture[] | null {
  if (!existsSync(EXPECTED)) return null;
  const lines = readFileSync(EXPECTED, "utf8").trim().split("\n");
  const byName = Map.groupBy(
    lines.map((line) => JSON.parse(line) as Expected),
    (line) => line.capture,
  );
  return readdirSync(FOLDER, { recursive: true, encoding: "utf8" })
    .filter((name) => /\.(pcap|pcapng|cap)(\.gz)?$/.test(name))
    .sort()
    .map((path) => {
      const name = basename(path);
      const expected = byName.get(name) ?? [];
      return { file: join(FOLDER, path), name, expected, explained: EXPLAINED[name] };
    });
}

export async function compare(capture: SharedCapture): Promise<Comparison> {
  const found = extract(capture.file, await readRecords(capture.file));
  return { missing: missingOf(capture.expected, found), found: found.length };
}

export async function readRecords(file: string): Promise<CaptureRecord[]> {
  const records: CaptureRecord[] = [];
  const stream = createReadStream(file, { highWaterMark: 1 << 20 });
  const source = file.endsWith(".gz") ? stream.pipe(createGunzip()) : stream;
  for await (const batch of readCapture(source, { file, onEvent: () => undefined })) {
    records.push(...batch);
  }
  return records;
}

export function extract(file: string, records: readonly CaptureRecord[]): TransactionRecord[] {
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
