import type { Random } from "../src/base/random.ts";
import { pcap } from "./capture-files.ts";
import { type GoldenCase, pcapCase } from "./golden-case.ts";
import { answer, chunks, filler, get, HOST, head, post } from "./messages.ts";
import { Talk, type TalkOptions } from "./talk.ts";
import { Tape } from "./tape.ts";

/** A case of one connection, which is open when `act` begins. */
function httpCase(
  name: string,
  act: (talk: Talk, random: Random) => void,
  options: TalkOptions = {},
): GoldenCase {
  return pcapCase(name, (random) => {
    const tape = new Tape();
    act(new Talk(tape, random, options).open(), random);
    return pcap(tape);
  });
}

const CHUNKED = "Transfer-Encoding: chunked";
const PLAIN = "Content-Type: text/plain";

function interimResponses(talk: Talk): void {
  const request = post("/upload", "0123456789", "Expect: 100-continue");
  talk
    .say("client", request.slice(0, -10))
    .say("server", head("HTTP/1.1 100 Continue"))
    .say("client", request.slice(-10))
    .say("server", answer("stored"))
    .say("client", get("/page"))
    // A 103 has fields, of which none counts for the final answer.
    .say(
      "server",
      head("HTTP/1.1 103 Early Hints", "Link: </a.css>; rel=preload", "Content-Type: text/css"),
    )
    .say("server", head("HTTP/1.1 102 Processing") + answer("the page"))
    .close();
}

function upgrade(talk: Talk): void {
  talk
    .say("client", get("/chat", "Connection: Upgrade", "Upgrade: example/1"))
    .say(
      "server",
      head("HTTP/1.1 101 Switching Protocols", "Upgrade: example/1", "Connection: Upgrade"),
    )
    // Another protocol from here on, whatever it looks like.
    .say("client", get("/not-http"))
    .say("server", answer("not http either"))
    .close();
}

function connect(talk: Talk): void {
  talk
    .say("client", head("CONNECT inside.example:80 HTTP/1.1", "Host: inside.example:80"))
    .say("server", head("HTTP/1.1 200 Connection established", "Content-Length: 9"))
    .say("client", get("/inside-the-tunnel"))
    .say("server", answer("inside the tunnel"))
    .close();
}

function connectRefused(talk: Talk): void {
  const request = ["CONNECT inside.example:443 HTTP/1.1", "Host: inside.example:443"];
  talk
    .say("client", head(...request))
    .say(
      "server",
      `${head("HTTP/1.1 407 Proxy Authentication Required", PLAIN, "Content-Length: 6")}who is`,
    )
    .say("client", head(...request, "Proxy-Authorization: Basic bm9ib2R5OnRoZXJl"))
    .say("server", head("HTTP/1.1 200 Connection established"))
    .say("client", Uint8Array.of(0x17, 3, 3, 0, 4, 9, 8, 7, 6))
    .close();
}

function chunkedBothWays(talk: Talk): void {
  const upload = "0123456789abcdefghijklmnopqrstuvwxyz";
  const download = "The quick brown fox jumps over the lazy dog.";
  talk
    .say(
      "client",
      `${head("POST /gate.php HTTP/1.1", `Host: ${HOST}`, CHUNKED)}` +
        // Leading zeros and capitals are hexadecimal, too.
        `00A\r\n${upload.slice(0, 10)}\r\n1A;name=value\r\n${upload.slice(10)}\r\n0\r\n\r\n`,
    )
    .say(
      "server",
      `${head("HTTP/1.1 200 OK", PLAIN, CHUNKED, "Trailer: Expires, X-Sum")}` +
        `2c;a=1;b="quoted; 5";c\r\n${download}\r\n` +
        "000;last\r\nExpires: 0\r\nContent-Length: 999\r\nX-Sum: 2c\r\n\r\n",
    )
    .say("client", get("/after"))
    .say("server", answer("hello"))
    .close();
}

/** A chunk's data that reads like the end of the message and the start of another one. */
function chunkThatLooksLikeTheEnd(talk: Talk): void {
  const trap = `0\r\n\r\n${answer("trap")}`;
  talk
    .say("client", get("/trap"))
    .say("server", head("HTTP/1.1 200 OK", PLAIN, CHUNKED) + chunks(trap, [trap.length]))
    .say("server", "0\r\n\r\n")
    .say("client", get("/after"))
    .say("server", answer("hello"))
    .close();
}

function foldedFields(talk: Talk): void {
  talk
    .say(
      "client",
      `${head("POST /gate.php HTTP/1.1", `Host:\r\n ${HOST}`, "X-Long: one\r\n\ttwo\r\n  Content-Length: 3", "Content-Length:\r\n 11")}hello=world`,
    )
    .say(
      "server",
      `${head("HTTP/1.1 200 OK", "Content-Type:\r\n\t text/html;\r\n charset=utf-8", "Content-Length: \r\n 5")}hello`,
    )
    .say("client", get("/after"))
    .say("server", answer("hello again"))
    .close();
}

