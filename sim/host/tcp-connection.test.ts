import test from "ava";
import { ACK, FIN, NOTHING, PSH, RST, type Segment, SYN } from "./segment.ts";
import { TcpConnection } from "./tcp-connection.ts";
import { TCP } from "./tcp-parameters.ts";
import type { TcpSurroundings } from "./tcp-surroundings.ts";

/** A clock that the test sets, and everything that the connection sends. */
class Bench implements TcpSurroundings {
  nowNumber = 0;
  readonly sent: Segment[] = [];
  changes = 0;
  send(segment: Segment): void {
    this.sent.push(segment);
  }
  changed(): void {
    this.changes++;
  }
  reschedule(): void {}
  /** What was sent since the last look. */
  take(): Segment[] {
    return this.sent.splice(0);
  }
}

const OURS = 1000;
const THEIRS = 5000;

function segment(fields: Partial<Segment>): Segment {
  return {
    sequence: THEIRS + 1,
    acknowledgement: OURS + 1,
    flags: ACK,
    window: 65_535,
    mss: null,
    payload: NOTHING,
    ...fields,
  };
}

/** A connection that we opened, in the state `established`. */
function established(initial = OURS, theirs = THEIRS, window = 65_535) {
  const bench = new Bench();
  const connection = TcpConnection.connect(bench, initial);
  connection.receive(
    segment({
      sequence: theirs,
      acknowledgement: (initial + 1) >>> 0,
      flags: SYN | ACK,
      mss: 1000,
      window,
    }),
  );
  bench.take();
  return { bench, connection };
}

const flags = (list: readonly Segment[]) => list.map((one) => one.flags);
const lengths = (list: readonly Segment[]) => list.map((one) => one.payload.length);

/** Move the clock to the connection's next deadline. */
function expire(bench: Bench, connection: TcpConnection): void {
  bench.nowNumber = connection.deadlineNs;
  connection.expire();
}

test("the handshake: SYN with our segment size, SYN+ACK, ACK", (t) => {
  const bench = new Bench();
  const connection = TcpConnection.connect(bench, OURS);
  const [syn] = bench.take();
  t.like(syn, { sequence: OURS, flags: SYN, mss: 1460, window: 65_535 });
  connection.receive(segment({ sequence: THEIRS, flags: SYN | ACK, mss: 1460 }));
  t.is(connection.state, "established");
  const [ack] = bench.take();
  t.like(ack, { sequence: OURS + 1, acknowledgement: THEIRS + 1, flags: ACK });
});

test("a SYN is answered by SYN+ACK, again when it comes again, and again after a while", (t) => {
  const bench = new Bench();
  const syn = segment({ sequence: THEIRS, acknowledgement: 0, flags: SYN, mss: 1460 });
  const connection = TcpConnection.accept(bench, OURS, syn);
  connection.receive(syn);
  expire(bench, connection);
  const answers = bench.take();
  t.deepEqual(flags(answers), [SYN | ACK, SYN | ACK, SYN | ACK]);
  t.true(answers.every((one) => one.sequence === OURS && one.acknowledgement === THEIRS + 1));
  connection.receive(segment({ flags: ACK }));
  t.is(connection.state, "established");
});

test("two sides that open at once end up with one connection", (t) => {
  const [a, b] = [new Bench(), new Bench()];
  const first = TcpConnection.connect(a, 1);
  const second = TcpConnection.connect(b, 2);
  for (let i = 0; i < 4; i++) {
    const [fromA, fromB] = [a.take(), b.take()];
    for (const one of fromA) second.receive(one);
    for (const one of fromB) first.receive(one);
  }
  t.is(first.state, "established");
  t.is(second.state, "established");
  first.write(Uint8Array.of(1, 2, 3));
  for (const one of a.take()) second.receive(one);
  t.deepEqual(second.read(), Uint8Array.of(1, 2, 3));
});

test("segments are no longer than the peer said", (t) => {
  const { bench, connection } = established();
  connection.write(new Uint8Array(2500));
  const sent = bench.take();
  t.deepEqual(lengths(sent), [1000, 1000, 500]);
  t.deepEqual(flags(sent), [ACK, ACK, ACK | PSH]);
});

