import { encode, RECURSION_DESIRED } from "dns-packet";
import { PROGRAM_LIMITS } from "../base/limits.ts";
import { type DatagramSocket, type Endpoint, type Socket, SocketError } from "../base/net.ts";
import type { ProgramHost } from "../host/host.ts";
import { fillerText } from "./filler.ts";
import type { CompanionProgram, CompanionServerProgram } from "./spec.ts";

const DNS_PORT = 53;
const CONNECT_TIMEOUT_MS = 3000;
/** Several segments, so that there is a transfer to be cut in the middle. */
const ANSWER_BYTES = 4000;
const QUESTION_BYTES = 200;

/**
 * What else a guest has open when it is cut off: a TCP connection with a transfer each interval, a UDP and a DNS conversation
 * with answers. It goes on until its host is gone.
 */
export async function runCompanion(program: CompanionProgram, host: ProgramHost): Promise<void> {
  const { address, tcpPort, udpPort } = program.server;
  let count = 0;
  await Promise.all([
    holdTcp({ address, port: tcpPort }, program.intervalMs, host),
    holdDatagrams({ address, port: udpPort }, program.intervalMs, host, () =>
      fillerText(QUESTION_BYTES),
    ),
    holdDatagrams({ address, port: DNS_PORT }, program.intervalMs, host, () => query(++count)),
  ]);
}

/** Answers what companions ask. It ends with its host. */
export async function runCompanionServer(
  program: CompanionServerProgram,
  host: ProgramHost,
): Promise<void> {
  const listener = host.network.listen(program.tcpPort);
  const accepting = untilBroken(async () => {
    void answerAll(await listener.accept());
  });
  const answering = [program.udpPort, DNS_PORT].map((port) =>
    answerDatagrams(host.network.datagrams(port)),
  );
  await Promise.all([accepting, ...answering]);
}

async function holdTcp(server: Endpoint, intervalMs: number, host: ProgramHost): Promise<void> {
  for (;;) {
    const reason = await untilBroken(async () => {
      const socket = await host.network.connect(server, CONNECT_TIMEOUT_MS);
      host.report({ kind: "companion.up" });
      for (;;) {
        await socket.write(fillerText(QUESTION_BYTES));
        for (let bytes = 0; bytes < ANSWER_BYTES; ) {
          const piece = await socket.read();
          if (piece === null) return socket.end();
          bytes += piece.length;
        }
        await host.timers.sleep(intervalMs);
      }
    }, 1);
    if (reason === "ECLOSED") return;
    await host.timers.sleep(PROGRAM_LIMITS.beaconPauseMsMax);
  }
}

async function answerAll(socket: Socket): Promise<void> {
  await untilBroken(async () => {
    let asked = 0;
    for (let piece = await socket.read(); piece !== null; piece = await socket.read()) {
      for (asked += piece.length; asked >= QUESTION_BYTES; asked -= QUESTION_BYTES)
        await socket.write(fillerText(ANSWER_BYTES));
    }
    socket.end();
  }, 1);
}

async function holdDatagrams(
  server: Endpoint,
  intervalMs: number,
  host: ProgramHost,
  question: () => Uint8Array,
): Promise<void> {
  const socket = host.network.datagrams(0);
  void untilBroken(() => socket.receive());
  for (;;) {
    const reason = await untilBroken(async () => socket.send(server, question()), 1);
    if (reason === "ECLOSED") return;
    await host.timers.sleep(intervalMs);
  }
}

async function answerDatagrams(socket: DatagramSocket): Promise<void> {
  await untilBroken(async () => {
    const { from, bytes } = await socket.receive();
    // An answer in DNS's own form: the question with the response bit (RFC 1035 §4.1.1).
    const answer = bytes.slice();
    answer[2] = (answer[2] ?? 0) | 0x80;
    socket.send(from, answer);
  });
}

function query(id: number): Uint8Array {
  const name = `${id}.companion.example`;
  const questions = [{ type: "A", class: "IN", name }] as const;
  return encode({
    type: "query",
    id: id & 0xffff,
    flags: RECURSION_DESIRED,
    questions: [...questions],
  });
}

/** Do it again and again, or `times`. Gives the reason where the network breaks it off; that is an end like any other. */
async function untilBroken(
  step: () => Promise<unknown>,
  times = Number.POSITIVE_INFINITY,
): Promise<string | null> {
  try {
    for (let done = 0; done < times; done++) await step();
    return null;
  } catch (error) {
    if (error instanceof SocketError) return error.code;
    throw error;
  }
}