const VERSIONS: readonly GoldenCase[] = [
  httpCase("http-09", (talk, random) =>
    talk
      .say("client", "GET /old\r\n")
      .say("server", `<p>${filler(random, 40)}</p>\n`)
      .say("server", `<p>${filler(random, 33)}</p>\n`)
      .fin("server")
      .fin("client"),
  ),
  httpCase("http-10-until-close", (talk, random) =>
    talk
      .say("client", head("GET /old HTTP/1.0"))
      .say("server", head("HTTP/1.0 200 OK", "Content-Type: text/html") + filler(random, 50))
      .say("server", filler(random, 25))
      .fin("server")
      .fin("client"),
  ),
  httpCase("http-10-keep-alive", (talk) =>
    talk
      .say("client", head("GET /one HTTP/1.0", "Connection: keep-alive"))
      .say(
        "server",
        `${head("HTTP/1.0 200 OK", PLAIN, "Content-Length: 5", "Connection: keep-alive")}hello`,
      )
      .say("client", head("GET /two HTTP/1.0"))
      .say("server", `${head("HTTP/1.0 404 Not Found", PLAIN, "Content-Length: 4")}gone`)
      .fin("server")
      .fin("client"),
  ),
  httpCase("http-11-persistent", (talk, random) =>
    talk
      .say("client", get("/config.bin"))
      .say("server", answer(filler(random, 64)))
      .say("client", post("/gate.php", "stolen=nothing"))
      .say("server", answer(""))
      .say("client", get("/gate.php?id=1", "Connection: close"))
      .say("server", head("HTTP/1.1 200 OK", "Content-Type: text/html", "Connection: close"))
      .say("server", filler(random, 12))
      .fin("server")
      .fin("client"),
  ),
];

const FRAMING: readonly GoldenCase[] = [
  httpCase("http-chunk-extensions-trailers", chunkedBothWays),
  httpCase("http-chunk-looks-like-end", chunkThatLooksLikeTheEnd),
  httpCase("http-content-length-repeated", (talk) =>
    talk
      .say(
        "client",
        `${head("POST /gate.php HTTP/1.1", `Host: ${HOST}`, "Content-Length: 5, 5")}hello`,
      )
      .say("server", answer("world", "Content-Length: 5"))
      .say("client", get("/after"))
      .say("server", answer("hello again"))
      .close(),
  ),
  httpCase("http-content-length-conflicting-request", (talk) =>
    talk
      .say(
        "client",
        `${head("POST /gate.php HTTP/1.1", `Host: ${HOST}`, "Content-Length: 5", "Content-Length: 30")}hello`,
      )
      .say("server", `${head("HTTP/1.1 400 Bad Request", PLAIN, "Connection: close")}no`)
      .fin("server")
      .fin("client"),
  ),
  httpCase("http-content-length-conflicting-response", (talk) =>
    talk
      .say("client", get("/gate.php"))
      .say(
        "server",
        `${head("HTTP/1.1 200 OK", PLAIN, "Content-Length: 5", "Content-Length: 11")}hello`,
      )
      .fin("client")
      .fin("server"),
  ),
  httpCase("http-content-length-and-chunked", (talk) => {
    const hidden = get("/smuggled");
    talk
      .say(
        "client",
        `${head("POST /gate.php HTTP/1.1", `Host: ${HOST}`, "Content-Length: 4", CHUNKED)}` +
          `${chunks(hidden, [hidden.length])}0\r\n\r\n`,
      )
      .say(
        "server",
        `${head("HTTP/1.1 200 OK", CHUNKED, PLAIN, "Content-Length: 1000")}${chunks("hello", [3, 2])}0\r\n\r\n`,
      )
      .say("client", get("/after"))
      .say("server", answer("hello again"))
      .close();
  }),
  httpCase("http-coding-not-chunked", (talk, random) =>
    talk
      .say("client", get("/packed"))
      .say("server", head("HTTP/1.1 200 OK", PLAIN, "Content-Length: 7", "Transfer-Encoding: gzip"))
      .say("server", random.bytes(30))
      .fin("server")
      .fin("client"),
  ),
  httpCase("http-close-before-length", (talk, random) =>
    talk
      .say("client", get("/gate.php"))
      .say("server", answer(filler(random, 100)).slice(0, -45))
      .fin("server")
      .fin("client"),
  ),
  httpCase("http-close-before-last-chunk", (talk, random) =>
    talk
      .say("client", get("/gate.php"))
      .say("server", head("HTTP/1.1 200 OK", PLAIN, CHUNKED) + chunks(filler(random, 50), [20, 30]))
      .fin("server")
      .fin("client"),
  ),
  httpCase("http-capture-ends-in-body", (talk, random) =>
    talk
      .say("client", get("/gate.php"))
      .say("server", answer(filler(random, 100)).slice(0, -45))
      .ack("client"),
  ),
  httpCase("http-case-and-spaces", (talk) =>
    talk
      .say(
        "client",
        "POST /gate.php HTTP/1.1\r\nHOST:c2.example\r\ncontent-LENGTH:\t 5  \r\n\r\nhello",
      )
      .say(
        "server",
        "HTTP/1.1 200 OK\r\ncontent-type: text/plain ;charset=utf-8\r\ntransfer-encoding:Chunked\r\n\r\n" +
          "5\r\nworld\r\n0\r\n\r\n",
      )
      .say("client", get("/after"))
      // No reason phrase, and not even the space before it.
      .say("server", `${head("HTTP/1.1 404", PLAIN, "Content-Length: 2")}no`)
      .say("client", get("/last"))
      .say("server", `${head("HTTP/1.1 200 ", PLAIN, "Content-Length: 3")}yes`)
      .close(),
  ),
  httpCase("http-obs-fold", foldedFields),
  httpCase("http-bare-lf", (talk) =>
    talk
      .say("client", `POST /gate.php HTTP/1.1\nHost: ${HOST}\nContent-Length: 5\n\nhello`)
      .say("server", "HTTP/1.1 200 OK\nContent-Type: text/plain\nContent-Length: 5\n\nworld")
      .close(),
  ),
  httpCase("http-empty-line-before-request", (talk) =>
    talk
      .say("client", `${post("/gate.php", "a=b")}\r\n`)
      .say("server", answer("hello"))
      .say("client", `\r\n${get("/after")}`)
      .say("server", answer("hello again"))
      .close(),
  ),
];

