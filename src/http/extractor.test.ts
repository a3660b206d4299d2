import test from "ava";
import { conversation } from "../flow/segments.fixture.ts";
import { extract, get, line, ok, type Turn } from "./extractor.fixture.ts";

const finds = test.macro(
  (t, turns: readonly Turn[], expected: readonly string[], size?: number) => {
    t.deepEqual(extract(conversation(turns, size)).found.map(line), expected);
  },
);

test("a request and its response are a transaction", (t) => {
  const { found } = extract(
    conversation([
      ["client", get("/a")],
      ["server", ok("hello")],
    ]),
  );
  t.is(found.length, 1);
  const [transaction] = found;
  t.like(transaction, {
    client: { address: "10.0.0.1", port: 40_000 },
    server: { address: "192.0.2.2", port: 80 },
    method: "GET",
    host: "h",
    uri: "/a",
    status: 200,
    responseBytes: 5,
    contentType: "text/html",
    complete: true,
  });
  t.true(transaction!.requestStartNs <= transaction!.requestEndNs);
  t.true(transaction!.requestEndNs < transaction!.responseEndNs!);
});

test(
  "head and body are found however they are cut into segments",
  finds,
  [
    ["client", get("/a")],
    ["server", ok("hello")],
  ],
  ["GET /a 0 200 5"],
  1,
);
test(
  "requests on one connection are paired in order",
  finds,
  [
    ["client", get("/1")],
    ["server", ok("1")],
    ["client", get("/2")],
    ["server", ok("22")],
  ],
  ["GET /1 0 200 1", "GET /2 0 200 2"],
);
test(
  "pipelined requests are paired in order",
  finds,
  [
    ["client", get("/1") + get("/2")],
    ["server", ok("1") + ok("22")],
  ],
  ["GET /1 0 200 1", "GET /2 0 200 2"],
);
test(
  "a response to HEAD has no body, whatever its length field says",
  finds,
  [
    ["client", `HEAD / HTTP/1.1\r\n\r\n`],
    ["server", "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n"],
    ["client", get("/2")],
    ["server", ok("22")],
  ],
  ["HEAD / 0 200 0", "GET /2 0 200 2"],
);
test(
  "204 and 304 have no body",
  finds,
  [
    ["client", get("/1") + get("/2")],
    [
      "server",
      "HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\n\r\n",
    ],
  ],
  ["GET /1 0 204 0", "GET /2 0 304 0"],
);
test(
  "interim responses come before the final one",
  finds,
  [
    ["client", "POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n"],
    ["server", "HTTP/1.1 100 Continue\r\n\r\n"],
    ["client", "abc"],
    ["server", `HTTP/1.1 102 Processing\r\n\r\n${ok("12")}`],
  ],
  ["POST / 3 200 2"],
);
test(
  "chunks are joined, extensions and trailers left out",
  finds,
  [
    ["client", get("/")],
    [
      "server",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;a=b\r\nabc\r\nA\r\n0123456789\r\n0\r\nX: y\r\n\r\n",
    ],
    ["client", get("/2")],
    ["server", ok("2")],
  ],
  ["GET / 0 200 13", "GET /2 0 200 1"],
  7,
);
test(
  "a response without length runs to the close",
  finds,
  [
    ["client", get("/")],
    ["server", "HTTP/1.0 200 OK\r\n\r\n0123456789"],
  ],
  ["GET / 0 200 10"],
);
test(
  "a tunnel is not HTTP any more",
  finds,
  [
    ["client", "CONNECT h:443 HTTP/1.1\r\n\r\n"],
    ["server", "HTTP/1.1 200 Connected\r\n\r\n"],
    ["client", get("/inside")],
    ["server", ok("x")],
  ],
  ["CONNECT h:443 0 200 0"],
);
test(
  "a refused tunnel leaves the connection HTTP",
  finds,
  [
    ["client", "CONNECT h:443 HTTP/1.1\r\n\r\n"],
    ["server", "HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno"],
    ["client", get("/2")],
    ["server", ok("x")],
  ],
  ["CONNECT h:443 0 403 2", "GET /2 0 200 1"],
);
test(
  "an upgrade ends HTTP on the connection",
  finds,
  [
    ["client", get("/ws", "Upgrade: websocket\r\n")],
    ["server", "HTTP/1.1 101 Switching Protocols\r\n\r\n"],
    ["client", get("/frame")],
  ],
  ["GET /ws 0 101 0"],
);
test(
  "an HTTP/0.9 answer is the whole stream",
  finds,
  [
    ["client", "GET /old\r\n"],
    ["server", "<html>plain</html>"],
  ],
  ["GET /old 0 null 18"],
);
test(
  "a request without response is told of, as not complete",
  finds,
  [["client", get("/")]],
  ["GET / 0 null 0 broken"],
);
test(
  "a response that the close cuts short counts the bytes that are there",
  finds,
  [
    ["client", get("/")],
    ["server", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n0123456789"],
  ],
  ["GET / 0 200 10 broken"],
);
test(
  "Transfer-Encoding wins over Content-Length",
  finds,
  [
    [
      "client",
      "POST / HTTP/1.1\r\nContent-Length: 50\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
    ],
    ["server", ok("1")],
  ],
  ["POST / 3 200 1"],
);
test(
  "traffic that is no HTTP gives nothing",
  finds,
  [
    ["client", "\x16\x03\x01\x02\x00\x01\x00"],
    ["server", "220 mail.example ESMTP\r\n"],
    ["client", "EHLO a\r\n"],
    ["server", "250 OK\r\n"],
  ],
  [],
);
test(
  "HTTP that begins later on a connection is found",
  finds,
  [
    ["client", "\x00\x01hello"],
    ["server", "\x00\x02hello"],
    ["client", get("/late")],
    ["server", ok("1")],
  ],
  ["GET /late 0 200 1"],
);

test("what lets two readers disagree is flagged", (t) => {
  const turns: Turn[] = [
    ["client", "POST / HTTP/1.1\r\nContent-Length: 3\r\nContent-Length: 5\r\n\r\nabc"],
    ["server", ok("1")],
  ];
  const { found, counts } = extract(conversation(turns));
  t.deepEqual(found[0]!.anomalies, ["conflicting-content-length"]);
  t.is(counts["conflicting-content-length"], 1);
});

test(
  "a version that nobody speaks is still answered",
  finds,
  [
    ["client", "GET /1 HTTP/2.0\r\nHost: h\r\n\r\n"],
    ["server", ok("505")],
    ["client", "GET /2 HTTP/1\r\nHost: h\r\n\r\n"],
    ["server", `HTTP/1.\xc5${ok("two").slice(8)}`],
  ],
  ["GET /1 0 200 3", "GET /2 0 200 3"],
);
test(
  "spaces in a target stay in it, spaces around it do not (RFC 9112 §3)",
  finds,
  [
    ["client", "GET /gate.php?os=Win 7 HTTP/1.1\r\nHost: h\r\n\r\n"],
    ["server", ok("1")],
    ["client", "GET  /2\tHTTP/1.1 \r\nHost: h\r\n\r\n"],
    ["server", ok("2")],
  ],
  ["GET /gate.php?os=Win 7 0 200 1", "GET /2 0 200 1"],
);
test(
  "a chunk size may have spaces around it",
  finds,
  [
    ["client", get("/1")],
    ["server", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n 3 \r\nabc\r\n0\r\n\r\n"],
  ],
  ["GET /1 0 200 3"],
);

for (const size of [1, 3, 2_000]) {
  test(
    `an answer without head is the same in segments of ${size}`,
    finds,
    [
      ["client", "GET /old\r\n"],
      ["server", "HT is how this text begins."],
    ],
    ["GET /old 0 null 27"],
    size,
  );
  test(
    `a server that answers HTTP/0.9 with a head is understood in segments of ${size}`,
    finds,
    [
      ["client", "GET /old\r\n"],
      ["server", ok("hello")],
    ],
    ["GET /old 0 200 5"],
    size,
  );
  test(
    `HTTP after a greeting of the server is found in segments of ${size}`,
    finds,
    [
      ["server", "220\r\n"],
      ["client", get("/1")],
      ["server", ok("hello")],
    ],
    ["GET /1 0 200 5"],
    size,
  );
  test(
    `the rest of a line that is no request is none either, in segments of ${size}`,
    finds,
    [
      ["client", ` ${get("/1")}`],
      ["server", ok("hello")],
    ],
    [],
    size,
  );
}
