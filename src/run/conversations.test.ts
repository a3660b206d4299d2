import test from "ava";
import { TCP_FLAG } from "../wire/dissection.ts";
import { emitTcpFrame, emitUdpFrame } from "../wire/packet.ts";
import { Conversations } from "./conversations.ts";
import { UplinkTally } from "./tally.ts";

const MAC = "52:54:00:0a:00:0a";
const ROUTER = "52:54:00:0a:00:01";
const [CLIENT, SERVER] = ["10.10.0.10", "203.0.113.250"];
const SECOND = 1_000_000_000n;
const NOTHING = new Uint8Array(0);

/** A suspect's uplink: what leaves and what comes, second by second, and the verdict at second 100. */
class Stage {
  readonly uplink = new UplinkTally();
  readonly conversations = new Conversations([MAC], this.uplink);

  out(second: number, frame: Uint8Array): void {
    this.conversations.frame(frame, BigInt(second) * SECOND, true);
  }

  in(second: number, frame: Uint8Array): void {
    this.conversations.frame(frame, BigInt(second) * SECOND, false);
  }

  judged(speed = 1) {
    this.uplink.verdict(MAC, 100n * SECOND);
    return this.conversations.of(MAC, speed);
  }
}

const OUT = { sourceMac: MAC, destinationMac: ROUTER, source: CLIENT, destination: SERVER };
const IN = { sourceMac: ROUTER, destinationMac: MAC, source: SERVER, destination: CLIENT };

function udp(port: number) {
  const question = { sourcePort: 40_000, destinationPort: port };
  const answer = { sourcePort: port, destinationPort: 40_000 };
  return {
    question: emitUdpFrame({ ...OUT, udp: question, payload: NOTHING }),
    answer: emitUdpFrame({ ...IN, udp: answer, payload: NOTHING }),
  };
}

function tcp(flags: number, leaves: boolean): Uint8Array {
  const [sourcePort, destinationPort] = leaves ? [40_000, 80] : [80, 40_000];
  const header = { sourcePort, destinationPort, sequence: 1, acknowledgement: 1, flags };
  const route = leaves ? OUT : IN;
  return emitTcpFrame({ ...route, tcp: { ...header, window: 1000 }, payload: NOTHING });
}

const { syn, ack, fin } = TCP_FLAG;

test("a TCP connection is open once both sides have agreed, until one closes", (t) => {
  const stage = new Stage();
  stage.out(1, tcp(syn, true));
  stage.in(1, tcp(syn | ack, false));
  // Silence does not close it.
  t.like(stage.judged()[0], { protocol: "tcp", open: true, client: `${CLIENT}:40000` });

  const closed = new Stage();
  closed.out(1, tcp(syn, true));
  closed.in(1, tcp(syn | ack, false));
  closed.in(99, tcp(fin | ack, false));
  t.like(closed.judged()[0], { open: false });

  const refused = new Stage();
  refused.out(99, tcp(syn, true));
  t.like(refused.judged()[0], { open: false });
});

test("a port that is used again is another connection", (t) => {
  const stage = new Stage();
  stage.out(1, tcp(syn, true));
  stage.in(1, tcp(syn | ack, false));
  stage.out(2, tcp(fin | ack, true));
  stage.out(3, tcp(syn, true));
  stage.in(3, tcp(syn | ack, false));
  t.deepEqual(
    stage.judged().map(({ open }) => open),
    [true],
  );
});

test("a UDP conversation is open when it was answered, and not silent for long", (t) => {
  const { question, answer } = udp(53);
  const stage = new Stage();
  stage.out(90, question);
  t.like(stage.judged()[0], { protocol: "dns", open: false });
  stage.in(90, answer);
  t.like(stage.judged()[0], { open: true });

  const old = new Stage();
  old.out(60, question);
  old.in(60, answer);
  t.deepEqual(old.judged(), []);
  // Forty seconds of a lab that runs twice as fast are twenty of the network.
  t.like(old.judged(2)[0], { open: true });
});

test("what leaves after the verdict and after the cut is counted, and what others send is not", (t) => {
  const { question, answer } = udp(4702);
  const stage = new Stage();
  stage.out(99, question);
  stage.in(99, answer);
  stage.uplink.verdict(MAC, 100n * SECOND);
  stage.out(101, question);
  stage.uplink.cut(MAC, 102n * SECOND);
  stage.in(103, answer);
  stage.out(104, question);
  t.deepEqual(stage.conversations.of(MAC, 1), [
    {
      protocol: "udp",
      client: `${CLIENT}:40000`,
      server: `${SERVER}:4702`,
      open: true,
      lastBeforeCutNs: 101n * SECOND,
      lastAfterCutNs: 104n * SECOND,
      framesAfterVerdict: 2,
      framesAfterCut: 1,
    },
  ]);
  t.deepEqual(stage.conversations.of("52:54:00:0a:00:0b", 1), []);
});