test("a peer that does not tell its segment size gets segments of 536 bytes", (t) => {
  const bench = new Bench();
  const connection = TcpConnection.connect(bench, OURS);
  connection.receive(segment({ sequence: THEIRS, flags: SYN | ACK, mss: null }));
  bench.take();
  connection.write(new Uint8Array(1000));
  t.deepEqual(lengths(bench.take()), [536, 464]);
});

test("sequence numbers wrap around, ours and theirs", (t) => {
  const { bench, connection } = established(0xffff_fff0, 0xffff_fffe);
  connection.write(new Uint8Array(3000));
  const sent = bench.take();
  t.deepEqual(
    sent.map((one) => one.sequence),
    [0xffff_fff1, 0xffff_fff1 + 1000 - 2 ** 32, 0xffff_fff1 + 2000 - 2 ** 32],
  );
  connection.receive(segment({ sequence: 0xffff_ffff, acknowledgement: 0x0000_0ba9 }));
  t.is(connection.unsent, 0);
  connection.receive(
    segment({ sequence: 2, acknowledgement: 0xba9, payload: Uint8Array.of(4, 5) }),
  );
  t.is(connection.read(), null);
  connection.receive(
    segment({ sequence: 0xffff_ffff, acknowledgement: 0xba9, payload: Uint8Array.of(1, 2, 3) }),
  );
  t.deepEqual(connection.read(), Uint8Array.of(1, 2, 3, 4, 5));
});

test("the second segment is acknowledged at once, a single one after 40 ms or with an answer", (t) => {
  const { bench, connection } = established();
  const data = (n: number) =>
    segment({ sequence: THEIRS + 1 + n * 10, payload: new Uint8Array(10) });
  connection.receive(data(0));
  t.is(bench.take().length, 0);
  connection.receive(data(1));
  t.like(bench.take()[0], { flags: ACK, acknowledgement: THEIRS + 21 });
  connection.receive(data(2));
  t.is(connection.deadlineNs, 40e6);
  expire(bench, connection);
  t.like(bench.take()[0], { flags: ACK, acknowledgement: THEIRS + 31 });
  connection.receive(data(3));
  connection.write(Uint8Array.of(1));
  t.like(bench.take()[0], { flags: ACK | PSH, acknowledgement: THEIRS + 41 });
  t.true(connection.deadlineNs >= 240e6);
});

test("a gap is told at once, with each segment behind it", (t) => {
  const { bench, connection } = established();
  for (const n of [1, 2, 3]) {
    connection.receive(segment({ sequence: THEIRS + 1 + n * 10, payload: new Uint8Array(10) }));
  }
  t.deepEqual(
    bench.take().map((one) => one.acknowledgement),
    [THEIRS + 1, THEIRS + 1, THEIRS + 1],
  );
  connection.receive(segment({ payload: new Uint8Array(10) }));
  t.is(bench.take()[0]?.acknowledgement, THEIRS + 41);
  t.is(connection.read()?.length, 40);
});

test("the third duplicate acknowledgement sends the lost segment again at once", (t) => {
  const { bench, connection } = established();
  connection.write(new Uint8Array(5000));
  bench.take();
  connection.receive(segment({}));
  connection.receive(segment({}));
  t.is(bench.take().length, 0);
  connection.receive(segment({}));
  const [again] = bench.take();
  t.is(again?.sequence, OURS + 1);
  t.is(again?.payload.length, 1000);
  t.is(connection.retransmitted, 1);
});

test("in recovery a partial acknowledgement sends the next hole", (t) => {
  const { bench, connection } = established();
  connection.write(new Uint8Array(5000));
  for (let i = 0; i < 3; i++) connection.receive(segment({}));
  bench.take();
  connection.receive(segment({ acknowledgement: OURS + 2001 }));
  t.is(bench.take()[0]?.sequence, OURS + 2001);
  connection.receive(segment({ acknowledgement: OURS + 5001 }));
  t.is(connection.unsent, 0);
  t.is(connection.deadlineNs, Number.POSITIVE_INFINITY);
});

