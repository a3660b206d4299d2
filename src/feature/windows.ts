import { NS_PER_S } from "../base/clock.ts";
import { UsageError } from "../base/errors.ts";
import { FEATURE_LIMITS } from "../base/limits.ts";
import type { Transaction } from "../http/transaction.ts";
import { valuesOf } from "./columns.ts";
import { Deadlines } from "./deadlines.ts";
import type { Observation } from "./observation.ts";
import { type ServerName, serverByTarget } from "./server.ts";
import { endOf, type Window } from "./window.ts";

/** Bots that poll each minute or two stay in one window; seconds. */
export const DEFAULT_GAP_S = 300;

export interface ObserveOptions {
  /** A silence of a client–server pair longer than this ends its window, seconds. Default 300. */
  readonly gapS?: number;
  /** Default: serverByTarget. */
  readonly serverName?: ServerName;
}

export interface WindowsOptions extends ObserveOptions {
  /** Called once for each window as it closes, with its transactions in order. */
  readonly onObservation: (observation: Observation, transactions: readonly Transaction[]) => void;
  /** Default: those of FEATURE_LIMITS. */
  readonly limits?: { readonly openWindowsMax: number; readonly windowTransactionsMax: number };
}

/** What did not go the usual way. */
export interface WindowCounts {
  /** Transactions that came when the window they belong to had closed; each began another window. */
  readonly late: number;
  /** Windows that were closed because they were full. */
  readonly full: number;
  /** Windows that were closed because too many were open. */
  readonly crowdedOut: number;
}

interface OpenWindow {
  readonly conversation: Conversation;
  startNs: bigint;
  endNs: bigint;
  transactions: Transaction[];
  /** Closed, or taken over by another window. */
  gone: boolean;
}

interface Conversation {
  readonly client: string;
  readonly server: string;
  /** More than one only until the next `advance`; at least a gap lies between two. */
  open: OpenWindow[];
}

/**
 * Transactions → observations, as they happen. A window holds the transactions of one client address and one server; it
 * ends when no transaction of the pair was going on for longer than the gap. Between two calls of `advance` the order
 * in which transactions are added does not matter: one that comes late is put where it belongs and joins two windows
 * into one if it fills the gap between them. A window closes when the time given to `advance` is more than a gap
 * after its end, or at `finish`; never by itself in `add`, except where a limit is reached.
 */
export class Windows {
  readonly #gapNs: bigint;
  readonly #serverName: ServerName;
  readonly #onObservation: WindowsOptions["onObservation"];
  readonly #openWindowsMax: number;
  readonly #windowTransactionsMax: number;
  readonly #conversations = new Map<string, Conversation>();
  readonly #deadlines = new Deadlines<OpenWindow>();
  /** Ends of closed windows, by conversation: only to count what is late. */
  readonly #closedNs = new Map<string, bigint>();
  #openWindows = 0;
  #late = 0;
  #full = 0;
  #crowdedOut = 0;

  /** Throws UsageError where the gap is not a positive number of seconds. */
  constructor(options: WindowsOptions) {
    this.#gapNs = gapOf(options.gapS ?? DEFAULT_GAP_S);
    this.#serverName = options.serverName ?? serverByTarget;
    this.#onObservation = options.onObservation;
    const limits = options.limits ?? FEATURE_LIMITS;
    this.#openWindowsMax = limits.openWindowsMax;
    this.#windowTransactionsMax = limits.windowTransactionsMax;
  }

