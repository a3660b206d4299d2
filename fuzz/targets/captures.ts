import { IsoreplayError } from "../../src/base/errors.ts";
import { observeCapture } from "../../src/feature/conversations.ts";
import { Extractor } from "../../src/http/extractor.ts";
import { formatRecord } from "../../src/http/record.ts";
import type { Transaction } from "../../src/http/transaction.ts";
import type { CaptureRecord } from "../../src/pcap/capture-record.ts";
import { readCapture } from "../../src/pcap/reader.ts";
import { dissect } from "../../src/wire/dissect.ts";
import { Dissection, OUTCOME } from "../../src/wire/dissection.ts";
import { isMalformed } from "../../src/wire/malformed.ts";
import { parseFrame, wrongChecksum } from "../../src/wire/packet.ts";
import { parseTcpOptions } from "../../src/wire/tcp-options.ts";
import { makeCapture } from "../seeds/make-capture.ts";
import { Contradiction, expectSame, type Target } from "../target.ts";

/** What reading a file gave: its packets, its events, and the error that ended it. */
export interface Reading {
  readonly records: readonly CaptureRecord[];
  readonly log: readonly string[];
}

/** Read a file that comes in pieces of this size. Throws what is no IsoreplayError. */
export async function readPieces(file: Uint8Array, pieceBytes: number): Promise<Reading> {
  const records: CaptureRecord[] = [];
  const log: string[] = [];
  try {
    const batches = readCapture(pieces(file, pieceBytes), {
      file: "input",
      onEvent: ({ kind, where, detail }) => log.push(`${kind} ${where} ${detail}`),
    });
    for await (const batch of batches) records.push(...batch);
  } catch (error) {
    if (!(error instanceof IsoreplayError)) throw error;
    log.push(error.line);
  }
  return { records, log };
}

async function* pieces(file: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < file.length; at += size) yield file.subarray(at, at + size);
}

/** The reader gives the same packets, events and error however the file comes in. */
export const reader: Target = {
  name: "reader",
  share: 5,
  make: makeCapture,
  async run(input) {
    const whole = await readPieces(input, input.length);
    const size = Math.max(1 + ((input.length * 7) % 61), Math.ceil(input.length / 50));
    expectSame("packets in pieces", describe(await readPieces(input, size)), describe(whole));
  },
};

function describe({ records, log }: Reading): string {
  const packets = records.map(
    ({ timeNs, bytes, originalLength, linkType, port }) =>
      `${timeNs} ${Buffer.from(bytes).toString("latin1")} ${originalLength} ${linkType} ${port}`,
  );
  return [...packets, ...log].join("\n");
}

/** Headers of every packet, as numbers and as values. */
export const wire: Target = {
  name: "wire",
  share: 3,
  make: makeCapture,
  async run(input) {
    const { records } = await readPieces(input, input.length);
    const d = new Dissection();
    for (const { linkType, bytes, originalLength } of records) {
      const outcome = dissect(d, linkType, bytes, 0, bytes.length, originalLength);
      const isRead = outcome === OUTCOME.tcp || outcome === OUTCOME.udp;
      // Of a segment whose header was cut, an empty payload lies beyond the packet.
      const isEmpty = d.payloadStart === d.payloadEnd;
      if (isRead && !isEmpty && (d.payloadStart > d.payloadEnd || d.payloadEnd > bytes.length)) {
        throw new Contradiction("a payload beyond the packet");
      }
      d.realmText();
      const frame = parseFrame(bytes);
      if (isMalformed(frame)) continue;
      wrongChecksum(bytes, frame);
      if (frame.tcp !== undefined) parseTcpOptions(frame.tcp.options);
    }
  },
};

/** Small tables are quick to make, and are full sooner. */
const ENOUGH = { flowsMax: 256, connectionsMax: 256, heldBytesMax: 1_000_000 };
const SMALL = { flowsMax: 3, connectionsMax: 2, heldBytesMax: 2_000 };

/** From the file to transactions and observations: with the messages' bytes, without, and with hardly any memory. */
export const extractor: Target = {
  name: "extractor",
  share: 8,
  make: makeCapture,
  async run(input) {
    const { records } = await readPieces(input, input.length);
    const plain = extract(records, { keepBytes: false, limits: ENOUGH });
    const kept = extract(records, { keepBytes: true, limits: ENOUGH });
    expectSame("with and without keepBytes", lines(kept), lines(plain));
    extract(records, { keepBytes: true, limits: SMALL });
    for (const { complete, raw, responseBytes, requestBytes } of kept) {
      if (raw === undefined) throw new Contradiction("keepBytes kept nothing");
      const isShort = raw.response.length < responseBytes || raw.request.length < requestBytes;
      if (complete && isShort) throw new Contradiction("more body than bytes");
    }
    observeCapture(plain);
  },
};

export function extract(
  records: readonly CaptureRecord[],
  options: { readonly keepBytes: boolean; readonly limits: typeof SMALL },
): Transaction[] {
  const found: Transaction[] = [];
  const extractor = new Extractor({ ...options, onTransaction: (one) => found.push(one) });
  for (const record of records) extractor.frame(record.linkType, record);
  extractor.finish();
  for (const [name, count] of Object.entries(extractor.counts)) {
    if (!(count >= 0)) throw new Contradiction(`a count below 0: ${name} is ${count}`);
  }
  return found;
}

function lines(transactions: readonly Transaction[]): string {
  return transactions.map((transaction) => formatRecord(transaction, "input", 0n)).join("\n");
}
