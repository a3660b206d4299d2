import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import test from "ava";
import fc from "fast-check";
import { REPLAY_LIMITS } from "../base/limits.ts";
import { Random } from "../base/random.ts";
import type { Transaction } from "../http/transaction.ts";
import { ManualTimers } from "./manual-timers.fixture.ts";
import { PacketReplayer, type PacketReplayerOptions } from "./packet-replayer.ts";
import {
  type BotOptions,
  type Faults,
  FaultyLink,
  NO_FAULTS,
  ScriptedBot,
} from "./scripted-bot.fixture.ts";
import { Tape } from "./tape.ts";

const server = { address: "203.0.113.10", port: 80 };
const latin1 = (text: string) => new Uint8Array(Buffer.from(text, "latin1"));
const text = (bytes: Uint8Array) => Buffer.from(bytes).toString("latin1");

const GET = latin1("GET /gate.php HTTP/1.1\r\nHost: cnc.example\r\n\r\n");

function respond(body: string, head = ""): string {
  return `HTTP/1.1 200 OK\r\n${head}Content-Length: ${body.length}\r\n\r\n${body}`;
}

function tapeOf(responses: readonly string[], fields: Partial<Transaction> = {}): Tape {
  return Tape.record(
    responses.map((response, i) => ({
      client: { address: "10.10.0.11", port: 40_000 },
      server,
      requestStartNs: BigInt(i),
      requestEndNs: BigInt(i),
      responseEndNs: BigInt(i),
      method: "GET",
      host: "cnc.example",
      uri: "/gate.php",
      status: 200,
      requestBytes: 0,
      responseBytes: 0,
      contentType: "",
      complete: true,
      raw: { request: GET, response: latin1(response) },
      ...fields,
    })),
  );
}

interface Setup {
  readonly faults?: Faults;
  readonly seed?: number;
  readonly replayer?: Partial<PacketReplayerOptions>;
}

function lab(tape: Tape, { faults = NO_FAULTS, seed = 1, replayer: options = {} }: Setup = {}) {
  const timers = new ManualTimers();
  const link = new FaultyLink(timers, seed, faults);
  const random = Random.from(seed);
  const replayer = new PacketReplayer(link.port, tape, { miss: "close", random, ...options });
  const bot = (more: Partial<BotOptions> = {}) =>
    new ScriptedBot(link, { port: 40_001, server, requests: [GET], ...more });
  return { timers, link, replayer, bot };
}

test("a bot gets the recorded bytes, and both sides close in order", (t) => {
  const response = respond("hello");
  const { timers, replayer, bot } = lab(tapeOf([response]));
  const one = bot({ closeAt: response.length });
  one.start();
  timers.advance(10_000);
  t.is(text(one.received), response);
  t.is(one.state, "closed");
  t.is(replayer.connections, 0);
  t.like(replayer.counts(), {
    "connection-opened": 1,
    "connection-closed": 1,
    "segment-retransmitted": 0,
  });
  t.deepEqual(replayer.account(), {
    answers: 1,
    misses: 0,
    bytes: { recorded: response.length, substituted: 0, refused: 0 },
  });
  t.like(replayer.log.records[0], {
    server: "203.0.113.10:80",
    method: "GET",
    uri: "/gate.php",
    label: "recorded",
  });
  t.is(timers.pending, 0);
});

