import type { Random } from "../src/base/random.ts";

export const HOST = "c2.example";

/** Lines of a head, with the empty line that closes it. */
export function head(...lines: readonly string[]): string {
  return `${lines.join("\r\n")}\r\n\r\n`;
}

/** A GET of HTTP/1.1. */
export function get(uri: string, ...fields: readonly string[]): string {
  return head(`GET ${uri} HTTP/1.1`, `Host: ${HOST}`, ...fields);
}

export function post(uri: string, body: string, ...fields: readonly string[]): string {
  const length = `Content-Length: ${body.length}`;
  return head(`POST ${uri} HTTP/1.1`, `Host: ${HOST}`, length, ...fields) + body;
}

/** A 200 with a body whose length it tells. */
export function answer(body: string, ...fields: readonly string[]): string {
  const length = `Content-Length: ${body.length}`;
  return head("HTTP/1.1 200 OK", "Content-Type: text/plain", length, ...fields) + body;
}

/** A body in chunks of these sizes, without last chunk and trailer. */
export function chunks(text: string, sizes: readonly number[]): string {
  let at = 0;
  let coded = "";
  for (const size of sizes) {
    coded += `${size.toString(16)}\r\n${text.slice(at, at + size)}\r\n`;
    at += size;
  }
  return coded;
}

/** Lower-case letters: a body that looks like nothing else. */
export function filler(random: Random, length: number): string {
  let text = "";
  for (let i = 0; i < length; i++) text += String.fromCharCode(random.int(0x61, 0x7a));
  return text;
}