test("without an answer the timeout doubles, and after the last try the connection is given up", (t) => {
  const { bench, connection } = established();
  connection.write(new Uint8Array(10));
  bench.take();
  const waits: number[] = [];
  while (connection.state === "established") {
    const before = bench.nowNumber;
    expire(bench, connection);
    waits.push((bench.nowNumber - before) / 1e9);
  }
  t.is(connection.fault, "ETIMEDOUT");
  t.is(bench.take().length, TCP.dataRetriesMax);
  t.deepEqual(waits.slice(0, 5), [0.2, 0.4, 0.8, 1.6, 3.2]);
  t.is(Math.max(...waits), 120);
  t.is(connection.deadlineNs, Number.POSITIVE_INFINITY);
});

test("a closed window is probed for as long as the peer answers", (t) => {
  const { bench, connection } = established();
  connection.write(new Uint8Array(1000));
  connection.receive(segment({ acknowledgement: OURS + 1001, window: 0 }));
  connection.write(new Uint8Array(3000));
  bench.take();
  for (let i = 0; i < 50; i++) {
    expire(bench, connection);
    t.deepEqual(lengths(bench.take()), [1]);
    connection.receive(segment({ acknowledgement: OURS + 1001, window: 0 }));
  }
  t.is(connection.state, "established");
  connection.receive(segment({ acknowledgement: OURS + 1001, window: 5000 }));
  t.deepEqual(lengths(bench.take()), [1000, 1000, 1000]);
});

test("a closed window whose owner is gone ends the connection", (t) => {
  const { bench, connection } = established(OURS, THEIRS, 0);
  connection.write(new Uint8Array(10));
  for (let i = 0; connection.state === "established"; i++) {
    t.true(i < 100);
    expire(bench, connection);
  }
  t.is(connection.fault, "ETIMEDOUT");
});

test("no short segment goes out while a full one waits for room", (t) => {
  const { bench, connection } = established(OURS, THEIRS, 1500);
  connection.write(new Uint8Array(4000));
  t.deepEqual(lengths(bench.take()), [1000]);
});

test("the window closes when nobody reads, and its opening is told", (t) => {
  const { bench, connection } = established();
  for (let at = 0; at < 65_535; at += 1460) {
    const payload = new Uint8Array(Math.min(1460, 65_535 - at));
    connection.receive(segment({ sequence: THEIRS + 1 + at, payload }));
  }
  expire(bench, connection);
  t.is(bench.take().at(-1)?.window, 0);
  // A probe is answered and not taken in.
  connection.receive(segment({ sequence: THEIRS + 65_536, payload: Uint8Array.of(9) }));
  t.like(bench.take()[0], { acknowledgement: THEIRS + 65_536, window: 0 });
  t.is(connection.read()?.length, 65_535);
  t.like(bench.take()[0], { acknowledgement: THEIRS + 65_536, window: 65_535 });
});

test("we close, the peer closes, and a minute later everything is gone", (t) => {
  const { bench, connection } = established();
  connection.write(Uint8Array.of(1));
  connection.end();
  t.deepEqual(flags(bench.take()), [ACK | PSH, FIN | ACK]);
  t.is(connection.state, "fin-wait-1");
  connection.receive(segment({ acknowledgement: OURS + 3 }));
  t.is(connection.state, "fin-wait-2");
  const fin = segment({ acknowledgement: OURS + 3, flags: FIN | ACK });
  connection.receive(fin);
  t.is(connection.state, "time-wait");
  t.like(bench.take()[0], { flags: ACK, acknowledgement: THEIRS + 2 });
  // Our last acknowledgement was lost: the FIN comes again and is acknowledged again.
  connection.receive(fin);
  t.like(bench.take()[0], { flags: ACK, acknowledgement: THEIRS + 2 });
  expire(bench, connection);
  t.is(connection.state, "closed");
  t.is(connection.fault, null);
  t.is(bench.nowNumber, TCP.timeWaitNs);
});

