import { formatEndpoint } from "../base/net.ts";
import type { Transaction } from "../http/transaction.ts";

/** Who the server of a transaction is: transactions of one client that give the same name are one conversation. */
export type ServerName = (transaction: Transaction) => string;

/** The address and port. The default, because a client can write any Host it likes. */
export const serverByAddress: ServerName = (transaction) => formatEndpoint(transaction.server);

/**
 * The Host header in lower case, so that one host name on several addresses is one conversation; the address and port
 * where there is no Host.
 */
export const serverByHost: ServerName = (transaction) =>
  transaction.host === "" ? serverByAddress(transaction) : transaction.host.toLowerCase();
