import { elapsedMs } from "../base/clock.ts";
import type { Transaction } from "../http/transaction.ts";
import { isPhpTarget } from "./php.ts";
import type { Window } from "./window.ts";

/** A named number of a window. Names are snake_case, the unit last. */
export interface Column {
  readonly name: string;
  /** What it is, in one sentence. */
  readonly about: string;
  compute(window: Window): number;
}

/**
 * Every column of an observation, in the order in which records list them. The paper's two come first. Lengths are those
 * of bodies as Transaction has them. `response_bytes_*` are of the answers to `*.php` requests (php.ts says which
 * those are); a request without an answer has no length and does not count there. The other columns are of all requests.
 * A column that has nothing to compute on is 0, so that each is always a finite number.
 */
export const columns = [
  {
    name: "response_bytes_mean",
    about: "x of the paper: mean length of the answers to *.php requests.",
    compute: (window) => mean(phpAnswerLengths(window)),
  },
  {
    name: "php_requests",
    about: "y of the paper: number of *.php requests, answered or not.",
    compute: (window) => count(window, isPhp),
  },
  {
    name: "response_bytes_total",
    about: "Sum of the lengths of the answers to *.php requests.",
    compute: (window) => sum(phpAnswerLengths(window)),
  },
  {
    name: "response_bytes_cv",
    about: "Coefficient of variation of these lengths (sample deviation / mean).",
    compute: (window) => variation(phpAnswerLengths(window)),
  },
  {
    name: "requests",
    about: "Number of requests of any kind.",
    compute: (window) => window.transactions.length,
  },
  {
    name: "request_bytes_total",
    about: "Sum of the lengths of all request bodies: what the client sent.",
    compute: (window) => sum(window.transactions.map((t) => t.requestBytes)),
  },
  {
    name: "received_bytes_total",
    about: "Sum of the lengths of all response bodies: what the client received.",
    compute: (window) => sum(window.transactions.map((t) => t.responseBytes)),
  },
  {
    name: "post_share",
    about: "Part of the requests that are POSTs, 0 to 1.",
    compute: (window) => share(window, (t) => t.method === "POST"),
  },
  {
    name: "failed_share",
    about: "Part of the requests that got no answer or a status of 400 and above, 0 to 1.",
    compute: (window) => share(window, (t) => t.status === null || t.status >= 400),
  },
  {
    name: "incomplete_requests",
    about: "Number of requests whose bodies, or whose answers' bodies, were broken off.",
    compute: (window) => count(window, (t) => !t.complete),
  },
  {
    name: "distinct_uris",
    about: "Number of different request targets, query included.",
    compute: (window) => new Set(window.transactions.map((t) => t.uri)).size,
  },
  {
    name: "interval_s_mean",
    about: "Mean time from the start of one request to the start of the next.",
    compute: (window) => mean(intervals(window)),
  },
  {
    name: "interval_cv",
    about: "Coefficient of variation of these times: near 0 for a beacon, about 1 for chance.",
    compute: (window) => variation(intervals(window)),
  },
  {
    name: "duration_s",
    about: "From the first byte of the window to the last.",
    compute: (window) => elapsedMs(window.startNs, window.endNs) / 1e3,
  },
] as const satisfies readonly Column[];

export type ColumnName = (typeof columns)[number]["name"];

/** The paper's x and y, the default of the model. */
export const defaultColumns = [
  "response_bytes_mean",
  "php_requests",
] as const satisfies readonly ColumnName[];

const names: ReadonlySet<string> = new Set(columns.map((column) => column.name));

export function isColumnName(name: string): name is ColumnName {
  return names.has(name);
}

/** Every column's value of a window, in the order of `columns`. */
export function valuesOf(window: Window): Record<ColumnName, number> {
  const entries = columns.map((column) => [column.name, column.compute(window)] as const);
  return Object.fromEntries(entries) as Record<ColumnName, number>;
}

function isPhp(transaction: Transaction): boolean {
  return isPhpTarget(transaction.uri);
}

function phpAnswerLengths(window: Window): number[] {
  return window.transactions
    .filter((t) => t.status !== null && isPhp(t))
    .map((t) => t.responseBytes);
}

/** Seconds between successive requests. */
function intervals(window: Window): number[] {
  return window.transactions
    .slice(1)
    .map((t, i) => elapsedMs(window.transactions[i]!.requestStartNs, t.requestStartNs) / 1e3);
}

function count(window: Window, which: (transaction: Transaction) => boolean): number {
  return window.transactions.filter(which).length;
}

function share(window: Window, which: (transaction: Transaction) => boolean): number {
  return count(window, which) / window.transactions.length;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : sum(values) / values.length;
}

function variation(values: readonly number[]): number {
  const centre = mean(values);
  if (values.length < 2 || centre === 0) return 0;
  const squares = sum(values.map((value) => (value - centre) ** 2));
  return Math.sqrt(squares / (values.length - 1)) / centre;
}