test("the peer closes first: what we still write arrives, then we close", (t) => {
  const { bench, connection } = established();
  connection.receive(segment({ payload: Uint8Array.of(7), flags: FIN | ACK | PSH }));
  t.is(connection.state, "close-wait");
  t.true(connection.peerEnded);
  t.deepEqual(connection.read(), Uint8Array.of(7));
  connection.write(Uint8Array.of(1, 2));
  connection.end();
  t.is(connection.state, "last-ack");
  t.is(bench.take().at(-1)?.flags, FIN | ACK);
  connection.receive(segment({ sequence: THEIRS + 3, acknowledgement: OURS + 4 }));
  t.is(connection.state, "closed");
});

test("both sides close at once", (t) => {
  const { bench, connection } = established();
  connection.end();
  connection.receive(segment({ flags: FIN | ACK }));
  t.is(connection.state, "closing");
  connection.receive(segment({ sequence: THEIRS + 2, acknowledgement: OURS + 2 }));
  t.is(connection.state, "time-wait");
  t.deepEqual(flags(bench.take()), [FIN | ACK, ACK]);
});

test("a FIN that overtakes data waits for it", (t) => {
  const { connection } = established();
  connection.receive(segment({ sequence: THEIRS + 4, flags: FIN | ACK }));
  t.false(connection.peerEnded);
  connection.receive(segment({ payload: Uint8Array.of(1, 2, 3) }));
  t.true(connection.peerEnded);
  t.deepEqual(connection.read(), Uint8Array.of(1, 2, 3));
});

test("a side that is closed and not read any more is given up after a silence", (t) => {
  const { bench, connection } = established();
  connection.end();
  connection.receive(segment({ acknowledgement: OURS + 2 }));
  expire(bench, connection);
  t.is(connection.state, "closed");
  t.is(connection.fault, null);
});

test("an exact reset breaks the connection, one that is only in the window is asked about", (t) => {
  const { bench, connection } = established();
  connection.receive(segment({ sequence: THEIRS + 100, flags: RST }));
  t.is(connection.state, "established");
  t.like(bench.take()[0], { flags: ACK, acknowledgement: THEIRS + 1 });
  connection.receive(segment({ sequence: THEIRS + 100_000, flags: RST }));
  t.is(connection.state, "established");
  connection.receive(segment({ flags: RST }));
  t.is(connection.state, "closed");
  t.is(connection.fault, "ECONNRESET");
});

test("a reset of an attempt to connect counts only when it names our SYN", (t) => {
  const bench = new Bench();
  const connection = TcpConnection.connect(bench, OURS);
  connection.receive(segment({ sequence: 0, acknowledgement: OURS + 2, flags: RST | ACK }));
  t.is(connection.state, "syn-sent");
  connection.receive(segment({ sequence: 0, flags: RST | ACK }));
  t.is(connection.fault, "ECONNREFUSED");
});

test("an old acknowledgement in answer to our SYN is reset, as after a reboot of ours", (t) => {
  const bench = new Bench();
  const connection = TcpConnection.connect(bench, OURS);
  bench.take();
  connection.receive(segment({ acknowledgement: OURS + 500 }));
  t.deepEqual(flags(bench.take()), [RST]);
  t.is(connection.state, "syn-sent");
});

test("two sides that disagree do not answer each other for ever", (t) => {
  const { bench, connection } = established();
  const strange = segment({ acknowledgement: OURS + 40_000 });
  for (let i = 0; i < 100; i++) connection.receive(strange);
  t.is(bench.take().length, 1);
  bench.nowNumber = 600e6;
  connection.receive(strange);
  t.is(bench.take().length, 1);
});

test("abort sends a reset that the peer will believe, and forgets what was not read", (t) => {
  const { bench, connection } = established();
  connection.receive(segment({ payload: Uint8Array.of(1) }));
  connection.abort("ECLOSED");
  t.like(bench.take()[0], { flags: RST | ACK, sequence: OURS + 1 });
  t.is(connection.read(), null);
  t.is(connection.deadlineNs, Number.POSITIVE_INFINITY);
});
