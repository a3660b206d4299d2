import { z } from "zod";
import { InputError } from "../base/errors.ts";
import type { Endpoint } from "../base/net.ts";
import type { Transaction } from "../http/transaction.ts";
import { type LabelledBytes, sumSpans } from "./label.ts";
import { matchKey, TapeMatcher } from "./match.ts";
import type { Answer } from "./miss.ts";
import { recordedAnswer } from "./recorded-answer.ts";

/** One recorded answer; `status` is null where the server took the request and stayed silent. */
export interface TapeEntry extends Answer {
  readonly server: Endpoint;
  readonly method: string;
  /** The request target as it was recorded. */
  readonly uri: string;
  /** What requests are matched by (match.ts). */
  readonly key: string;
  readonly status: number | null;
  /** Body length after transfer decoding, as recorded: without filler. */
  readonly bodyBytes: number;
}

const FORMAT = "isoreplay-tape";
const VERSION = 1;

const entrySchema = z.strictObject({
  server: z.strictObject({ address: z.string().min(1), port: z.int().min(1).max(65_535) }),
  method: z.string().min(1),
  uri: z.string().min(1),
  status: z.int().nonnegative().nullable(),
  bodyBytes: z.int().nonnegative(),
  response: z.base64(),
  spans: z.array(
    z.strictObject({ label: z.enum(["recorded", "substituted"]), bytes: z.int().nonnegative() }),
  ),
  interimBytes: z.int().nonnegative(),
  closes: z.boolean(),
});

const tapeSchema = z.strictObject({
  format: z.literal(FORMAT),
  version: z.literal(VERSION),
  entries: z.array(entrySchema),
});

/** The recorded answers of one client's servers, in the order of their requests. Immutable; a matcher uses it up. */
export class Tape {
  readonly entries: readonly TapeEntry[];
  readonly #servers: ReadonlySet<string>;

  private constructor(entries: readonly TapeEntry[]) {
    this.entries = entries;
    this.#servers = new Set(entries.map(({ server }) => serverKey(server.address, server.port)));
  }

  /**
   * From the transactions of one client, in any order of servers, read with `keepBytes`. A transaction without its
   * bytes gets a filler answer of the same status and length, labelled `substituted`.
   */
  static record(transactions: readonly Transaction[]): Tape {
    const entries: TapeEntry[] = [];
    const inOrder = transactions.toSorted((a, b) => compare(a.requestStartNs, b.requestStartNs));
    for (const transaction of inOrder) {
      const { server, method, uri, status, responseBytes } = transaction;
      entries.push({
        ...recordedAnswer(transaction),
        server,
        method,
        uri,
        key: matchKey(server, method, uri),
        status,
        bodyBytes: responseBytes,
      });
    }
    return new Tape(entries);
  }

  /**
   * From its JSON text. `where` names the file in errors.
   * @throws InputError when it is no tape, or one of another version.
   */
  static parse(text: string, where = "tape"): Tape {
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch (cause) {
      throw new InputError("the tape is no JSON", { where, cause });
    }
    const header = z.object({ format: z.literal(FORMAT), version: z.int() }).safeParse(value);
    if (!header.success) {
      throw new InputError(`this is no tape: it has no "format": "${FORMAT}" with a version`, {
        where,
      });
    }
    if (header.data.version !== VERSION) {
      throw new InputError(
        `the tape has version ${header.data.version}, this program reads version ${VERSION}`,
        { where, mend: "record it again from the capture" },
      );
    }
    const tape = tapeSchema.safeParse(value);
    if (!tape.success) {
      const issue = tape.error.issues[0];
      throw new InputError(`the tape is damaged: ${issue?.message ?? "unknown fault"}`, {
        where: `${where}: ${issue?.path.join(".") ?? ""}`,
      });
    }
    const entries = tape.data.entries.map((entry, index) => readEntry(entry, where, index));
    return new Tape(entries);
  }

  /** JSON text: one line for the head, then one line for each entry, bytes in base64. */
  format(): string {
    const entries = this.entries.map(formatEntry);
    const head = JSON.stringify({ format: FORMAT, version: VERSION });
    return `${head.slice(0, -1)},"entries":[\n${entries.join(",\n")}\n]}\n`;
  }

  /** Whether this address and port answered in the recording. */
  hasServer(address: string, port: number): boolean {
    return this.#servers.has(serverKey(address, port));
  }

  /** Every server of the tape, once, in the order of its first answer. */
  servers(): Endpoint[] {
    const seen = new Map<string, Endpoint>();
    for (const { server } of this.entries) {
      const key = serverKey(server.address, server.port);
      if (!seen.has(key)) seen.set(key, server);
    }
    return [...seen.values()];
  }

  /** Bytes on the tape by label. */
  bytes(): LabelledBytes {
    return sumSpans(this.entries.flatMap(({ spans }) => spans));
  }

  /** A fresh reader of the tape: every answer is there once. */
  matcher(): TapeMatcher {
    return new TapeMatcher(this.entries);
  }
}

function formatEntry(entry: TapeEntry): string {
  const { server, method, uri, status, bodyBytes, response, spans, interimBytes, closes } = entry;
  const bytes = Buffer.from(response).toString("base64");
  return JSON.stringify({
    server: { address: server.address, port: server.port },
    ...{ method, uri, status, bodyBytes, response: bytes, spans, interimBytes, closes },
  });
}

function readEntry(entry: z.infer<typeof entrySchema>, where: string, index: number): TapeEntry {
  const response = new Uint8Array(Buffer.from(entry.response, "base64"));
  const labelled = entry.spans.reduce((sum, span) => sum + span.bytes, 0);
  if (labelled !== response.length || entry.interimBytes > response.length) {
    throw new InputError(
      `the tape is damaged: ${labelled} bytes are labelled, the answer has ${response.length}`,
      { where: `${where}: entries.${index}` },
    );
  }
  return { ...entry, response, key: matchKey(entry.server, entry.method, entry.uri) };
}

function serverKey(address: string, port: number): string {
  return `${port} ${address}`;
}

function compare(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