  get counts(): WindowCounts {
    return { late: this.#late, full: this.#full, crowdedOut: this.#crowdedOut };
  }

  add(transaction: Transaction): void {
    const client = transaction.client.address;
    const server = this.#serverName(transaction);
    const key = keyOf(client, server);
    let conversation = this.#conversations.get(key);
    if (conversation === undefined) {
      conversation = { client, server, open: [] };
      this.#conversations.set(key, conversation);
    }
    const closedNs = this.#closedNs.get(key);
    if (closedNs !== undefined && transaction.requestStartNs <= closedNs + this.#gapNs)
      this.#late += 1;

    const window = this.#put(conversation, transaction);
    if (window.transactions.length >= this.#windowTransactionsMax) {
      this.#full += 1;
      this.#close(window);
    }
    while (this.#openWindows > this.#openWindowsMax) {
      this.#crowdedOut += 1;
      this.#close(this.#earliest()!.item);
    }
  }

  /** Whether `advance` would close a window, if nothing came before. */
  isDue(nowNs: bigint): boolean {
    const earliest = this.#earliest();
    return earliest !== undefined && earliest.atNs < nowNs;
  }

  /** Closes the windows whose gap has passed by `nowNs`, the one that ended first first. */
  advance(nowNs: bigint): void {
    for (;;) {
      const earliest = this.#earliest();
      if (earliest === undefined || earliest.atNs >= nowNs) return;
      this.#close(earliest.item);
    }
  }

  /** Closes every window, in the same order: what comes later begins another one. */
  finish(): void {
    for (;;) {
      const earliest = this.#earliest();
      if (earliest === undefined) return;
      this.#close(earliest.item);
    }
  }

  /** Puts the transaction into the window that it touches, or into a new one. */
  #put(conversation: Conversation, transaction: Transaction): OpenWindow {
    const startNs = transaction.requestStartNs;
    const endNs = endOf(transaction);
    const touched = conversation.open.filter(
      (w) => startNs <= w.endNs + this.#gapNs && w.startNs <= endNs + this.#gapNs,
    );
    const [window, ...others] = touched;
    if (window === undefined) {
      const fresh = { conversation, startNs, endNs, transactions: [transaction], gone: false };
      conversation.open.push(fresh);
      this.#openWindows += 1;
      this.#deadlines.push(fresh, endNs + this.#gapNs);
      return fresh;
    }
    window.transactions.push(transaction);
    window.startNs = least(window.startNs, startNs);
    window.endNs = most(window.endNs, endNs);
    for (const other of others) {
      window.transactions = window.transactions.concat(other.transactions);
      window.startNs = least(window.startNs, other.startNs);
      window.endNs = most(window.endNs, other.endNs);
      this.#remove(other);
    }
    return window;
  }

  /** The open window that ends first. A deadline is only looked at again when it is reached; it may have moved. */
  #earliest(): { readonly item: OpenWindow; readonly atNs: bigint } | undefined {
    for (;;) {
      const next = this.#deadlines.next;
      if (next === undefined) return undefined;
      const { item: window, atNs } = next;
      const trueNs = window.endNs + this.#gapNs;
      if (!window.gone && trueNs === atNs) return next;
      this.#deadlines.pop();
      if (!window.gone) this.#deadlines.push(window, trueNs);
    }
  }

  #close(window: OpenWindow): void {
    this.#remove(window);
    const { client, server } = window.conversation;
    this.#remember(keyOf(client, server), window.endNs);
    const closed = asWindow(window);
    this.#onObservation(
      { client, server, startNs: closed.startNs, endNs: closed.endNs, values: valuesOf(closed) },
      closed.transactions,
    );
  }

  #remove(window: OpenWindow): void {
    window.gone = true;
    this.#openWindows -= 1;
    const { conversation } = window;
    conversation.open = conversation.open.filter((w) => w !== window);
    if (conversation.open.length === 0)
      this.#conversations.delete(keyOf(conversation.client, conversation.server));
  }

  #remember(key: string, endNs: bigint): void {
    this.#closedNs.delete(key);
    this.#closedNs.set(key, endNs);
    if (this.#closedNs.size <= this.#openWindowsMax) return;
    const [oldest] = this.#closedNs.keys();
    if (oldest !== undefined) this.#closedNs.delete(oldest);
  }
}

/**
 * The observations of transactions in any order, by start, client and server. The same windows as `Windows`, with
 * no limits: the transactions are in memory already.
 */
export function observe(
  transactions: Iterable<Transaction>,
  options: ObserveOptions = {},
): Observation[] {
  const observations: Observation[] = [];
  const windows = new Windows({
    ...options,
    limits: { openWindowsMax: Infinity, windowTransactionsMax: Infinity },
    onObservation: (observation) => observations.push(observation),
  });
  const sorted = [...transactions].sort((a, b) => compare(a.requestStartNs, b.requestStartNs));
  for (const transaction of sorted) {
    // Nothing that starts earlier will come: what ended a gap ago is complete.
    windows.advance(transaction.requestStartNs);
    windows.add(transaction);
  }
  windows.finish();
  return observations.sort(
    (a, b) =>
      compare(a.startNs, b.startNs) || compare(a.client, b.client) || compare(a.server, b.server),
  );
}

function asWindow(open: OpenWindow): Window {
  const { client, server } = open.conversation;
  const transactions = open.transactions.sort((a, b) =>
    compare(a.requestStartNs, b.requestStartNs),
  );
  return { client, server, startNs: open.startNs, endNs: open.endNs, transactions };
}

function gapOf(gapS: number): bigint {
  // NaN fails the comparison too.
  if (!(gapS > 0 && Number.isFinite(gapS)))
    throw new UsageError(`the gap must be a positive number of seconds, not ${gapS}`);
  return BigInt(Math.round(gapS * Number(NS_PER_S)));
}

function keyOf(client: string, server: string): string {
  return `${client} ${server}`;
}

function compare<T extends bigint | string>(a: T, b: T): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function least(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}

function most(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}
