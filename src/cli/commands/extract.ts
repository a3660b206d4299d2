import { basename } from "node:path";
import { EXIT, type ExitStatus } from "../../base/errors.ts";
import { formatRecord } from "../../http/record.ts";
import { countsLine, readTransactions } from "../captures.ts";
import { complaining, type Io } from "../io.ts";

/** HTTP transactions as NDJSON on stdout; what was met, by kind, on stderr. */
export async function extract(captures: readonly string[], io: Io): Promise<ExitStatus> {
  let whole = true;
  for (const file of captures) {
    const read = await complaining(io, async () => {
      const capture = basename(file);
      const reading = await readTransactions(file, {
        io,
        onTransaction: (transaction, firstNs) =>
          io.out.line(formatRecord(transaction, capture, firstNs)),
        settle: async () => {
          await io.out.settle();
          return !io.out.closed;
        },
      });
      await io.out.flush();
      io.note(countsLine(reading));
      if (reading.damage !== null) throw reading.damage;
    });
    whole &&= read;
    if (io.out.closed) break;
  }
  return whole ? EXIT.pass : EXIT.badInput;
}
