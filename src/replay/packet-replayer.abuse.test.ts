import test from "ava";
import fc from "fast-check";
import { REPLAY_LIMITS } from "../base/limits.ts";
import { Random } from "../base/random.ts";
import { isMalformed } from "../wire/malformed.ts";
import { emitTcpFrame, parseFrame } from "../wire/packet.ts";
import { ManualTimers } from "./manual-timers.fixture.ts";
import { PacketReplayer } from "./packet-replayer.ts";
import { BOT_ADDRESS, BOT_MAC, GATEWAY_MAC } from "./scripted-bot.fixture.ts";
import { ACK, FIN, PSH, RST, type Segment, SYN } from "./segment.ts";
import { advance } from "./sequence.ts";
import { Tape } from "./tape.ts";

const SERVER = "203.0.113.10";
const latin1 = (text: string) => new Uint8Array(Buffer.from(text, "latin1"));
const GET = latin1("GET /a HTTP/1.1\r\n\r\n");
const NONE = new Uint8Array(0);
const INITIAL = 5_000;

function tape(body: string): Tape {
  const response = `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  return Tape.record([
    {
      client: { address: BOT_ADDRESS, port: 1 },
      server: { address: SERVER, port: 80 },
      requestStartNs: 0n,
      requestEndNs: 0n,
      responseEndNs: 0n,
      method: "GET",
      host: "",
      uri: "/a",
      status: 200,
      requestBytes: 0,
      responseBytes: body.length,
      contentType: "",
      complete: true,
      raw: { request: GET, response: latin1(response) },
    },
  ]);
}

/** A replayer without a link: segments are put in by hand, and what it sends is read at once. */
function bench(body = "hello") {
  const timers = new ManualTimers();
  const out: Segment[] = [];
  let put: (frame: Uint8Array) => void = () => {};
  const port = {
    timers,
    send: (bytes: Uint8Array) => {
      const frame = parseFrame(bytes);
      if (isMalformed(frame) || frame.tcp === undefined) throw new Error("not a TCP frame");
      if (frame.ethernet.destination !== BOT_MAC) throw new Error("sent to somebody else");
      out.push({ ...frame.tcp, payload: frame.payload });
    },
    onFrame: (handler: (frame: Uint8Array) => void) => {
      put = handler;
    },
  };
  const replayer = new PacketReplayer(port, tape(body), {
    miss: "empty-200",
    random: Random.from(1),
    initialSequence: () => INITIAL,
  });
  const send = (
    flags: number,
    sequence: number,
    acknowledgement: number,
    payload = NONE,
    window = 65_535,
  ) => {
    out.length = 0;
    put(
      emitTcpFrame({
        destinationMac: GATEWAY_MAC,
        sourceMac: BOT_MAC,
        source: BOT_ADDRESS,
        destination: SERVER,
        tcp: {
          ...{ sourcePort: 40_000, destinationPort: 80 },
          ...{ sequence, acknowledgement, flags, window },
        },
        payload,
      }),
    );
    return [...out];
  };
  const open = () => {
    send(SYN, 100, 0);
    send(ACK, 101, INITIAL + 1);
  };
  return { timers, replayer, put: (frame: Uint8Array) => put(frame), send, open, out };
}

test("a repeated SYN gets the same SYN+ACK again", (t) => {
  const { send } = bench();
  const first = send(SYN, 100, 0);
  t.like(first, [{ flags: SYN | ACK, sequence: INITIAL, acknowledgement: 101 }]);
  t.deepEqual(send(SYN, 100, 0), first);
});

test("a handshake that acknowledges something else is reset", (t) => {
  const { send, replayer } = bench();
  send(SYN, 100, 0);
  t.like(send(ACK, 101, INITIAL + 9), [{ flags: RST, sequence: INITIAL + 9 }]);
  t.is(replayer.counts()["connection-opened"], 0);
});

test("a segment of no connection is answered by RST, a RST by nothing", (t) => {
  const { send, replayer } = bench();
  t.like(send(ACK | PSH, 700, 900, GET), [{ flags: RST, sequence: 900 }]);
  t.like(send(FIN, 700, 0), [{ flags: RST | ACK, sequence: 0, acknowledgement: 701 }]);
  t.deepEqual(send(RST, 700, 0), []);
  t.is(replayer.counts()["stray-segment"], 3);
});

test("only a RST at the exact place resets (RFC 5961)", (t) => {
  const { send, open, replayer } = bench();
  open();
  t.like(send(RST, 105, 0), [{ flags: ACK, acknowledgement: 101 }]);
  t.deepEqual(send(RST, 50, 0), []);
  t.is(replayer.connections, 1);
  send(RST, 101, 0);
  t.is(replayer.connections, 0);
});

test("a SYN within a connection, and an acknowledgement of what was never sent, are challenged", (t) => {
  const { send, open, replayer } = bench();
  open();
  t.like(send(SYN, 90_000, 0), [{ flags: ACK, acknowledgement: 101 }]);
  t.like(send(ACK, 101, INITIAL + 500), [{ flags: ACK, acknowledgement: 101 }]);
  t.like(send(ACK | PSH, 101 + 200_000, INITIAL + 1, GET), [{ flags: ACK, acknowledgement: 101 }]);
  t.is(replayer.counts().challenged, 3);
  t.is(replayer.connections, 1);
});

test("a keep-alive probe is acknowledged", (t) => {
  const { send, open } = bench();
  open();
  t.like(send(ACK, 100, INITIAL + 1), [{ flags: ACK, acknowledgement: 101 }]);
});

test("three duplicate acknowledgements bring the lost segment at once", (t) => {
  const { send, open, replayer } = bench("y".repeat(20_000));
  open();
  const burst = send(ACK | PSH, 101, INITIAL + 1, GET);
  t.is(burst.length, Math.ceil(20_043 / 536));
  const next = 101 + GET.length;
  t.deepEqual(send(ACK, next, INITIAL + 1), []);
  t.deepEqual(send(ACK, next, INITIAL + 1), []);
  t.like(send(ACK, next, INITIAL + 1), [{ sequence: INITIAL + 1 }]);
  t.is(replayer.counts()["fast-retransmission"], 1);
  // A partial acknowledgement tells of the next loss.
  t.like(send(ACK, next, INITIAL + 1 + 536), [{ sequence: INITIAL + 1 + 536 }]);
});

test("a late FIN of a closed connection is acknowledged, and a new SYN opens a new one", (t) => {
  const { send, open, replayer } = bench();
  open();
  send(ACK | FIN, 101, INITIAL + 1);
  send(ACK, 102, INITIAL + 2);
  t.is(replayer.counts()["connection-closed"], 1);
  t.like(send(ACK | FIN, 101, INITIAL + 1), [
    { flags: ACK, sequence: INITIAL + 2, acknowledgement: 102 },
  ]);
  t.deepEqual(send(ACK, 102, INITIAL + 2), []);
  t.like(send(SYN, 9_000, 0), [{ flags: SYN | ACK, acknowledgement: 9_001 }]);
});

test("a bot that asks on and reads nothing is cut off", (t) => {
  const { send, open, replayer } = bench();
  open();
  let next = 101;
  for (let i = 0; i < REPLAY_LIMITS.queuedAnswersMax + 10; i++) {
    send(ACK | PSH, next, INITIAL + 1, GET, 0);
    next = advance(next, GET.length);
  }
  t.is(replayer.counts().overrun, 1);
  t.is(replayer.connections, 0);
  t.is(replayer.account().answers, REPLAY_LIMITS.queuedAnswersMax + 1);
});

test("an idle connection is closed in order after an hour", (t) => {
  const { timers, open, out, replayer } = bench();
  open();
  out.length = 0;
  timers.advance(3_600_001);
  t.like(out[0], { flags: ACK | FIN });
  t.is(replayer.counts()["idle-closed"], 1);
});

test("a bot that never closes its side is dropped", (t) => {
  const { timers, send, open, replayer } = bench();
  open();
  const request = latin1("GET /a HTTP/1.1\r\nConnection: close\r\n\r\n");
  send(ACK | PSH, 101, INITIAL + 1, request);
  send(ACK, 101 + request.length, INITIAL + 1 + 43 + 1);
  t.is(replayer.connections, 1);
  timers.advance(60_001);
  t.is(replayer.counts()["half-closed-dropped"], 1);
  t.is(replayer.connections, 0);
  t.is(timers.pending, 0);
});

test("whatever comes in, nothing escapes and nothing goes to anybody but the sender", (t) => {
  const near = fc.integer({ min: -70_000, max: 70_000 });
  const segment = fc.record({
    flags: fc.nat(0x3f),
    sequence: near,
    acknowledgement: near,
    window: fc.nat(0xffff),
    payload: fc.oneof(fc.constant(GET), fc.uint8Array({ maxLength: 60 })),
    waitMs: fc.nat(3_000),
    isRaw: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(segment, { maxLength: 40 }), (segments) => {
      const { timers, send, put, open, replayer } = bench();
      open();
      for (const one of segments) {
        if (one.isRaw) put(one.payload);
        else {
          const acknowledgement = (INITIAL + one.acknowledgement) >>> 0;
          send(one.flags, (101 + one.sequence) >>> 0, acknowledgement, one.payload, one.window);
        }
        timers.advance(one.waitMs);
      }
      timers.advance(100_000_000);
      t.is(replayer.connections, 0);
      t.is(timers.pending, 0);
    }),
    { numRuns: 300 },
  );
});

test("a SYN whose options cannot be read is counted, and served without them", (t) => {
  const { put, out, replayer } = bench();
  put(
    emitTcpFrame({
      destinationMac: GATEWAY_MAC,
      sourceMac: BOT_MAC,
      source: BOT_ADDRESS,
      destination: SERVER,
      tcp: {
        ...{ sourcePort: 40_000, destinationPort: 80, sequence: 100, acknowledgement: 0 },
        ...{ flags: SYN, window: 65_535, options: new Uint8Array([2, 9, 5, 180]) },
      },
      payload: NONE,
    }),
  );
  t.like(out, [{ flags: SYN | ACK, acknowledgement: 101 }]);
  t.is(replayer.counts()["malformed-options"], 1);
});
