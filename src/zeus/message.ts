import { rc4 } from "./rc4.ts";

/**
 * What bot and C&C say to each other: a few lines of text, padded with zeros to the wanted length, RC4-encrypted as
 * Zeus does it (each message starts the key stream anew). The first line is a mark by which garbage is told apart.
 */

/** A command, as the C&C gives it. */
export type Order =
  | { readonly command: "user_cookies_get"; readonly posts: number }
  | { readonly command: "user_homepage_set"; readonly homepage: string }
  | { readonly command: "os_shutdown" };

/** The C&C's answer to a *.php request. `sleep` ends the session. */
export interface Answer {
  readonly next: "continue" | "sleep";
  readonly order: Order | null;
}

/** What a bot POSTs. `part` counts from 1. */
export interface Report {
  readonly about: "cookies" | "homepage" | "shutdown";
  readonly part: number;
  readonly text: string;
}

const MARK = "isoreplay1";
/** An answer is never shorter than its text; every order that a scenario allows fits below this. */
export const ANSWER_BYTES_MIN = 192;

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true });

/** The lines as one message of `length` bytes (or as long as the text, where that is longer), encrypted. */
function seal(lines: readonly string[], length: number, key: string): Uint8Array {
  const text = encoder.encode([MARK, ...lines, "", ""].join("\n"));
  const padded = new Uint8Array(Math.max(length, text.length));
  padded.set(text);
  return rc4(encoder.encode(key), padded);
}

/** The lines of a message, or `null` where the bytes are not one. */
function open(bytes: Uint8Array, key: string): Map<string, string> | null {
  const plain = rc4(encoder.encode(key), bytes);
  // Compare the mark first: garbage must not reach the strict decoder.
  const mark = encoder.encode(`${MARK}\n`);
  if (plain.length < mark.length || mark.some((byte, i) => plain[i] !== byte)) return null;
  const zero = plain.indexOf(0);
  const text = decodeText(plain.subarray(0, zero < 0 ? plain.length : zero));
  if (text === null) return null;
  const fields = new Map<string, string>();
  for (const line of text.split("\n").slice(1)) {
    const colon = line.indexOf(": ");
    if (colon > 0) fields.set(line.slice(0, colon), line.slice(colon + 2));
  }
  return fields;
}

function decodeText(bytes: Uint8Array): string | null {
  try {
    return decoder.decode(bytes);
  } catch (error) {
    // Not UTF-8: a damaged message, which the caller counts.
    if (error instanceof TypeError) return null;
    throw error;
  }
}

function orderLines(order: Order): string[] {
  switch (order.command) {
    case "user_cookies_get":
      return [`command: ${order.command}`, `posts: ${order.posts}`];
    case "user_homepage_set":
      return [`command: ${order.command}`, `homepage: ${order.homepage}`];
    case "os_shutdown":
      return [`command: ${order.command}`];
  }
}

/** An answer of `length` bytes. */
export function sealAnswer(answer: Answer, length: number, key: string): Uint8Array {
  const order = answer.order === null ? [] : orderLines(answer.order);
  return seal([`next: ${answer.next}`, ...order], length, key);
}

/** The answer in a response's body, or `null` where the body is none (empty, garbage, another key). */
export function openAnswer(bytes: Uint8Array, key: string): Answer | null {
  const fields = open(bytes, key);
  const next = fields?.get("next");
  if (fields === null || (next !== "continue" && next !== "sleep")) return null;
  const command = fields.get("command");
  if (command === undefined) return { next, order: null };
  const order = openOrder(command, fields);
  return order === null ? null : { next, order };
}

function openOrder(command: string, fields: ReadonlyMap<string, string>): Order | null {
  switch (command) {
    case "user_cookies_get": {
      const posts = Number(fields.get("posts"));
      return Number.isInteger(posts) && posts >= 1 && posts <= 1000 ? { command, posts } : null;
    }
    case "user_homepage_set": {
      const homepage = fields.get("homepage");
      return homepage === undefined ? null : { command, homepage };
    }
    case "os_shutdown":
      return { command };
    default:
      return null;
  }
}

/** A report of the bot, as long as its text. */
export function sealReport(report: Report, key: string): Uint8Array {
  return seal([`about: ${report.about}`, `part: ${report.part}`, `text: ${report.text}`], 0, key);
}

/** The report in a request's body, or `null` where the body is none. */
export function openReport(bytes: Uint8Array, key: string): Report | null {
  const fields = open(bytes, key);
  const about = fields?.get("about");
  const part = Number(fields?.get("part"));
  const text = fields?.get("text");
  if (about !== "cookies" && about !== "homepage" && about !== "shutdown") return null;
  if (!Number.isInteger(part) || part < 1 || text === undefined) return null;
  return { about, part, text };
}

/** The configuration blob: `length` bytes that say where the gate is. */
export function sealConfig(gatePath: string, length: number, key: string): Uint8Array {
  return seal([`gate: ${gatePath}`], length, key);
}

/** The gate's path in a configuration blob, or `null` where the bytes are none. */
export function openConfig(bytes: Uint8Array, key: string): string | null {
  return open(bytes, key)?.get("gate") ?? null;
}
