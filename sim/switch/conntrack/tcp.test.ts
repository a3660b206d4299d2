import test from "ava";
import {
  beginTcp,
  mayBegin,
  TCP_STATE_NAMES,
  type TcpPeer,
  type TcpSegment,
  tcpPhase,
  updateTcp,
} from "./tcp.ts";

const FLAGS = { F: 1, S: 2, R: 4, P: 8, A: 16, U: 32 } as const;

function flagsOf(letters: string): number {
  return [...letters].reduce((sum, f) => sum | FLAGS[f as keyof typeof FLAGS], 0);
}

function segment(
  letters: string,
  sequence = 0,
  acknowledgement = 0,
  payloadBytes = 0,
  more: Partial<TcpSegment> = {},
): TcpSegment {
  return {
    flags: flagsOf(letters),
    sequence,
    acknowledgement,
    window: 1_000,
    payloadBytes,
    scale: -1,
    ...more,
  };
}

const begins = test.macro({
  exec(t, letters: string, expected: boolean) {
    t.is(mayBegin(flagsOf(letters)), expected);
  },
  title: (_title, letters, expected) =>
    `a connection ${expected ? "may" : "cannot"} begin with ${letters === "" ? "no flag" : letters}`,
});

for (const letters of ["S", "A", "PA", "FA", "R", "RA"]) test(begins, letters, true);
for (const letters of ["", "SA", "F", "P", "SF", "SR", "FPU", "U"]) test(begins, letters, false);

/** Segments of one connection: `>` by its opener, `<` by the other end; the verdict on each. */
class Conversation {
  readonly #peers: [TcpPeer, TcpPeer];
  readonly #liberal: boolean;

  constructor(first: TcpSegment, liberal = false) {
    this.#peers = beginTcp(first);
    this.#liberal = liberal;
  }

  send(direction: ">" | "<", s: TcpSegment): string {
    const [opener, other] = this.#peers;
    return direction === ">"
      ? updateTcp(opener, other, s, this.#liberal)
      : updateTcp(other, opener, s, this.#liberal);
  }

  get states(): string {
    return this.#peers.map(({ state }) => TCP_STATE_NAMES[state]).join(" ");
  }

  get phase(): string {
    return tcpPhase(...this.#peers);
  }
}

function established(liberal = false): Conversation {
  const c = new Conversation(segment("S", 100), liberal);
  c.send("<", segment("SA", 900, 101));
  c.send(">", segment("A", 101, 901));
  return c;
}

test("a handshake establishes a connection", (t) => {
  const c = new Conversation(segment("S", 100));
  t.is(c.phase, "opening");
  t.is(c.send(">", segment("S", 100)), "new");
  t.is(c.send("<", segment("SA", 900, 101)), "established");
  t.is(c.states, "ESTABLISHED SYN_SENT");
  t.is(c.phase, "opening");
  t.is(c.send(">", segment("A", 101, 901)), "established");
  t.is(c.states, "ESTABLISHED ESTABLISHED");
  t.is(c.phase, "established");
});

test("a close in order goes through its phases", (t) => {
  const c = established();
  t.is(c.send(">", segment("FA", 101, 901)), "established");
  t.is(c.phase, "closing");
  t.is(c.send("<", segment("FA", 901, 102)), "established");
  t.is(c.phase, "finWait");
  t.is(c.send(">", segment("A", 102, 902)), "established");
  t.is(c.phase, "closed");
  t.is(c.send(">", segment("S", 5_000)), "replace");
});

test("data inside the window passes, beyond it does not and changes nothing", (t) => {
  const c = established();
  t.is(c.send(">", segment("A", 101, 901, 1_000)), "established");
  t.is(c.send(">", segment("A", 1_101, 901, 1)), "invalid");
  t.is(c.send("<", segment("A", 901, 1_101)), "established");
  t.is(c.send(">", segment("A", 1_101, 901, 1)), "established");
  t.is(c.send("<", segment("A", 900_000, 1_101, 10)), "invalid");
});

test("the liberal mode lets everything pass that has possible flags", (t) => {
  const c = established(true);
  t.is(c.send(">", segment("A", 90_000_000, 5, 1_000)), "established");
  t.is(c.send(">", segment("SF", 1)), "invalid");
});

test("a reset must hit the expected sequence number, one more or one less", (t) => {
  for (const [sequence, verdict] of [
    [900, "established"],
    [901, "established"],
    [902, "established"],
    [899, "invalid"],
    [903, "invalid"],
  ] as const) {
    t.is(established().send("<", segment("R", sequence)), verdict, String(sequence));
  }
});

test("windows are scaled only if both ends said so in their SYNs", (t) => {
  const scaled = new Conversation(segment("S", 100, 0, 0, { scale: 4 }));
  scaled.send("<", segment("SA", 900, 101, 0, { scale: 7 }));
  scaled.send(">", segment("A", 101, 901));
  t.is(scaled.send("<", segment("A", 901, 101, 16_000)), "established");
  t.is(scaled.send("<", segment("A", 16_901, 101, 1)), "invalid");
  const oneSided = new Conversation(segment("S", 100, 0, 0, { scale: 4 }));
  oneSided.send("<", segment("SA", 900, 101));
  oneSided.send(">", segment("A", 101, 901));
  t.is(oneSided.send("<", segment("A", 901, 101, 16_000)), "invalid");
});

test("sequence numbers may wrap around", (t) => {
  const c = new Conversation(segment("S", 0xffff_fff0 | 0));
  t.is(c.send("<", segment("SA", 0xffff_ffff | 0, 0xffff_fff1 | 0)), "established");
  t.is(c.send(">", segment("A", 0xffff_fff1 | 0, 0, 100)), "established");
  t.is(c.send("<", segment("A", 0, 85)), "established");
  t.is(c.send(">", segment("A", 85, 0, 10)), "established");
});

test("a stream picked up in the middle is followed with the largest scale", (t) => {
  const c = new Conversation(segment("A", 5_000, 70_000, 10));
  t.is(c.send("<", segment("A", 70_000, 5_010, 500)), "established");
  t.is(c.send(">", segment("A", 5_010, 70_500)), "established");
  t.is(c.states, "ESTABLISHED ESTABLISHED");
});
