import type { Transaction } from "../http/transaction.ts";
import { movedServers } from "./moved-servers.ts";
import { withoutNatDuplicates } from "./nat-duplicates.ts";
import type { Observation } from "./observation.ts";
import { type ObserveOptions, observe } from "./windows.ts";

export interface Conversations {
  /** By start, client and server. */
  readonly observations: readonly Observation[];
  /** What had to be put together, by name; what never happened is left out. */
  readonly counts: Readonly<Record<string, number>>;
}

/**
 * The observations of a whole capture, in any order of its transactions. As `observe`, and one conversation stays one
 * where it was seen on both sides of a translation of addresses (nat-duplicates.ts; `natDuplicates` counts the
 * transactions left out) or where its server moves between addresses of one host name (moved-servers.ts;
 * `movedServers` counts these). Towards a proxy each host named is a conversation (server.ts). A `serverName` that is
 * given takes the place of the last two.
 */
export function observeCapture(
  transactions: Iterable<Transaction>,
  options: ObserveOptions = {},
): Conversations {
  const seen = withoutNatDuplicates(transactions);
  const moved =
    options.serverName === undefined
      ? movedServers(seen.transactions)
      : { serverName: options.serverName, count: 0 };
  return {
    observations: observe(seen.transactions, { ...options, serverName: moved.serverName }),
    counts: {
      ...(seen.duplicates > 0 ? { natDuplicates: seen.duplicates } : {}),
      ...(moved.count > 0 ? { movedServers: moved.count } : {}),
    },
  };
}