test("over a link that loses, repeats and reorders, the bot still gets exactly the recorded bytes", (t) => {
  fc.assert(
    fc.property(
      fc.nat(),
      fc.array(fc.integer({ min: 0, max: 30_000 }), { minLength: 1, maxLength: 4 }),
      fc.record({
        loss: fc.double({ min: 0, max: 0.2, noNaN: true }),
        duplicate: fc.double({ min: 0, max: 0.3, noNaN: true }),
        jitterMs: fc.integer({ min: 0, max: 20 }),
      }),
      fc.record({
        window: fc.integer({ min: 1_500, max: 65_535 }),
        mss: fc.integer({ min: 100, max: 1_460 }),
        segmentBytes: fc.integer({ min: 1, max: 100 }),
        initial: fc.integer({ min: 0, max: 0xffff_ffff }),
      }),
      fc.constantFrom("one by one", "pipelined"),
      fc.boolean(),
      (seed, lengths, faults, shape, order, botCloses) => {
        const body = Random.from(seed);
        const responses = lengths.map((length, i) =>
          respond(
            text(body.bytes(length)),
            !botCloses && i === lengths.length - 1 ? "Connection: close\r\n" : "",
          ),
        );
        const expected = responses.join("");
        const { timers, replayer, bot } = lab(tapeOf(responses), { faults, seed });
        const sendAt = responses.map((_, i) => responses.slice(0, i).join("").length);
        const one = bot({
          ...shape,
          requests: responses.map(() => GET),
          ...(order === "pipelined" ? {} : { sendAt }),
          ...(botCloses ? { closeAt: expected.length } : {}),
        });
        one.start();
        timers.advance(2_000_000);
        // Not compared by `is`: nobody can read the difference of two long binary texts.
        t.true(text(one.received) === expected, `${one.receivedBytes} of ${expected.length} bytes`);
        t.is(one.state, "closed");
        t.true(one.segmentPayloadMax <= shape.mss);
        t.true(one.overrunBytes <= 0);
        t.is(replayer.connections, 0);
        t.is(replayer.account().bytes.recorded, expected.length);
        t.is(timers.pending, 0);
      },
    ),
    { numRuns: 150 },
  );
});

test("sequence numbers may wrap on both sides", (t) => {
  const response = respond("w".repeat(40_000));
  for (const initial of [0xffff_ffff, 0xffff_fff0, 0xffff_8000, 0x7fff_fff0]) {
    const { timers, bot } = lab(tapeOf([response]), {
      faults: { loss: 0.1, duplicate: 0.1, jitterMs: 5 },
      seed: initial,
      replayer: { initialSequence: () => initial },
    });
    const one = bot({ initial, closeAt: response.length, segmentBytes: 7 });
    one.start();
    timers.advance(600_000);
    t.is(text(one.received), response);
    t.is(one.state, "closed");
  }
});

test("the same seed gives the same frames", (t) => {
  const run = () => {
    const response = respond("x".repeat(20_000));
    const faults = { loss: 0.1, duplicate: 0.1, jitterMs: 5 };
    const { timers, link, bot } = lab(tapeOf([response]), { faults, seed: 5 });
    const frames: string[] = [];
    const send = link.port.send.bind(link.port);
    link.port.send = (frame) => {
      frames.push(Buffer.from(frame).toString("hex"));
      send(frame);
    };
    bot({ closeAt: response.length }).start();
    timers.advance(60_000);
    return frames;
  };
  t.deepEqual(run(), run());
});

test("after the tape's end the miss policy answers: close", (t) => {
  const { timers, replayer, bot } = lab(tapeOf([respond("one")]));
  const one = bot({ requests: [GET, GET] });
  one.start();
  timers.advance(10_000);
  t.is(text(one.received), respond("one"));
  t.is(one.state, "closed");
  t.like(replayer.account(), { answers: 2, misses: 1 });
  t.is(replayer.account().bytes.refused, 0);
  t.is(replayer.log.records[1]?.label, "refused");
});

test("after the tape's end the miss policy answers: empty-200, again and again", (t) => {
  const empty = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
  const { timers, replayer, bot } = lab(tapeOf([respond("one")]), {
    replayer: { miss: "empty-200" },
  });
  const expected = respond("one") + empty + empty;
  const one = bot({ requests: [GET, GET, GET], closeAt: expected.length });
  one.start();
  timers.advance(10_000);
  t.is(text(one.received), expected);
  t.is(one.state, "closed");
  t.deepEqual(replayer.account(), {
    answers: 3,
    misses: 2,
    bytes: { recorded: respond("one").length, substituted: 0, refused: 2 * empty.length },
  });
});

test("filler is counted apart from what was recorded", (t) => {
  const whole = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc";
  const broken = tapeOf([whole], { complete: false, responseBytes: 3 });
  const { timers, replayer, bot } = lab(broken);
  const one = bot({ closeAt: whole.length + 6 });
  one.start();
  timers.advance(10_000);
  t.is(text(one.received), `${whole}xxxxxx`);
  t.deepEqual(replayer.account().bytes, { recorded: whole.length - 3, substituted: 9, refused: 0 });
  t.is(replayer.log.records[0]?.label, "substituted");
});

