/** What one side of a connection says. */
export interface Saying {
  /** 0: the client, 1: the server. */
  readonly from: 0 | 1;
  /** Latin-1. */
  readonly text: string;
}

/** HTTP conversations, each with something that a reader can get wrong. */
export const TALKS: readonly (readonly Saying[])[] = [
  // Plain, keep-alive.
  [
    ask("GET /config.bin HTTP/1.1\r\nHost: cnc.example\r\n\r\n"),
    say(
      "HTTP/1.1 200 OK\r\nContent-Length: 12\r\nContent-Type: application/octet-stream\r\n\r\nsecret bytes",
    ),
    ask("POST /gate.php HTTP/1.1\r\nHost: cnc.example\r\nContent-Length: 9\r\n\r\nid=1&os=7"),
    say("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"),
  ],
  // Chunks with extensions and trailers, both ways.
  [
    ask(
      "POST /up.php HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n\r\n5;name=value\r\nabcde\r\n0\r\nX-End: 1\r\n\r\n",
    ),
    say(
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n10\r\n0123456789abcdef\r\n3;q="a;b"\r\nxyz\r\n0\r\nX-Sum: 19\r\n\r\n',
    ),
  ],
  // Pipelined.
  [
    ask(
      "GET /1 HTTP/1.1\r\nHost: p.example\r\n\r\nHEAD /2 HTTP/1.1\r\nHost: p.example\r\n\r\nGET /3 HTTP/1.1\r\nHost: p.example\r\n\r\n",
    ),
    say(
      "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nHTTP/1.1 304 Not Modified\r\n\r\n",
    ),
  ],
  // Interim answers, then one that only the close ends.
  [
    ask(
      "POST /slow HTTP/1.1\r\nHost: s.example\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n",
    ),
    say("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"),
    ask("body"),
    say(
      "HTTP/1.0 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<html>until the end</html>",
    ),
  ],
  // HTTP/0.9.
  [ask("GET /old\r\n"), say("<html>no head at all</html>")],
  // Tunnels.
  [
    ask("CONNECT mail.example:443 HTTP/1.1\r\nHost: mail.example:443\r\n\r\n"),
    say("HTTP/1.1 200 Connection established\r\n\r\n"),
    ask("\x16\x03\x01\x00\x05hello"),
    say("\x16\x03\x03\x00\x05world"),
  ],
  [
    ask(
      "GET /chat HTTP/1.1\r\nHost: w.example\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
    ),
    say(
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n\x81\x05hello",
    ),
  ],
  // Two readers may disagree about the end.
  [
    ask(
      "POST /a HTTP/1.1\r\nHost: d.example\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /b HTTP/1.1\r\nHost: d.example\r\n\r\n",
    ),
    say(
      "HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\nX-Folded: a\r\n b\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
    ),
  ],
  // Nothing of HTTP.
  [ask("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"), say("SSH-2.0-OpenSSH_8.0\r\n")],
];

/** Words of HTTP, for mutations. */
export const HTTP_WORDS: readonly string[] = [
  "\r\n",
  "\r\n\r\n",
  "\n",
  "\r",
  "GET / HTTP/1.1\r\n",
  "HTTP/1.1 200 OK\r\n",
  "HTTP/1.1 ",
  "HTTP/1.0",
  "HTTP/0.9",
  "HTTP/2.0",
  "HTTP/9999999999.1",
  "Content-Length: 5\r\n",
  "Content-Length:",
  "Content-Length: 18446744073709551616\r\n",
  "Content-Length: -1\r\n",
  "Content-Length: 5, 6\r\n",
  "Transfer-Encoding: chunked\r\n",
  "Transfer-Encoding: gzip, chunked\r\n",
  "Transfer-Encoding : chunked\r\n",
  "Transfer-Encoding: identity\r\n",
  "Connection: close\r\n",
  "Upgrade: h2c\r\n",
  "Host: x.example\r\n",
  "Host:\r\n",
  ": no name\r\n",
  "no colon\r\n",
  " folded\r\n",
  "\tfolded\r\n",
  "0\r\n\r\n",
  "0\r\n",
  "ffffffffffffffff\r\n",
  "10000000000000000\r\n",
  "fffffffffffffff0\r\n",
  "00000000000000000000005\r\n",
  '5;x="\r\n"\r\n',
  "-1\r\n",
  "5 \r\n",
  "HEAD ",
  "POST ",
  "CONNECT ",
  "OPTIONS * ",
  "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
  "100",
  "101",
  "204",
  "304",
  "999",
  "gate.php?",
];

function ask(text: string): Saying {
  return { from: 0, text };
}

function say(text: string): Saying {
  return { from: 1, text };
}
