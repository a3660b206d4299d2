import test from "ava";
import fc from "fast-check";
import { conversation, RAW_IP, segment } from "../flow/segments.fixture.ts";
import { exchange, exchangeLines, extract, get, line, ok, type Turn } from "./extractor.fixture.ts";
import { Extractor } from "./extractor.ts";
import type { Transaction } from "./transaction.ts";

test("any order of arrival, with repetitions, gives the same transactions", (t) => {
  const isns = fc.tuple(fc.integer({ min: -500, max: 500 }), fc.integer({ min: -500, max: 500 }));
  fc.assert(
    fc.property(
      isns,
      fc.array(fc.tuple(fc.nat({ max: 14 }), fc.boolean()), { minLength: 40, maxLength: 40 }),
      (isn, moves) => {
        const frames = conversation(exchange, 90, isn);
        const arrived = frames
          .map((frame, i) => [i + moves[i % moves.length]![0], frame] as const)
          .sort((a, b) => a[0] - b[0])
          .flatMap(([, frame], i) => (moves[i % moves.length]![1] ? [frame, frame] : [frame]));
        t.deepEqual(extract(arrived).found.map(line), exchangeLines);
      },
    ),
  );
});

test("without its first packets a connection is understood from the next message on", (t) => {
  const frames = conversation(exchange, 2_000);
  // The SYN is missing; then SYN and SYN+ACK.
  t.deepEqual(extract(frames.slice(1)).found.map(line), exchangeLines);
  t.deepEqual(extract(frames.slice(2)).found.map(line), exchangeLines);
});

test("a lost piece of a body breaks its transaction only", (t) => {
  const frames = conversation(exchange, 90).filter((_, i) => i !== 12);
  const { found, counts } = extract(frames);
  t.deepEqual(found.map(line), ["POST /1 300 200 410 broken", ...exchangeLines.slice(1)]);
  t.is(counts.gaps, 1);
  t.is(counts.gapBytes, 90);
});

test("after a lost response the next ones are paired with their own requests", (t) => {
  const turns = [1, 2, 3].flatMap((i): Turn[] => [
    ["client", get(`/${i}`)],
    ["server", ok("x".repeat(i))],
  ]);
  const frames = conversation(turns, 2_000);
  // SYN, SYN+ACK, ACK, then four packets for each exchange: request, ACK, response, ACK.
  const { found } = extract(frames.filter((_, i) => i !== 3 + 4 + 2));
  t.deepEqual(found.map(line), ["GET /1 0 200 1", "GET /2 0 null 0 broken", "GET /3 0 200 3"]);
});

test("after a lost request its response is nobody's", (t) => {
  const turns = [1, 2, 3].flatMap((i): Turn[] => [
    ["client", get(`/${i}`)],
    ["server", ok("x".repeat(i))],
  ]);
  const { found, counts } = extract(conversation(turns, 2_000).filter((_, i) => i !== 3 + 4));
  t.deepEqual(found.map(line), ["GET /1 0 200 1", "GET /3 0 200 3"]);
  t.is(counts["response-without-request"], 1);
});

test("a capture of one direction still tells of its requests", (t) => {
  const frames = conversation(exchange, 2_000);
  const client = frames.filter((frame) => frame.bytes[12] === 10);
  t.deepEqual(
    extract(client).found.map((f) => `${f.method} ${f.uri}`),
    ["POST /1", "GET /2", "GET /3"],
  );
});

test("packets that the capture cut short break the body, not the pairing", (t) => {
  const found: Transaction[] = [];
  const extractor = new Extractor({ onTransaction: (transaction) => found.push(transaction) });
  for (const frame of conversation(exchange, 2_000)) {
    const bytes = frame.bytes.subarray(0, 240);
    extractor.frame(RAW_IP, { ...frame, bytes, originalLength: frame.bytes.length });
  }
  extractor.finish();
  t.is(found[0]!.requestBytes, 240 - 40 - "POST /1 HTTP/1.1\r\nContent-Length: 300\r\n\r\n".length);
  t.deepEqual(
    found.map((f) => [f.uri, f.status, f.complete]),
    [
      ["/1", 200, false],
      ["/2", 200, true],
      ["/3", 200, false],
    ],
  );
});

