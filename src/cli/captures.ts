import { createReadStream } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { basename } from "node:path";
import { InputError } from "../base/errors.ts";
import { observeCapture } from "../feature/conversations.ts";
import type { Observation } from "../feature/observation.ts";
import type { ObserveOptions } from "../feature/windows.ts";
import { Extractor } from "../http/extractor.ts";
import type { Transaction } from "../http/transaction.ts";
import { readCapture } from "../pcap/reader.ts";
import { fileError } from "./files.ts";
import type { Io } from "./io.ts";

/** Read at a time: large pieces are quickest. */
const PIECE_BYTES = 1 << 18;

export interface ReadOptions {
  readonly io: Pick<Io, "progress">;
  /** Keep the bytes of each message. */
  readonly keepBytes?: boolean;
  /** Called with each transaction when its response is over; `firstNs` is the first packet's time. */
  readonly onTransaction: (transaction: Transaction, firstNs: bigint) => void;
  /** Called now and then, to wait for a slow reader. False ends the reading. */
  readonly settle?: () => Promise<boolean>;
}

export interface CaptureReading {
  /** The base name of the file: what records call the capture. */
  readonly capture: string;
  /** The time of the first packet; 0 for a capture without packets. */
  readonly firstNs: bigint;
  /** Everything that was counted, by name. */
  readonly counts: Readonly<Record<string, number>>;
  /** Where the file is damaged so that the rest of it cannot be read; what came before was read. */
  readonly damage: InputError | null;
}

/**
 * Read the HTTP transactions of a capture. Every command that reads captures reads them here.
 * Throws InputError where the file is absent, a folder, empty, unreadable or no capture.
 */
export async function readTransactions(
  file: string,
  options: ReadOptions,
): Promise<CaptureReading> {
  const capture = basename(file);
  const extractor = new Extractor({
    keepBytes: options.keepBytes ?? false,
    onTransaction: (transaction) => options.onTransaction(transaction, extractor.firstNs ?? 0n),
  });
  const events = new Map<string, number>();
  let packets = 0;
  let damage: InputError | null = null;
  await using source = await openCapture(file);
  try {
    const batches = readCapture(pieces(source, file, options.io), {
      file,
      onEvent: ({ kind }) => events.set(kind, (events.get(kind) ?? 0) + 1),
    });
    for await (const batch of batches) {
      for (const record of batch) extractor.frame(record.linkType, record);
      packets += batch.length;
      if (options.settle !== undefined && !(await options.settle())) break;
    }
  } catch (error) {
    if (!(error instanceof InputError) || packets === 0) throw error;
    damage = error;
  } finally {
    options.io.progress(null);
  }
  extractor.finish();
  return {
    capture,
    firstNs: extractor.firstNs ?? 0n,
    counts: {
      ...extractor.counts,
      ...Object.fromEntries(events),
    },
    damage,
  };
}

export interface CaptureObservations extends CaptureReading {
  readonly observations: readonly Observation[];
}

/** The observations of a capture. The transactions of the whole capture are held in memory, without their bodies. */
export async function readObservations(
  file: string,
  io: Pick<Io, "progress">,
  options: ObserveOptions,
): Promise<CaptureObservations> {
  const transactions: Transaction[] = [];
  const reading = await readTransactions(file, {
    io,
    onTransaction: (transaction) => transactions.push(transaction),
  });
  const { observations, counts } = observeCapture(transactions, options);
  return { ...reading, observations, counts: { ...reading.counts, ...counts } };
}

/** "FILE: packets 120, transactions 33, …", and what the caller counted besides. */
export function countsLine(
  { capture, counts }: CaptureReading,
  more: Readonly<Record<string, number>> = {},
): string {
  const parts = Object.entries({ ...counts, ...more }).map(([name, count]) => `${name} ${count}`);
  return `${capture}: ${parts.join(", ")}`;
}

async function openCapture(file: string): Promise<FileHandle> {
  let handle: FileHandle;
  try {
    handle = await open(file, "r");
  } catch (error) {
    throw fileError(file, error);
  }
  const stat = await handle.stat();
  if (!stat.isDirectory()) return handle;
  await handle.close();
  throw new InputError("is a folder, not a capture", { where: file });
}

async function* pieces(
  source: FileHandle,
  file: string,
  io: Pick<Io, "progress">,
): AsyncGenerator<Uint8Array> {
  const { size } = await source.stat();
  const stream = createReadStream(file, {
    fd: source,
    autoClose: false,
    highWaterMark: PIECE_BYTES,
  });
  let read = 0;
  try {
    for await (const piece of stream as AsyncIterable<Uint8Array>) {
      yield piece;
      read += piece.length;
      if (size > 0) io.progress(`${file}: ${Math.floor((read / size) * 100)} %`);
    }
  } catch (error) {
    throw fileError(file, error);
  }
}
