import { join } from "node:path";
import { EXIT, type ExitStatus, InputError } from "../../base/errors.ts";
import type { Transaction } from "../../http/transaction.ts";
import { counted } from "../../report/number.ts";
import {
  type Comparison,
  compareRuns,
  type Exchange,
  type Talk,
  talksOf,
} from "../../run/compare.ts";
import type { Results } from "../../run/results.ts";
import { readTransactions } from "../captures.ts";
import type { Io } from "../io.ts";
import { readResults } from "../results.ts";

export interface CompareOptions {
  readonly json?: boolean;
}

/** Where conversations are seen; at the outlet there is nothing to see. */
const TAPS = ["uplink", "isolation"] as const;

/**
 * Two runs side by side: each assertion's verdict, and the first place where a conversation differs, time set aside.
 * 0 when they agree, 1 when not.
 */
export async function compare(
  runs: readonly [string, string],
  options: CompareOptions,
  io: Io,
): Promise<ExitStatus> {
  const [a, b] = [await readResults(runs[0]), await readResults(runs[1])];
  const results = [a.results, b.results] as const;
  if (a.results.scenario !== b.results.scenario) {
    throw new InputError(`plays ${b.results.scenario}, the other run ${a.results.scenario}`, {
      where: runs[1],
      mend: "compare two runs of one scenario",
    });
  }
  const comparison = compareRuns(results, [
    await talks(runs[0], a.results, io),
    await talks(runs[1], b.results, io),
  ]);
  if (options.json === true) io.out.line(JSON.stringify({ runs, ...comparison }, null, 2));
  else tell(comparison, results, io);
  await io.out.flush();
  return comparison.agree ? EXIT.pass : EXIT.failed;
}

async function talks(run: string, { rounds }: Results, io: Io): Promise<Talk[]> {
  const all: Talk[] = [];
  for (const { round } of rounds)
    for (const tap of TAPS) {
      const transactions: Transaction[] = [];
      await readTransactions(join(run, `round-${round}-${tap}.pcap`), {
        io,
        onTransaction: (transaction) => transactions.push(transaction),
      });
      all.push(...talksOf(round, tap, transactions));
    }
  return all;
}

function tell(comparison: Comparison, [a, b]: readonly [Results, Results], io: Io): void {
  const { assertions, same, longer, alone, differences } = comparison;
  const columns = [`${a.lab} ${a.seed}`, `${b.lab} ${b.seed}`];
  const width = Math.max(...assertions.map(({ name }) => name.length));
  io.out.line(`${"".padEnd(width + 2)}  ${columns.map((c) => c.padEnd(14)).join("  ")}`.trimEnd());
  for (const { name, verdicts, agree } of assertions) {
    const cells = verdicts.map((verdict) => (verdict ?? "–").padEnd(14)).join("  ");
    io.out.line(`${agree ? "✔" : "✘"} ${name.padEnd(width)}  ${cells}`.trimEnd());
  }
  io.out.line("");
  io.out.line(
    `${counted(same + longer + differences.length, "conversation")} in both: ${same} the same to the end, ` +
      `${longer} the same as far as both go, ${differences.length} different; ${alone} in one run only`,
  );
  const [first] = differences;
  if (first === undefined) return;
  const { round, tap, client, server, exchange, found } = first;
  io.out.line(
    `first difference: round ${round}, ${tap}, ${client} → ${server}, exchange ${exchange}`,
  );
  for (const [i, side] of found.entries()) io.out.line(`  ${columns[i]}: ${exchangeText(side)}`);
}

function exchangeText({ method, uri, status, requestBytes, responseBytes }: Exchange): string {
  return `${method} ${uri}, ${requestBytes} bytes → ${status ?? "no answer"}, ${responseBytes} bytes`;
}