test("a target that the capture cut short is told of as far as it goes", (t) => {
  const turns: Turn[] = [
    ["client", get("/a-long-way/to-go.php?with=words")],
    ["server", ok("1")],
    ["client", get("/2")],
    ["server", ok("22")],
  ];
  const frames = conversation(turns, 2_000);
  const cut = (end: number) =>
    extract(
      frames.map((frame, i) =>
        i === 3
          ? { ...frame, bytes: frame.bytes.slice(0, 40 + end), originalLength: frame.bytes.length }
          : frame,
      ),
    ).found.map(line);
  t.deepEqual(cut(18), ["GET /a-long-way/to 0 200 1 broken", "GET /2 0 200 2"]);
  t.deepEqual(cut(5), ["GET / 0 200 1 broken", "GET /2 0 200 2"]);
  // Whether this is a request nobody can tell.
  t.deepEqual(cut(2), ["GET /2 0 200 2"]);
});

test("a reset ends a response that would run to the close as not complete", (t) => {
  const frames = conversation([
    ["client", get("/")],
    ["server", "HTTP/1.0 200 OK\r\n\r\n0123456789"],
  ]).slice(0, -3);
  const last = frames.at(-1)!;
  const view = new DataView(last.bytes.buffer);
  frames.push(segment({ from: "client", flags: "R", sequence: view.getUint32(24) }));
  t.deepEqual(extract(frames).found.map(line), ["GET / 0 200 10 broken"]);
});

test("the same ports used again are another connection", (t) => {
  const first = conversation([
    ["client", get("/1")],
    ["server", ok("1")],
  ]);
  const second = conversation(
    [
      ["client", get("/2")],
      ["server", ok("22")],
    ],
    100,
    [50_000, 60_000],
  );
  const { found, counts } = extract([...first, ...second]);
  t.deepEqual(found.map(line), ["GET /1 0 200 1", "GET /2 0 200 2"]);
  t.is(counts.portReuses, 1);
  // The end of the first one is not in the capture.
  t.deepEqual(extract([...first.slice(0, -3), ...second]).found.map(line), [
    "GET /1 0 200 1",
    "GET /2 0 200 2",
  ]);
});

test("an answer that is missing in a capture without the opening is not taken from the next request", (t) => {
  const frames = conversation(
    [
      ["client", get("/1")],
      ["server", ok("x".repeat(500))],
      ["client", get("/2")],
      ["server", ok("22")],
    ],
    2_000,
  );
  // Without the three packets of the opening, the first answer and what acknowledges it.
  const { found } = extract([frames[3]!, ...frames.slice(7, -3)]);
  t.deepEqual(found.map(line), ["GET /1 0 null 0 broken", "GET /2 0 200 2"]);
});

test("a SYN+ACK of another connection on the same ports takes nothing away from the one before", (t) => {
  const turns: Turn[] = [
    ["client", get("/1")],
    ["server", ok("1")],
  ];
  const first = conversation(turns);
  const second = conversation(turns, 100, [0x2000_0000, 0x7000_0000]);
  // The SYN+ACK of the first and the SYN of the second are not in the capture.
  const { found } = extract([first[0]!, ...first.slice(2), ...second.slice(1)]);
  t.deepEqual(found.map(line), ["GET /1 0 200 1", "GET /1 0 200 1"]);
});

test("a FIN that comes before all data is not forgotten", (t) => {
  const frames = conversation(
    [
      ["client", "GET / HTTP/1.0\r\n\r\n"],
      ["server", "HTTP/1.0 200 OK\r\n\r\nup to the end"],
    ],
    2_000,
  );
  const serverFin = frames.at(-2)!;
  const moved = [
    ...frames.slice(0, 3),
    serverFin,
    ...frames.slice(3).filter((f) => f !== serverFin),
  ];
  t.deepEqual(extract(moved).found.map(line), ["GET / 0 200 13"]);
});

