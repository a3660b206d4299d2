import { basename } from "node:path";
import { InputError, type IsoreplayError } from "../base/errors.ts";
import { CAPTURE_LIMITS } from "../base/limits.ts";
import { observeCapture } from "../feature/conversations.ts";
import type { Observation } from "../feature/observation.ts";
import type { ObserveOptions } from "../feature/windows.ts";
import { Extractor } from "../http/extractor.ts";
import type { Transaction } from "../http/transaction.ts";
import type { CaptureBatch } from "../pcap/capture-batch.ts";
import { readCapture } from "../pcap/reader.ts";
import { filePieces } from "./file-pieces.ts";
import type { Io } from "./io.ts";
import { STANDARD_INPUT, standardInput } from "./standard-input.ts";
import { unpack } from "./unpack.ts";

export interface ReadOptions {
  readonly io: Pick<Io, "progress">;
  /** Keep the bytes of each message. */
  readonly keepBytes?: boolean;
  /** Called with each transaction when its response is over; `firstNs` is the first packet's time. */
  readonly onTransaction: (transaction: Transaction, firstNs: bigint) => void;
  /** Called now and then, to wait for a slow reader. False ends the reading. */
  readonly settle?: () => Promise<boolean>;
  /** Called when a live capture on standard input pauses. */
  readonly onPause?: () => Promise<void>;
}

export interface CaptureReading {
  /** The base name of the file, or "-": what records call the capture. */
  readonly capture: string;
  /** The time of the first packet; 0 for a capture without packets. */
  readonly firstNs: bigint;
  /** Everything that was counted, by name. */
  readonly counts: Readonly<Record<string, number>>;
  /** Where the file is damaged so that the rest of it cannot be read; what came before was read. */
  readonly damage: IsoreplayError | null;
}

/**
 * Read the HTTP transactions of a capture, packed or not; "-" is standard input. Every command that reads captures
 * reads them here.
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
  const source =
    file === STANDARD_INPUT
      ? standardInput(options.onPause ?? (async () => {}))
      : filePieces(file, options.io);
  let cut = false;
  const unpacked = unpack(source, {
    file,
    onCut: () => {
      cut = true;
    },
  });
  try {
    const batches = readCapture(unpacked, {
      file,
      onEvent: ({ kind }) => events.set(kind, (events.get(kind) ?? 0) + 1),
    });
    for await (const batch of batches) {
      packets += batch.length;
      feed(extractor, batch);
      if (options.settle !== undefined && !(await options.settle())) break;
    }
  } catch (error) {
    if (!(error instanceof InputError) || packets === 0) throw error;
    damage = error;
  } finally {
    options.io.progress(null);
  }
  // What is cut short twice, the compressed file and so the last packet in it, counts once.
  if (cut) events.set("cut-short", 1);
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

/** The packets where they are: an object for each would take a large part of the time. */
function feed(extractor: Extractor, batch: CaptureBatch): void {
  const { piece, starts, ends, originalLengths, linkTypes } = batch;
  for (let i = 0; i < batch.length; i++) {
    extractor.packet(
      linkTypes[i] ?? 0,
      batch.timeOf(i),
      piece,
      starts[i] ?? 0,
      ends[i] ?? 0,
      originalLengths[i] ?? 0,
    );
  }
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
  const { transactions, reading } = await collectTransactions(file, { io });
  const { observations, counts } = observeCapture(transactions, options);
  return { ...reading, observations, counts: { ...reading.counts, ...counts } };
}

export interface Collected {
  readonly transactions: readonly Transaction[];
  readonly reading: CaptureReading;
}

/**
 * All transactions of a capture, as readTransactions. What is beyond the limit is not read: the rest of the file counts
 * as damaged.
 */
export async function collectTransactions(
  file: string,
  options: Pick<ReadOptions, "io" | "keepBytes">,
  transactionsMax: number = CAPTURE_LIMITS.transactionsMax,
): Promise<Collected> {
  const transactions: Transaction[] = [];
  let isFull = false;
  const reading = await readTransactions(file, {
    ...options,
    onTransaction: (transaction) => {
      // The reading ends with what is still open.
      if (isFull) return;
      if (transactions.length === transactionsMax) {
        isFull = true;
        throw new InputError(
          `has more than ${transactionsMax} requests, which are held in memory`,
          {
            where: file,
            mend: "cut it: editcap -c PACKETS IN OUT; or use `isoreplay extract`, which holds none",
          },
        );
      }
      transactions.push(transaction);
    },
  });
  return { transactions, reading };
}

/** "FILE: packets 120, transactions 33, …", and what the caller counted besides. */
export function countsLine(
  { capture, counts }: CaptureReading,
  more: Readonly<Record<string, number>> = {},
): string {
  const parts = Object.entries({ ...counts, ...more }).map(([name, count]) => `${name} ${count}`);
  return `${capture}: ${parts.join(", ")}`;
}
