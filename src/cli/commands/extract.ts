import { basename } from "node:path";
import { setFlagsFromString } from "node:v8";
import { EXIT, type ExitStatus } from "../../base/errors.ts";
import { InOrder } from "../../http/in-order.ts";
import { formatRecord } from "../../http/record.ts";
import { countsLine, readTransactions } from "../captures.ts";
import { complaining, type Io } from "../io.ts";

/** HTTP transactions as NDJSON on stdout; what was met, by kind, on stderr. */
export async function extract(captures: readonly string[], io: Io): Promise<ExitStatus> {
  // Nearly all objects die young here. A young generation that stays small costs a tenth more time, and takes 100 MB less.
  setFlagsFromString("--semi-space-growth-factor=1");
  let whole = true;
  for (const file of captures) {
    whole = (await complaining(io, () => extractFile(file, io))) && whole;
    if (io.out.closed) break;
  }
  return whole ? EXIT.pass : EXIT.badInput;
}

async function extractFile(file: string, io: Io): Promise<void> {
  const capture = basename(file);
  // As bytes: what waits for its turn is then outside the heap, and does not make it grow.
  const ordered = new InOrder<Uint8Array>((line) => io.out.bytes(line));
  const reading = await readTransactions(file, {
    io,
    onTransaction: (transaction, firstNs) => {
      const line = `${formatRecord(transaction, capture, firstNs)}\n`;
      ordered.push(transaction.order ?? 0, Buffer.from(line));
    },
    settle: async () => {
      await io.out.settle();
      return !io.out.closed;
    },
  });
  ordered.finish();
  await io.out.flush();
  io.note(countsLine(reading, ordered.late === 0 ? {} : { outOfTurn: ordered.late }));
  if (reading.damage !== null) throw reading.damage;
}