const PAIRING: readonly GoldenCase[] = [
  httpCase("http-interim-responses", interimResponses),
  httpCase("http-upgrade", upgrade),
  httpCase("http-connect", connect),
  httpCase("http-connect-refused", connectRefused),
  httpCase("http-head", (talk) =>
    talk
      .say("client", get("/page").replace("GET", "HEAD"))
      .say("server", head("HTTP/1.1 200 OK", PLAIN, "Content-Length: 5000"))
      .say("client", get("/page").replace("GET", "HEAD"))
      .say("server", head("HTTP/1.1 200 OK", PLAIN, CHUNKED))
      .say("client", get("/page"))
      .say("server", answer("hello"))
      .close(),
  ),
  httpCase("http-no-body-204-304", (talk) =>
    talk
      .say("client", get("/beacon"))
      .say("server", head("HTTP/1.1 204 No Content"))
      .say("client", get("/cached", 'If-None-Match: "1"'))
      .say("server", head("HTTP/1.1 304 Not Modified", 'ETag: "1"', "Content-Length: 5000"))
      .say("client", get("/after"))
      .say("server", answer("hello"))
      .close(),
  ),
  httpCase("http-pipelined", (talk) =>
    talk
      .say("client", get("/one") + get("/two").replace("GET", "HEAD") + post("/three", "x=1"))
      .say(
        "server",
        answer("first") +
          head("HTTP/1.1 200 OK", "Content-Type: text/html", "Content-Length: 77") +
          answer("third answer"),
      )
      .close(),
  ),
  httpCase("http-early-answer", (talk, random) => {
    const request = post("/upload", filler(random, 100));
    talk
      .say("client", request.slice(0, -60))
      .say("server", `${head("HTTP/1.1 413 Content Too Large", PLAIN, "Content-Length: 3")}no!`)
      .say("client", request.slice(-60))
      .say("client", get("/after"))
      .say("server", answer("hello"))
      .close();
  }),
  pcapCase("http-responses-only", (random) => {
    const tape = new Tape();
    new Talk(tape, random)
      .skip("client", 1)
      .synAck("server")
      .lose("client", get("/one"))
      .say("server", answer("hello"))
      .lose("client", get("/two"))
      .say("server", answer("hello again"))
      .fin("server");
    return pcap(tape);
  }),
  pcapCase("http-requests-only", (random) => {
    const tape = new Tape();
    new Talk(tape, random)
      .syn("client")
      .skip("server", 1)
      .ack("client")
      .say("client", get("/one"))
      .lose("server", answer("hello"))
      .say("client", post("/two", "a=b&c=d"))
      .lose("server", answer("hello again"))
      .ack("client")
      .fin("client");
    return pcap(tape);
  }),
  httpCase("http-unanswered", (talk) =>
    talk
      .say("client", get("/answered"))
      .say("server", answer("hello"))
      .say("client", get("/unanswered"))
      .ack("server")
      .close(),
  ),
  // The client's port is the one that HTTP has, the server's is IRC's.
  httpCase(
    "http-odd-port",
    (talk) => talk.say("client", get("/gate.php")).say("server", answer("hello")).close(),
    { clientPort: 80, serverPort: 6_667 },
  ),
  httpCase("http-absolute-form", (talk) =>
    talk
      .say("client", head(`GET http://${HOST}/gate.php?a=b HTTP/1.1`, `Host: ${HOST}`))
      .say("server", answer("hello"))
      .say("client", head("OPTIONS * HTTP/1.1", `Host: ${HOST}`))
      .say("server", head("HTTP/1.1 204 No Content", "Allow: GET"))
      .close(),
  ),
];

export const HTTP_CASES: readonly GoldenCase[] = [...VERSIONS, ...FRAMING, ...PAIRING];
