import type { Transaction } from "../http/transaction.ts";

/** The transactions of one client and one server between two gaps in their activity. */
export interface Window {
  readonly client: string;
  readonly server: string;
  /** First byte of the first request, and the last byte that was seen of any message, nanoseconds. */
  readonly startNs: bigint;
  readonly endNs: bigint;
  /** In order of their requests' first bytes; never empty. */
  readonly transactions: readonly Transaction[];
}

/** When the last byte of a transaction was seen. */
export function endOf(transaction: Transaction): bigint {
  const { requestEndNs, responseEndNs } = transaction;
  return responseEndNs !== null && responseEndNs > requestEndNs ? responseEndNs : requestEndNs;
}
