import { RAW_IP } from "../flow/segments.fixture.ts";
import type { Frame } from "../wire/frame.ts";
import { Extractor, type ExtractorOptions } from "./extractor.ts";
import type { Transaction } from "./transaction.ts";

export type Turn = readonly ["client" | "server", string];

export function extract(frames: readonly Frame[], options: Partial<ExtractorOptions> = {}) {
  const found: Transaction[] = [];
  const extractor = new Extractor({ onTransaction: (t) => found.push(t), ...options });
  for (const frame of frames) extractor.frame(RAW_IP, frame);
  extractor.finish();
  return { found, counts: extractor.counts };
}

/** What a transaction is about, in one line. */
export function line(t: Transaction): string {
  const end = t.complete ? "" : " broken";
  return `${t.method} ${t.uri} ${t.requestBytes} ${t.status} ${t.responseBytes}${end}`;
}

export const get = (uri: string, fields = "") => `GET ${uri} HTTP/1.1\r\nHost: h\r\n${fields}\r\n`;
export const ok = (body: string, fields = "") =>
  `HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=x\r\n${fields}Content-Length: ${body.length}\r\n\r\n${body}`;

export const exchange: Turn[] = [
  ["client", `POST /1 HTTP/1.1\r\nContent-Length: 300\r\n\r\n${"p".repeat(300)}`],
  ["server", ok("q".repeat(500))],
  ["client", get("/2") + get("/3")],
  [
    "server",
    `${ok("two")}HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n64\r\n${"c".repeat(100)}\r\n0\r\n\r\n`,
  ],
];
export const exchangeLines = ["POST /1 300 200 500", "GET /2 0 200 3", "GET /3 0 200 100"];
