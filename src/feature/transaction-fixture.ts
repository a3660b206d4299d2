import type { Transaction } from "../http/transaction.ts";

export const ns = (seconds: number) => BigInt(Math.round(seconds * 1e9));

/** For tests: a GET of /gate.php by 10.0.0.5, `start` seconds after time 0, answered `lasts` seconds later. */
export function exampleTransaction(
  start: number,
  lasts = 0,
  more: Partial<Transaction> = {},
): Transaction {
  return {
    client: { address: "10.0.0.5", port: 40000 },
    server: { address: "203.0.113.9", port: 80 },
    requestStartNs: ns(start),
    requestEndNs: ns(start),
    responseEndNs: ns(start + lasts),
    method: "GET",
    host: "c2.example",
    uri: "/gate.php",
    status: 200,
    requestBytes: 0,
    responseBytes: 100,
    contentType: "text/html",
    complete: true,
    ...more,
  };
}
