import test from "ava";
import fc from "fast-check";
import { InputError } from "../base/errors.ts";
import type { Transaction } from "../http/transaction.ts";
import { Tape } from "./tape.ts";

const server = { address: "203.0.113.10", port: 80 };
const latin1 = (text: string) => new Uint8Array(Buffer.from(text, "latin1"));
const text = (bytes: Uint8Array | undefined) => Buffer.from(bytes ?? []).toString("latin1");

let clock = 0n;
function transaction(response: string | null, fields: Partial<Transaction> = {}): Transaction {
  clock += 1n;
  return {
    client: { address: "10.10.0.11", port: 40_000 },
    server,
    requestStartNs: clock,
    requestEndNs: clock,
    responseEndNs: clock,
    method: "GET",
    host: "cnc.example",
    uri: "/gate.php",
    status: response === null ? null : 200,
    requestBytes: 0,
    responseBytes: 0,
    contentType: "",
    complete: true,
    ...(response === null ? {} : { raw: { request: latin1(""), response: latin1(response) } }),
    ...fields,
  };
}

const OK_5 = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";

test("a whole recorded answer is sent byte for byte", (t) => {
  const [entry] = Tape.record([transaction(OK_5)]).entries;
  t.is(text(entry?.response), OK_5);
  t.deepEqual(entry?.spans, [{ label: "recorded", bytes: OK_5.length }]);
  t.false(entry?.closes);
});

test("the tape is in the order of the requests, whatever the order of the transactions", (t) => {
  const first = transaction(OK_5, { uri: "/1" });
  const second = transaction(OK_5, { uri: "/2" });
  t.deepEqual(
    Tape.record([second, first]).entries.map(({ uri }) => uri),
    ["/1", "/2"],
  );
});

test("a recorded silence is on the tape: nothing is sent, and the connection is closed", (t) => {
  const tape = Tape.record([transaction(null)]);
  const [entry] = tape.entries;
  t.is(entry?.status, null);
  t.is(entry?.response.length, 0);
  t.deepEqual(entry?.spans, [{ label: "recorded", bytes: 0 }]);
  t.true(entry?.closes);
  t.true(tape.hasServer("203.0.113.10", 80));
});

const closes = test.macro((t, response: string, expected: boolean) => {
  t.is(Tape.record([transaction(response)]).entries[0]?.closes, expected);
});

test("a body that ran to the close is closed after", closes, "HTTP/1.1 200 OK\r\n\r\nhello", true);
test(
  "Connection: close is kept",
  closes,
  "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
  true,
);
test("HTTP/1.0 closes", closes, "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", true);
test(
  "HTTP/1.0 with keep-alive stays open",
  closes,
  "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n",
  false,
);
test(
  "a switch of protocols closes, for nothing more is known",
  closes,
  "HTTP/1.1 101 Switching Protocols\r\n\r\n",
  true,
);

test("interim answers are told apart, so that they can go before the request is whole", (t) => {
  const interim = "HTTP/1.1 100 Continue\r\n\r\n";
  const [entry] = Tape.record([transaction(interim + OK_5, { method: "POST" })]).entries;
  t.is(entry?.interimBytes, interim.length);
  t.is(text(entry?.response), interim + OK_5);
});

test("an answer to HEAD is whole without the body that it announces", (t) => {
  const head = "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n";
  const [entry] = Tape.record([transaction(head, { method: "HEAD" })]).entries;
  t.is(text(entry?.response), head);
  t.deepEqual(entry?.spans, [{ label: "recorded", bytes: head.length }]);
});

test("a broken body is filled to its length, and only the head counts as recorded", (t) => {
  const head = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n";
  const broken = transaction(`${head}abc`, { complete: false, responseBytes: 3 });
  const [entry] = Tape.record([broken]).entries;
  t.is(text(entry?.response), `${head}abcxxxxxxx`);
  t.deepEqual(Tape.record([broken]).bytes(), {
    recorded: head.length,
    substituted: 10,
    refused: 0,
  });
});

test("a chunk that is missing is filled in, and the chunks before count as recorded", (t) => {
  const good = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello";
  // The second chunk lost three of its six bytes, so that its end is not where it should be.
  const broken = transaction(`${good}\r\n6\r\nwor\r\n0\r\n\r\n`, {
    complete: false,
    responseBytes: 8,
  });
  const [entry] = Tape.record([broken]).entries;
  t.is(text(entry?.response), `${good}\r\n3\r\nxxx\r\n0\r\n\r\n`);
  t.is(entry?.spans[0]?.bytes, good.length);
});

test("chunks that the capture's end cut off are closed", (t) => {
  const good = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello";
  const broken = transaction(`${good}\r\n6\r\nwor`, { complete: false, responseBytes: 8 });
  const [entry] = Tape.record([broken]).entries;
  t.is(text(entry?.response), `${good}\r\n3\r\nwor\r\n0\r\n\r\n`);
});

test("an incomplete request does not taint its whole answer", (t) => {
  const [entry] = Tape.record([transaction(OK_5, { complete: false, method: "POST" })]).entries;
  t.deepEqual(entry?.spans, [{ label: "recorded", bytes: OK_5.length }]);
});

test("where no bytes were kept, filler of the recorded length stands in and says so", (t) => {
  const { raw: _, ...figures } = transaction(OK_5, { responseBytes: 7, contentType: "text/plain" });
  const [entry] = Tape.record([figures]).entries;
  t.is(
    text(entry?.response),
    "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 7\r\n\r\nxxxxxxx",
  );
  t.is(entry?.spans[0]?.label, "substituted");
});

test("a tape survives its JSON form", (t) => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ minLength: 1, maxLength: 300 })), (bodies) => {
      const tape = Tape.record(
        bodies.map((body, i) => {
          const head = `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n`;
          return transaction(head + text(body), {
            uri: `/gate.php?n=${i}`,
            responseBytes: body.length,
          });
        }),
      );
      const read = Tape.parse(tape.format());
      t.deepEqual(read.entries, tape.entries);
      t.is(read.format(), tape.format());
    }),
    { numRuns: 30 },
  );
});

const refused = test.macro({
  exec(t, change: (tape: string) => string, expected: RegExp) {
    const error = t.throws(
      () => Tape.parse(change(Tape.record([transaction(OK_5)]).format()), "x.tape"),
      {
        instanceOf: InputError,
      },
    );
    t.regex(error?.line ?? "", expected);
    t.regex(error?.line ?? "", /^x\.tape/);
  },
  title: (title = "") => `${title} is refused as bad input`,
});

test(
  "a tape of another version",
  refused,
  (s) => s.replace('"version":1', '"version":2'),
  /version 2, this program reads version 1/,
);
test("a text that is no JSON", refused, () => "HTTP/1.1", /no JSON/);
test("another file's JSON", refused, () => '{"format":"isoreplay-results"}', /no tape/);
test(
  "a damaged entry",
  refused,
  (s) => s.replace('"port":80', '"port":0'),
  /entries\.0\.server\.port/,
);
test(
  "a label that does not cover the bytes",
  refused,
  (s) => s.replace(/"bytes":\d+/, '"bytes":1'),
  /damaged/,
);

test("only servers that answered are on the tape", (t) => {
  const tape = Tape.record([transaction(OK_5), transaction(OK_5)]);
  t.true(tape.hasServer("203.0.113.10", 80));
  t.false(tape.hasServer("203.0.113.10", 8080));
  t.deepEqual(tape.servers(), [server]);
});
