import { formatEndpoint } from "../base/net.ts";
import type { Transaction } from "../http/transaction.ts";
import { formatNamedServer, parseHost } from "./host-name.ts";
import { authorityOf } from "./target.ts";

/** Who the server of a transaction is: transactions of one client that give the same name are one conversation. */
export type ServerName = (transaction: Transaction) => string;

/** The address and port: a client can write any Host it likes. */
export const serverByAddress: ServerName = (transaction) => formatEndpoint(transaction.server);

/**
 * The host that the request target itself names, as it does towards a proxy: behind one proxy address are all servers of
 * all its users. The address and port for every other request (the default does not trust a Host header alone), and where the target names nothing that can be a host.
 */
export const serverByTarget: ServerName = (transaction) => {
  const authority = authorityOf(transaction);
  const host = authority === null ? null : parseHost(authority.host);
  if (authority === null || host === null) return serverByAddress(transaction);
  const port = host.port ?? authority.port;
  return host.isAddress
    ? formatEndpoint({ address: host.name, port })
    : formatNamedServer(host.name, port);
};