test("segments of an old connection that come after the SYN of the next one still belong to the old one", (t) => {
  const first = conversation([
    ["client", get("/1")],
    ["server", ok("1")],
  ]).slice(0, -3);
  const second = conversation(
    [
      ["client", get("/2")],
      ["server", ok("22")],
    ],
    100,
    [50_000, 60_000],
  );
  // The first three packets open the connection; every cut behind them lets all that follows come later.
  for (let cut = 3; cut < first.length; cut++) {
    for (const into of [1, 2, 3, 4, second.length]) {
      const frames = [
        ...first.slice(0, cut),
        ...second.slice(0, into),
        ...first.slice(cut),
        ...second.slice(into),
      ];
      const { found, counts } = extract(frames);
      t.deepEqual(found.map(line).sort(), ["GET /1 0 200 1", "GET /2 0 200 2"], `${cut} ${into}`);
      t.is(counts.portReuses, 1);
    }
  }
});

test("a keep-alive probe is not data", (t) => {
  const frames = conversation([
    ["client", get("/")],
    ["server", ok("1")],
  ]);
  const view = new DataView(frames.at(-4)!.bytes.buffer);
  const probe = segment({
    from: "client",
    flags: "A",
    sequence: view.getUint32(24) - 1,
    acknowledgement: view.getUint32(28),
    payload: "\0",
  });
  const { found, counts } = extract([...frames.slice(0, -3), probe, ...frames.slice(-3)]);
  t.deepEqual(found.map(line), ["GET / 0 200 1"]);
  t.is(counts.keepAliveProbes, 1);
});

test("an injected answer that comes first is taken, and the difference counted", (t) => {
  const frames = conversation(
    [
      ["client", get("/")],
      ["server", ok("genuine")],
    ],
    2_000,
  );
  const genuine = frames[5]!;
  const view = new DataView(genuine.bytes.buffer);
  const forged = segment({
    from: "server",
    flags: "PA",
    sequence: view.getUint32(24),
    acknowledgement: view.getUint32(28),
    payload: "HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n",
  });
  const { found, counts } = extract([...frames.slice(0, 5), forged, ...frames.slice(5)]);
  t.is(found[0]!.status, 302);
  // It reaches further than what it repeats.
  t.is(counts.overlaps, 1);
  t.is(counts.conflictingOverlaps, 1);
});

test("a segment that overlaps the one before with other bytes loses them, and the difference is counted", (t) => {
  const frames = conversation([["client", get("/abcdef")]], 8);
  const second = frames[4]!;
  const view = new DataView(second.bytes.buffer);
  const late = segment({
    from: "client",
    flags: "PA",
    sequence: view.getUint32(24) - 3,
    acknowledgement: view.getUint32(28),
    payload: "xyz".concat(Buffer.from(second.bytes.subarray(40)).toString("latin1")),
  });
  const { found, counts } = extract([...frames.slice(0, 4), late, ...frames.slice(5)]);
  t.deepEqual(found.map(line), ["GET /abcdef 0 null 0 broken"]);
  t.is(counts.conflictingOverlaps, 1);
  t.is(counts.conflictingRetransmissions, undefined);
});

test("a stream of more than 8 GB is followed past two wraps of its sequence numbers", (t) => {
  const total = 9_000_000_000;
  const frames = conversation([["client", get("/big") + get("/after")]]).slice(0, -3);
  const server = (sequence: number, payload: string, length = payload.length) => {
    const frame = segment({
      from: "server",
      flags: "A",
      sequence,
      acknowledgement: 1_001,
      payload,
    });
    new DataView(frame.bytes.buffer).setUint16(2, 40 + length);
    return frame;
  };
  const head = `HTTP/1.1 200 OK\r\nContent-Length: ${total}\r\n\r\n`;
  const found: Transaction[] = [];
  const extractor = new Extractor({ onTransaction: (transaction) => found.push(transaction) });
  for (const frame of frames) extractor.frame(RAW_IP, frame);
  let sequence = 9_001;
  extractor.frame(RAW_IP, server(sequence, head));
  sequence += head.length;
  // The capture holds one byte of each segment of 50,000.
  for (let sent = 0; sent < total; sent += 50_000) {
    extractor.frame(RAW_IP, server(sequence, "x", 50_000));
    sequence += 50_000;
  }
  extractor.frame(RAW_IP, server(sequence, ok("after")));
  extractor.finish();
  t.deepEqual(found.map(line), ["GET /big 0 200 180000 broken", "GET /after 0 200 5"]);
});

