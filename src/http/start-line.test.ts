import test from "ava";
import fc from "fast-check";
import { classifyStart, START } from "./start-line.ts";

const UNDECIDED = new Set<number>([START.more, START.likely]);

/** What the bytes are taken for when they come one by one; what is behind them in memory must not matter. */
function byteByByte(text: string): number {
  const bytes = new Uint8Array(Buffer.from(`${text}200 OK`, "latin1"));
  for (let end = 1; end <= text.length; end++) {
    const kind = classifyStart(bytes, 0, end);
    if (!UNDECIDED.has(kind)) return kind;
  }
  return classifyStart(bytes, 0, text.length);
}

const same = test.macro({
  exec(t, text: string) {
    const bytes = new Uint8Array(Buffer.from(text, "latin1"));
    t.is(byteByByte(text), classifyStart(bytes, 0, bytes.length));
  },
  title: (_title, text) =>
    `${JSON.stringify(text).replaceAll(" ", "·")} is the same whole and byte by byte`,
});

test(same, "HTTP/1.1 200 OK\r\n");
test(same, "HTTP/1.1     200 OK\r\n");
test(same, "HTTP/0000.1 2");
test(same, "HTTP/ 0xfff established\r\n");
test(same, "POST /a HTTP/1.1\r\r\n");
test(same, "GET /a\x01b HTTP/1.1\r\n");
test(same, `${"M".repeat(32)} / HTTP/1.1\r\n`);
test(same, `${"M".repeat(33)} / HTTP/1.1\r\n`);
test(same, "GET /old\r\n");
test(same, "SSH-2.0-OpenSSH_8.0\r\n");

test("any first line is the same whole and byte by byte", (t) => {
  const piece = fc.constantFrom("GET", "HTTP/", "1.1", "0", " ", "/", "\r", "x", "\x01", "20", ".");
  const line = fc.array(piece, { maxLength: 12 }).map((pieces) => `${pieces.join("")}\r\n`);
  fc.assert(
    fc.property(line, (text) => {
      const bytes = new Uint8Array(Buffer.from(text, "latin1"));
      t.is(byteByByte(text), classifyStart(bytes, 0, bytes.length), JSON.stringify(text));
    }),
  );
});

test(same, "GET /a http/1.1\r\n");
test(same, "HTTP/1.\xc5 200 OK\r\n");
test(same, `HTTP/${"1".repeat(17)} 200 OK\r\n`);

const taken = test.macro({
  exec(t, text: string, kind: keyof typeof START) {
    const bytes = new Uint8Array(Buffer.from(text, "latin1"));
    t.is(classifyStart(bytes, 0, bytes.length), START[kind]);
  },
  title: (_title, text, kind) => `${JSON.stringify(text)} is taken for ${kind}`,
});

// A server refuses another version with an answer, so the two belong together (RFC 9110 §15.6.6).
test(taken, "GET /a HTTP/2.0\r\n", "request");
test(taken, "POST /a http/1.1\r\n", "request");
test(taken, "GET /a HTTP/1\r\n", "request");
test(taken, "GET /a\tHTTP/1.1\r\n", "request");
test(taken, "GET HTTP/1.1\r\n", "request");
test(taken, "PRI * HTTP/2.0\r\n", "none");
test(taken, "OPTIONS rtsp://camera.example/ RTSP/1.0\r\n", "none");
test(taken, "HTTP/1.\xc5 200 OK\r\n", "response");
test(taken, "HTTP/x 200 OK\r\n", "response");
test(taken, `HTTP/${"1".repeat(17)} 200 OK\r\n`, "none");
