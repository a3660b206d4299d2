import { formatEndpoint } from "../base/net.ts";
import type { Transaction } from "../http/transaction.ts";
import { formatNamedServer, parseHost } from "./host-name.ts";
import { type ServerName, serverByTarget } from "./server.ts";
import { authorityOf, pathOf } from "./target.ts";

export interface MovedServers {
  /** The host name for requests to a server that has several addresses; serverByTarget for all others. */
  readonly serverName: ServerName;
  /** Conversations that go over several addresses. */
  readonly count: number;
}

/** What one client asks of one host name on one port. */
interface Visits {
  readonly host: string;
  readonly port: number;
  readonly addresses: Map<string, Visit>;
}

/** The part of it at one address. */
interface Visit {
  readonly endpoint: string;
  startNs: bigint;
  requests: number;
  /** Another address of the same server, nearer to the one that stands for all; `null`: this one does. */
  leader: Visit | null;
}

/**
 * Which servers move between addresses. Two addresses are one server to a client where it sends both the same Host
 * name to the same port, and asks both for the same path. The Host alone is not enough: a client can write any, and a
 * bot that calls itself a visitor of a well-known site must not disappear among the requests to that site. For the same
 * reason an IP address is no name here, and `/` is no path that tells servers apart.
 */
export function movedServers(transactions: readonly Transaction[]): MovedServers {
  const visits = new Map<string, Visits>();
  for (const transaction of transactions) note(visits, transaction);
  for (const [key, { addresses }] of visits) if (addresses.size < 2) visits.delete(key);
  joinByPath(visits, transactions);

  const names = new Map<string, string>();
  let count = 0;
  for (const [key, one] of visits) {
    const servers = serversOf(one);
    count += servers.length;
    for (const [rank, addresses] of servers.entries())
      for (const { endpoint } of addresses)
        names.set(`${key} ${endpoint}`, nameOf(one, addresses, rank));
  }
  return {
    count,
    serverName: (transaction) => {
      const key = names.size === 0 ? null : keyOf(transaction);
      return (
        (key === null ? undefined : names.get(`${key} ${formatEndpoint(transaction.server)}`)) ??
        serverByTarget(transaction)
      );
    },
  };
}

/** `client name port`, or `null` where the Host is no name or the target says who is meant. */
function keyOf(transaction: Transaction): string | null {
  if (authorityOf(transaction) !== null) return null;
  const host = parseHost(transaction.host);
  if (host === null || host.isAddress) return null;
  return `${transaction.client.address} ${host.name} ${transaction.server.port}`;
}

function note(visits: Map<string, Visits>, transaction: Transaction): void {
  const key = keyOf(transaction);
  if (key === null) return;
  let one = visits.get(key);
  if (one === undefined) {
    const [, host = ""] = key.split(" ");
    one = { host, port: transaction.server.port, addresses: new Map() };
    visits.set(key, one);
  }
  const { address } = transaction.server;
  const visit = one.addresses.get(address);
  if (visit === undefined) {
    const endpoint = formatEndpoint(transaction.server);
    const startNs = transaction.requestStartNs;
    one.addresses.set(address, { endpoint, startNs, requests: 1, leader: null });
    return;
  }
  visit.requests += 1;
  if (transaction.requestStartNs < visit.startNs) visit.startNs = transaction.requestStartNs;
}

/** Addresses that were asked for the same path get the same leader. */
function joinByPath(visits: Map<string, Visits>, transactions: readonly Transaction[]): void {
  if (visits.size === 0) return;
  const first = new Map<string, Visit>();
  for (const transaction of transactions) {
    const key = keyOf(transaction);
    const visit =
      key === null ? undefined : visits.get(key)?.addresses.get(transaction.server.address);
    const path = pathOf(transaction.uri);
    if (visit === undefined || path === "" || path === "/") continue;
    const earlier = first.get(`${key} ${path}`);
    if (earlier === undefined) first.set(`${key} ${path}`, visit);
    else join(visit, earlier);
  }
}

function join(visit: Visit, other: Visit): void {
  const [from, to] = [leaderOf(visit), leaderOf(other)];
  if (from !== to) from.leader = to;
}

function leaderOf(visit: Visit): Visit {
  let at = visit;
  while (at.leader !== null) {
    // Shortens the way for the next one who asks.
    at.leader = at.leader.leader ?? at.leader;
    at = at.leader;
  }
  return at;
}

/** The servers with several addresses, the one asked most first; the addresses of each, the earliest first. */
function serversOf({ addresses }: Visits): Visit[][] {
  const requests = (server: readonly Visit[]) => server.reduce((n, visit) => n + visit.requests, 0);
  return [...Map.groupBy(addresses.values(), leaderOf).values()]
    .filter((server) => server.length > 1)
    .map((server) => server.sort(byStart))
    .sort((a, b) => requests(b) - requests(a) || byStart(a[0]!, b[0]!));
}

/** Where one name stands for two servers that share no path, only one may bear it: the other goes by an address. */
function nameOf({ host, port }: Visits, server: readonly Visit[], rank: number): string {
  return rank === 0 ? formatNamedServer(host, port) : (server[0]?.endpoint ?? host);
}

function byStart(a: Visit, b: Visit): number {
  if (a.startNs !== b.startNs) return a.startNs < b.startNs ? -1 : 1;
  return a.endpoint < b.endpoint ? -1 : 1;
}
