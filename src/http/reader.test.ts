import test from "ava";
import fc from "fast-check";
import { formatRequest, formatResponse } from "./format.ts";
import { headerValue } from "./headers.ts";
import { RequestReader, ResponseReader } from "./reader.ts";

const bytesOf = (text: string) => new Uint8Array(Buffer.from(text, "latin1"));
const textOf = (bytes: Uint8Array) => Buffer.from(bytes).toString("latin1");

/** Feed `bytes` in pieces whose lengths come from `cuts`. */
function pushInPieces<M>(
  reader: { push(bytes: Uint8Array): M[] },
  bytes: Uint8Array,
  cuts: number[],
): M[] {
  const out: M[] = [];
  let at = 0;
  for (const cut of cuts) {
    out.push(...reader.push(bytes.subarray(at, at + cut)));
    at += cut;
    if (at >= bytes.length) return out;
  }
  out.push(...reader.push(bytes.subarray(at)));
  return out;
}

const tokens = fc.stringMatching(/^[a-z][a-z0-9-]{0,12}$/).map((name) => `x-${name}`);
const values = fc.stringMatching(/^[!-~]([ -~]{0,20}[!-~])?$/);
const headerLists = fc.array(fc.tuple(tokens, values), { maxLength: 5 });
const bodies = fc.uint8Array({ maxLength: 300 });
const cutLists = fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 60 });

test("requests that are formatted are read back, however the bytes are cut", (t) => {
  const requests = fc.array(
    fc.record({
      method: fc.constantFrom("GET", "POST", "PUT", "DELETE", "M-SEARCH"),
      uri: fc.stringMatching(/^\/[!-~]{0,30}$/),
      headers: headerLists,
      body: bodies,
      chunked: fc.boolean(),
    }),
    { minLength: 1, maxLength: 4 },
  );
  fc.assert(
    fc.property(requests, cutLists, (list, cuts) => {
      const sent = list.map(({ chunked, ...request }) => ({
        ...request,
        headers: [
          ...request.headers,
          ...(chunked ? [["transfer-encoding", "chunked"] as const] : []),
        ],
      }));
      const wire = Buffer.concat(sent.map((request) => formatRequest(request)));
      const reader = new RequestReader();
      const read = pushInPieces(reader, new Uint8Array(wire), cuts);
      t.is(reader.fault, null);
      t.deepEqual(
        read.map((m) => [m.method, m.uri, textOf(m.body)]),
        sent.map((m) => [m.method, m.uri, textOf(m.body)]),
      );
      for (const [i, message] of read.entries()) {
        for (const [name] of sent[i]!.headers) {
          t.is(headerValue(message.headers, name), headerValue(sent[i]!.headers, name));
        }
      }
    }),
  );
});

test("responses that are formatted are read back, however the bytes are cut", (t) => {
  const responses = fc.array(
    fc.record({
      status: fc.constantFrom(200, 204, 304, 404, 500),
      headers: headerLists,
      body: bodies,
      method: fc.constantFrom("GET", "HEAD", "POST"),
    }),
    { minLength: 1, maxLength: 4 },
  );
  fc.assert(
    fc.property(responses, cutLists, (list, cuts) => {
      const reader = new ResponseReader();
      for (const response of list) reader.expect(response.method);
      const wire = Buffer.concat(list.map((response) => formatResponse(response)));
      const read = pushInPieces(reader, new Uint8Array(wire), cuts);
      t.is(reader.fault, null);
      const hasBody = (m: (typeof list)[number]) =>
        m.method !== "HEAD" && m.status !== 204 && m.status !== 304;
      t.deepEqual(
        read.map((m) => [m.status, textOf(m.body)]),
        list.map((m) => [m.status, hasBody(m) ? textOf(m.body) : ""]),
      );
    }),
  );
});

test("interim answers are skipped and the final one is read", (t) => {
  const reader = new ResponseReader();
  const wire = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
  t.deepEqual(
    reader.push(bytesOf(wire)).map((m) => [m.status, textOf(m.body)]),
    [[200, "ok"]],
  );
});

test("a response without length ends when the peer closes", (t) => {
  const reader = new ResponseReader();
  t.deepEqual(reader.push(bytesOf("HTTP/1.0 200 OK\r\n\r\nabc")), []);
  const [message] = reader.end();
  t.is(textOf(message!.body), "abc");
  t.true(message!.complete);
  t.false(message!.keepAlive);
});

test("a response that is cut short is handed out as not complete", (t) => {
  const reader = new ResponseReader();
  reader.push(bytesOf("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"));
  const [message] = reader.end();
  t.false(message!.complete);
});

test("trailers and chunk extensions are skipped", (t) => {
  const reader = new ResponseReader();
  const wire =
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n2 \r\nde\r\n0\r\nX-Sum: 1\r\n\r\n";
  t.deepEqual(
    reader.push(bytesOf(wire)).map((m) => textOf(m.body)),
    ["abcde"],
  );
});

test("a folded header is one value", (t) => {
  const reader = new RequestReader();
  const [message] = reader.push(
    bytesOf("GET / HTTP/1.1\r\nX-Long: one\r\n  two\r\nHost: h\r\n\r\n"),
  );
  t.is(headerValue(message!.headers, "x-long"), "one two");
  t.is(headerValue(message!.headers, "host"), "h");
});

for (const [name, wire] of [
  [
    "conflicting-content-length",
    "POST / HTTP/1.1\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
  ],
  ["invalid-content-length", "POST / HTTP/1.1\r\nContent-Length: 3x\r\n\r\nabc"],
  [
    "transfer-encoding-and-content-length",
    "POST / HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
  ],
  ["not-http", "\x16\x03\x01\x00"],
] as const) {
  test(`a server refuses: ${name}`, (t) => {
    const reader = new RequestReader();
    reader.push(bytesOf(wire));
    t.is(reader.fault, name === "not-http" ? "bytes-between-messages" : name);
  });
}
