import { type Endpoint, formatEndpoint } from "../base/net.ts";
import type { TapeEntry } from "./tape.ts";

/** The path of a request target: an absolute form (`http://host/path`) and the query are cut off. */
export function pathOf(uri: string): string {
  const absolute = /^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i.exec(uri);
  const rest = absolute === null ? uri : uri.slice(absolute[0].length);
  const end = rest.search(/[?#]/);
  const path = end === -1 ? rest : rest.slice(0, end);
  return path === "" ? "/" : path;
}

/** What requests are matched by: server, method and path. The query often holds a counter or a bot's identifier. */
export function matchKey(server: Endpoint, method: string, uri: string): string {
  return `${formatEndpoint(server)} ${method} ${pathOf(uri)}`;
}

/** Answers of one key (or one key and exact URI), in recorded order. */
interface Line {
  readonly indexes: number[];
  /** Those before are used up. */
  next: number;
}

/**
 * Finds the recorded answer to a request: the k-th request of a server, method and path gets the k-th recorded answer;
 * one to exactly the same URI comes first. Each answer is given once. Constant time for each request.
 */
export class TapeMatcher {
  readonly #entries: readonly TapeEntry[];
  readonly #isUsed: Uint8Array;
  readonly #byKey = new Map<string, Line>();
  readonly #byUri = new Map<string, Line>();
  #remaining: number;

  constructor(entries: readonly TapeEntry[]) {
    this.#entries = entries;
    this.#isUsed = new Uint8Array(entries.length);
    this.#remaining = entries.length;
    entries.forEach((entry, index) => {
      add(this.#byKey, entry.key, index);
      add(this.#byUri, exactKey(entry.key, entry.uri), index);
    });
  }

  /** Answers that nobody has asked for yet. */
  get remaining(): number {
    return this.#remaining;
  }

  /** The answer to this request, or `null` where the tape has none (left). */
  take(server: Endpoint, method: string, uri: string): TapeEntry | null {
    const key = matchKey(server, method, uri);
    const index =
      this.#firstUnused(this.#byUri.get(exactKey(key, uri))) ??
      this.#firstUnused(this.#byKey.get(key));
    if (index === undefined) return null;
    this.#isUsed[index] = 1;
    this.#remaining--;
    return this.#entries[index]!;
  }

  #firstUnused(line: Line | undefined): number | undefined {
    if (line === undefined) return undefined;
    while (line.next < line.indexes.length && this.#isUsed[line.indexes[line.next]!] === 1) {
      line.next++;
    }
    return line.indexes[line.next];
  }
}

function exactKey(key: string, uri: string): string {
  return `${key} ${uri}`;
}

function add(lines: Map<string, Line>, key: string, index: number): void {
  const line = lines.get(key);
  if (line === undefined) lines.set(key, { indexes: [index], next: 0 });
  else line.indexes.push(index);
}
