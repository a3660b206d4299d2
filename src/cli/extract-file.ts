import { basename } from "node:path";
import { InOrder } from "../http/in-order.ts";
import { RecordWriter } from "../http/record-writer.ts";
import { countsLine, readTransactions } from "./captures.ts";
import type { Io } from "./io.ts";
import { WaitingLines } from "./waiting-lines.ts";

/**
 * The transactions of one capture as NDJSON, in the order in which their requests were completed. Standard input that
 * pauses is live: from then on a record comes as soon as it is complete.
 */
export async function extractFile(file: string, io: Io): Promise<void> {
  const writer = new RecordWriter(basename(file));
  const waiting = new WaitingLines();
  const ordered = new InOrder<number>((kept) => io.out.bytes(waiting.take(kept)));
  let live = false;
  const reading = await readTransactions(file, {
    io,
    onTransaction: (transaction, firstNs) => {
      writer.write(transaction, firstNs);
      ordered.push(transaction.order ?? 0, waiting.keep(writer.bytes, writer.length));
    },
    settle: async () => {
      if (live) await release();
      else await io.out.settle();
      return !io.out.closed;
    },
    onPause: async () => {
      live = true;
      await release();
    },
  });
  ordered.finish();
  await io.out.flush();
  io.note(countsLine(reading, ordered.late === 0 ? {} : { outOfTurn: ordered.late }));
  if (reading.damage !== null) throw reading.damage;

  /** A response that is still to come holds up nothing. */
  async function release(): Promise<void> {
    ordered.finish();
    await io.out.flush();
  }
}