const refusedServer = test.macro({
  exec(t, unknown: typeof server) {
    const { timers, replayer, bot } = lab(tapeOf([respond("one")]));
    const one = bot({ server: unknown });
    one.start();
    timers.advance(10_000);
    t.is(one.state, "reset");
    t.is(replayer.counts()["connection-refused"], 1);
    t.is(replayer.account().answers, 0);
    t.is(replayer.connections, 0);
    t.is(timers.pending, 0);
  },
  title: (what = "") => `a connection to ${what} is reset and counted as refused`,
});

test("an address that is not on the tape", refusedServer, { address: "203.0.113.99", port: 80 });
test("a port that is not on the tape", refusedServer, { address: "203.0.113.10", port: 443 });

test("what is no HTTP gets the miss policy and the end", (t) => {
  const { timers, replayer, bot } = lab(tapeOf([respond("one")]), {
    replayer: { miss: "empty-200" },
  });
  const one = bot({ requests: [new Uint8Array([0x16, 3, 1, 0, 5, 1, 0, 0, 1, 3])] });
  one.start();
  timers.advance(10_000);
  t.is(text(one.received), "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  t.is(one.state, "closed");
  t.is(replayer.counts()["not-http"], 1);
  t.is(replayer.account().bytes.recorded, 0);
});

test("a recorded 100 Continue goes out before the request's body has come", (t) => {
  const interim = "HTTP/1.1 100 Continue\r\n\r\n";
  const { timers, bot } = lab(tapeOf([interim + respond("thanks")], { method: "POST" }));
  const head = latin1(
    "POST /gate.php HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n",
  );
  const expected = interim + respond("thanks");
  const one = bot({
    requests: [head, latin1("data")],
    sendAt: [0, interim.length],
    closeAt: expected.length,
  });
  one.start();
  timers.advance(10_000);
  t.is(text(one.received), expected);
});

test("requests behind a closing answer are not answered", (t) => {
  const closing = respond("bye", "Connection: close\r\n");
  const { timers, replayer, bot } = lab(tapeOf([closing, respond("never")]));
  const one = bot({ requests: [GET, GET] });
  one.start();
  timers.advance(10_000);
  t.is(text(one.received), closing);
  t.is(replayer.account().answers, 1);
  t.is(replayer.unplayed, 1);
});

test("a client that asks to close gets the answer and the end", (t) => {
  const { timers, bot } = lab(tapeOf([respond("one")]));
  const one = bot({
    requests: [latin1("GET /gate.php HTTP/1.1\r\nConnection: close\r\n\r\n")],
  });
  one.start();
  timers.advance(10_000);
  t.is(text(one.received), respond("one"));
  t.is(one.state, "closed");
});

test("a bot that closes its side first still gets its answer", (t) => {
  const response = respond("z".repeat(5_000));
  const { timers, bot } = lab(tapeOf([response]));
  const one = bot({ closeAt: 0 });
  one.start();
  timers.advance(10_000);
  t.is(text(one.received), response);
  t.is(one.state, "closed");
});

test("a request that is cut off by the bot's end is counted, and the connection ends", (t) => {
  const { timers, replayer, bot } = lab(tapeOf([respond("one")]));
  const one = bot({ requests: [latin1("GET /gate.php HTT")], closeAt: 0 });
  one.start();
  timers.advance(10_000);
  t.is(one.state, "closed");
  t.is(replayer.counts()["request-cut"], 1);
  t.is(replayer.account().answers, 0);
});

test("a bot that resets is forgotten at once", (t) => {
  const { timers, replayer, bot } = lab(tapeOf([respond("one")]));
  const one = bot({ requests: [] });
  one.start();
  timers.advance(1_000);
  t.is(replayer.connections, 1);
  one.reset();
  timers.advance(1_000);
  t.is(replayer.connections, 0);
  t.is(replayer.counts()["connection-reset"], 1);
  t.is(timers.pending, 0);
});

test("a bot that opens its window later gets everything then, and is not given up meanwhile", (t) => {
  const response = respond("v".repeat(9_000));
  const { timers, replayer, bot } = lab(tapeOf([response]));
  const one = bot({ window: 4_000, closeAt: response.length });
  one.start();
  timers.advance(2.5);
  one.window = 0;
  timers.advance(300_000);
  t.true(one.receivedBytes < response.length);
  t.true(replayer.counts()["window-probe"] > 5);
  one.window = 4_000;
  one.acknowledge();
  timers.advance(120_000);
  t.is(text(one.received), response);
  t.is(one.state, "closed");
});

test("a bot that vanishes is given up after a bounded number of retransmissions", (t) => {
  const { timers, link, replayer, bot } = lab(tapeOf([respond("one")]));
  const one = bot();
  one.start();
  timers.advance(3.5);
  link.detach(one);
  one.state = "gave-up";
  timers.advance(3_000_000);
  t.is(replayer.connections, 0);
  t.is(replayer.counts()["gave-up"], 1);
  t.is(replayer.counts()["segment-retransmitted"], 15);
  t.is(timers.pending, 0);
});

test("a half-open connection is dropped", (t) => {
  const { timers, link, replayer, bot } = lab(tapeOf([respond("one")]));
  const one = bot();
  one.start();
  link.detach(one);
  one.state = "gave-up";
  timers.advance(100_000);
  t.is(replayer.connections, 0);
  t.is(replayer.counts()["half-open-dropped"], 1);
  t.is(timers.pending, 0);
});

test("connections beyond the limit crowd out the one idle for longest", (t) => {
  const { timers, replayer, bot } = lab(tapeOf([respond("one")]));
  const bots = Array.from({ length: REPLAY_LIMITS.connectionsMax + 2 }, (_, i) =>
    bot({ port: 10_000 + i, requests: [] }),
  );
  for (const one of bots) {
    one.start();
    timers.advance(3);
  }
  t.is(replayer.connections, REPLAY_LIMITS.connectionsMax);
  t.is(replayer.counts()["crowded-out"], 2);
  t.is(bots[0]?.state, "reset");
  t.is(bots[1]?.state, "reset");
  t.is(bots[2]?.state, "open");
});

test("ten thousand connections one after the other leave nothing behind", (t) => {
  const response = respond("a".repeat(1_200));
  const count = 10_000;
  const tape = tapeOf(Array.from({ length: count }, () => response));
  const { timers, link, replayer, bot } = lab(tape);
  let heapAtHalf = 0;
  setFlagsFromString("--expose_gc");
  const collect: () => void = runInNewContext("gc");
  const heapUsed = () => {
    collect();
    return process.memoryUsage().heapUsed;
  };
  for (let i = 0; i < count; i++) {
    const one = bot({ port: 1_024 + (i % 60_000), closeAt: response.length });
    one.start();
    timers.advance(20);
    if (one.state !== "closed" || one.receivedBytes !== response.length) t.fail(`connection ${i}`);
    link.detach(one);
    if (i === count / 2) heapAtHalf = heapUsed();
  }
  t.is(replayer.connections, 0);
  t.is(replayer.counts()["connection-closed"], count);
  t.is(replayer.account().bytes.recorded, count * response.length);
  timers.advance(1_000);
  t.is(timers.pending, 0);
  // The answer log grows by some 300 bytes for each answer, and that is all.
  const grownBytes = (heapUsed() - heapAtHalf) / (count / 2);
  t.true(grownBytes < 400, `${grownBytes} bytes for each connection`);
});

test("frames that are no TCP, fragments and wrong checksums are counted and not answered", (t) => {
  const { timers, link, replayer } = lab(tapeOf([respond("one")]));
  const sent: Uint8Array[] = [];
  link.port.send = (frame) => sent.push(frame);
  const arp = new Uint8Array(60);
  arp.set([0x08, 0x06], 12);
  link.send(arp);
  link.send(new Uint8Array(5));
  timers.advance(100);
  t.is(replayer.counts().malformed, 2);
  t.deepEqual(sent, []);
});

test("a stopped replayer says nothing more", (t) => {
  const { timers, replayer, bot } = lab(tapeOf([respond("one")]));
  const one = bot();
  replayer.stop();
  one.start();
  timers.advance(10_000);
  t.is(one.state, "connecting");
  t.is(replayer.connections, 0);
});
