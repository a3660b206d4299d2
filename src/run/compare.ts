import type { Transaction } from "../http/transaction.ts";
import type { Outcome, Results } from "./results.ts";

/** One exchange as it can be compared between labs: everything but its time and the client's port. */
export interface Exchange {
  readonly method: string | null;
  readonly uri: string | null;
  readonly status: number | null;
  readonly requestBytes: number;
  readonly responseBytes: number;
}

/** What one client and one server said to each other on one tap of one round, in order. */
export interface Talk {
  readonly round: number;
  readonly tap: string;
  readonly client: string;
  readonly server: string;
  readonly exchanges: readonly Exchange[];
}

export interface AssertionComparison {
  readonly name: string;
  /** `null`: this run did not ask. */
  readonly verdicts: readonly [Outcome | null, Outcome | null];
  readonly agree: boolean;
}

/** The first exchange of a talk that is not the same in both runs. */
export interface Difference {
  readonly round: number;
  readonly tap: string;
  readonly client: string;
  readonly server: string;
  /** Counted from 1. */
  readonly exchange: number;
  readonly found: readonly [Exchange, Exchange];
}

export interface Comparison {
  readonly assertions: readonly AssertionComparison[];
  /** Talks that are the same to the end, and those of which one run saw more: a cut comes when the verdict does. */
  readonly same: number;
  readonly longer: number;
  /** Talks that only one run has. */
  readonly alone: number;
  readonly differences: readonly Difference[];
  readonly agree: boolean;
}

/** The talks of transactions, in the order in which they began. */
export function talksOf(round: number, tap: string, transactions: readonly Transaction[]): Talk[] {
  const byPair = Map.groupBy(
    transactions,
    ({ client, server }) => `${client.address} ${server.address}:${server.port}`,
  );
  return [...byPair.values()].flatMap((list) => {
    const [first] = list;
    if (first === undefined) return [];
    const exchanges = list.map(({ method, uri, status, requestBytes, responseBytes }) => ({
      method,
      uri,
      status,
      requestBytes,
      responseBytes,
    }));
    const server = `${first.server.address}:${first.server.port}`;
    return [{ round, tap, client: first.client.address, server, exchanges }];
  });
}

/** Two runs of one scenario and seed: what they found, and whether they said the same. Time is set aside. */
export function compareRuns(
  results: readonly [Results, Results],
  talks: readonly [readonly Talk[], readonly Talk[]],
): Comparison {
  const assertions = compareAssertions(results);
  const others = new Map(talks[1].map((talk) => [keyOf(talk), talk]));
  const differences: Difference[] = [];
  let [same, longer, alone] = [0, 0, 0];
  for (const talk of talks[0]) {
    const other = others.get(keyOf(talk));
    others.delete(keyOf(talk));
    if (other === undefined) alone++;
    else {
      const difference = firstDifference(talk, other);
      if (difference !== null) differences.push(difference);
      else if (talk.exchanges.length === other.exchanges.length) same++;
      else longer++;
    }
  }
  alone += others.size;
  const agree = assertions.every((a) => a.agree) && differences.length === 0;
  return { assertions, same, longer, alone, differences, agree };
}

function compareAssertions([a, b]: readonly [Results, Results]): AssertionComparison[] {
  const names = new Set([...a.assertions, ...b.assertions].map(({ name }) => name));
  return [...names].map((name) => {
    const verdict = ({ assertions }: Results) =>
      assertions.find((assertion) => assertion.name === name)?.verdict ?? null;
    return { name, verdicts: [verdict(a), verdict(b)], agree: verdict(a) === verdict(b) };
  });
}

function firstDifference(a: Talk, b: Talk): Difference | null {
  const { round, tap, client, server } = a;
  for (const [i, exchange] of a.exchanges.entries()) {
    const other = b.exchanges[i];
    if (other === undefined) return null;
    if (JSON.stringify(exchange) !== JSON.stringify(other))
      return { round, tap, client, server, exchange: i + 1, found: [exchange, other] };
  }
  return null;
}

function keyOf({ round, tap, client, server }: Talk): string {
  return `${round} ${tap} ${client} ${server}`;
}