test("the messages are kept as they were on the wire when asked for", (t) => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 200 }), (size) => {
      const { found } = extract(conversation(exchange, size), { keepBytes: true });
      const text = (bytes: Uint8Array) => Buffer.from(bytes).toString("latin1");
      t.deepEqual(
        found.map((f) => text(f.raw!.request)).join(""),
        exchange.flatMap(([from, said]) => (from === "client" ? [said] : [])).join(""),
      );
      t.deepEqual(
        found.map((f) => text(f.raw!.response)).join(""),
        exchange.flatMap(([from, said]) => (from === "server" ? [said] : [])).join(""),
      );
    }),
    { numRuns: 30 },
  );
});

test("tables stay bounded, and what is thrown out is counted", (t) => {
  const frames = Array.from({ length: 500 }, (_, i) =>
    conversation([["client", get(`/${i}`)]])
      .slice(0, 4)
      .map((frame) => {
        new DataView(frame.bytes.buffer).setUint16(frame.bytes[12] === 10 ? 20 : 22, 1_000 + i);
        return frame;
      }),
  ).flat();
  const { found, counts } = extract(frames, { limits: { flowsMax: 64, connectionsMax: 16 } });
  t.is(found.length, 500);
  t.is(counts.evictedFlows, 500 - 64);
  t.true(counts.evictedConnections! > 0);
});

test("hostile streams end as counted events", (t) => {
  const body = (head: string, rest: string): Turn[] => [
    ["client", get("/")],
    ["server", `HTTP/1.1 200 OK\r\n${head}\r\n\r\n${rest}`],
  ];
  const counted = (turns: Turn[], size = 1_400) => extract(conversation(turns, size)).counts;
  t.is(counted(body("Transfer-Encoding: chunked", "10000000000000000\r\nx"))["huge-chunk-size"], 1);
  t.is(counted(body("Transfer-Encoding: chunked", "zz\r\nx"))["bad-chunk-size"], 1);
  t.is(counted(body("Content-Length: 99999999999999999999", "x"))["huge-content-length"], 1);
  t.is(counted([["client", `GET / HTTP/1.1\r\n${"A: b\r\n".repeat(60_000)}`]])["head-too-long"], 1);
});

test("a million tiny segments out of order are bounded in memory and time", (t) => {
  const frames = conversation([]).slice(0, 3);
  const extractor = new Extractor({ onTransaction: () => undefined });
  for (const frame of frames) extractor.frame(RAW_IP, frame);
  for (let i = 1_000_000; i > 0; i--) {
    extractor.frame(
      RAW_IP,
      segment({
        from: "client",
        flags: "A",
        sequence: 1_001 + 2 * i,
        acknowledgement: 9_001,
        payload: "x",
      }),
    );
  }
  extractor.finish();
  const { gaps = 0, outOfOrder = 0 } = extractor.counts;
  t.true(gaps > 0);
  t.true(outOfOrder < 10_000);
});

test("changed bytes anywhere in the packets never throw, and every request is told of once", (t) => {
  const frames = conversation(exchange, 150);
  const change = fc.tuple(fc.nat({ max: frames.length - 1 }), fc.nat(), fc.nat({ max: 255 }));
  fc.assert(
    fc.property(fc.array(change, { maxLength: 12 }), (changes) => {
      const mutated = frames.map((frame) => ({ ...frame, bytes: frame.bytes.slice() }));
      for (const [index, at, value] of changes) {
        const { bytes } = mutated[index]!;
        bytes[at % bytes.length] = value;
      }
      const { found, counts } = extract(mutated);
      t.is(counts.transactions ?? 0, found.length);
      t.is(counts.requests ?? 0, found.length);
      t.is(new Set(found.map((transaction) => transaction.order)).size, found.length);
    }),
    { numRuns: 2_000 },
  );
});
