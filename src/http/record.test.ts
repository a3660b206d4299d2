import test from "ava";
import fc from "fast-check";
import { formatRecord, toRecord } from "./record.ts";
import type { Transaction } from "./transaction.ts";

test("a record is one line of JSON with the keys in the order of the format, whatever the texts hold", (t) => {
  const text = fc.string({ unit: "binary", maxLength: 20 });
  fc.assert(
    fc.property(text, text, fc.option(fc.integer({ min: 100, max: 599 })), (uri, host, status) => {
      const transaction: Transaction = {
        client: { address: "2001:db8::1", port: 4_000 },
        server: { address: "192.0.2.1", port: 80 },
        requestStartNs: 1_500_000_000_250_000_000n,
        requestEndNs: 1_500_000_000_250_000_000n,
        responseEndNs: null,
        method: "GET",
        host,
        uri,
        status,
        requestBytes: 0,
        responseBytes: 12,
        contentType: "text/html",
        complete: status !== null,
      };
      const line = formatRecord(transaction, 'a "capture".pcap', 1_500_000_000_000_000_000n);
      t.is(
        line,
        JSON.stringify(toRecord(transaction, 'a "capture".pcap', 1_500_000_000_000_000_000n)),
      );
      t.false(line.includes("\n"));
      t.deepEqual(Object.keys(JSON.parse(line)), [
        ...["capture", "client", "server", "time", "method", "host", "uri", "status"],
        ...["requestBytes", "responseBytes", "contentType", "complete"],
      ]);
      t.like(JSON.parse(line), { client: "2001:db8::1:4000", time: 0.25 });
    }),
  );
});
