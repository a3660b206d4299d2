import { Extractor } from "../../src/http/extractor.ts";
import type { Transaction } from "../../src/http/transaction.ts";
import { Tape } from "../../src/replay/tape.ts";
import { type Ends, framesOf } from "./segments.ts";
import type { Saying } from "./talks.ts";

/** The ends of a bot's connection to a replayer whose first sequence number is known. */
export const BOT_ENDS: Ends = {
  macs: ["52:54:00:00:00:0b", "52:54:00:00:00:01"],
  addresses: ["10.20.0.11", "203.0.113.10"],
  ports: [40_000, 80],
  initial: [1_000, 5_000],
};

/** The tape of a conversation, as it would be recorded from a capture of it. */
export function recordTape(talk: readonly Saying[]): Tape {
  const transactions: Transaction[] = [];
  const extractor = new Extractor({
    keepBytes: true,
    onTransaction: (transaction) => transactions.push(transaction),
  });
  const framing = { segmentBytes: 1_448, handshake: true, ending: "fin" } as const;
  for (const { bytes } of framesOf(talk, BOT_ENDS, framing)) {
    extractor.frame(1, { timeNs: 0n, bytes });
  }
  extractor.finish();
  return Tape.record(transactions);
}
