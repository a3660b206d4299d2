import { Random } from "../src/base/random.ts";
import type { MissPolicy } from "../src/replay/miss.ts";
import { PacketReplayer } from "../src/replay/packet-replayer.ts";
import { Tape } from "../src/replay/tape.ts";
import { emitTcpFrame } from "../src/wire/packet.ts";
import { TCP_FLAG } from "../src/wire/tcp.ts";
import { emitTcpOptions } from "../src/wire/tcp-options.ts";

/**
 * Sessions per second of CPU through the packet-level replayer: handshake, one request, one recorded answer, close.
 * The bot's frames are built before, so that only the replayer is measured. `node bench/replayer.ts [SESSIONS] [BYTES]`.
 */

const SERVER = { address: "203.0.113.7", port: 80 };
const BOT = "10.20.0.2";
const PORTS = 2_000;
const MSS = 1_460;
const INITIAL = 7_000;
const MISS: MissPolicy = "close";
const { syn, ack, psh, fin } = TCP_FLAG;

const sessions = Number(process.argv[2] ?? 100_000);
const bodyBytes = Number(process.argv[3] ?? 1_200);
const request = Buffer.from(
  "GET /gate.php?id=1 HTTP/1.1\r\nHost: cnc.example\r\nAccept: */*\r\n\r\n",
);
const head = `HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: ${bodyBytes}\r\n\r\n`;
const response = new Uint8Array(Buffer.concat([Buffer.from(head), Buffer.alloc(bodyBytes, "a")]));

function frame(
  port: number,
  flags: number,
  sequence: number,
  acknowledgement: number,
  payload = new Uint8Array(0),
) {
  return emitTcpFrame({
    sourceMac: "52:54:00:00:00:01",
    destinationMac: "52:54:00:00:00:fe",
    source: BOT,
    destination: SERVER.address,
    tcp: {
      sourcePort: port,
      destinationPort: SERVER.port,
      sequence,
      acknowledgement,
      flags,
      window: 65_535,
      ...((flags & syn) === 0 ? {} : { options: emitTcpOptions({ maximumSegmentSize: MSS }) }),
    },
    payload,
  });
}

/** A whole session of a bot that acknowledges every second segment. */
function script(port: number): Uint8Array[] {
  const asked = 101 + request.length;
  const frames = [
    frame(port, syn, 100, 0),
    frame(port, ack, 101, INITIAL + 1),
    frame(port, ack | psh, 101, INITIAL + 1, request),
  ];
  for (let got = 0; got < response.length; ) {
    got = Math.min(response.length, got + 2 * MSS);
    frames.push(frame(port, ack, asked, INITIAL + 1 + got));
  }
  frames.push(frame(port, ack | fin, asked, INITIAL + 1 + response.length));
  frames.push(frame(port, ack, asked + 1, INITIAL + 2 + response.length));
  return frames;
}

const scripts = Array.from({ length: PORTS }, (_, i) => script(20_000 + i));

function play(count: number) {
  const tape = Tape.record(
    Array.from({ length: count }, (_, i) => ({
      client: { address: BOT, port: 1 },
      server: SERVER,
      ...{ requestStartNs: BigInt(i), requestEndNs: BigInt(i), responseEndNs: BigInt(i) },
      ...{ method: "GET", host: "cnc.example", uri: "/gate.php?id=1", status: 200 },
      ...{ requestBytes: 0, responseBytes: bodyBytes, contentType: "text/html", complete: true },
      raw: { request, response },
    })),
  );
  let frames = 0;
  let bytes = 0;
  let nowNs = 0n;
  let put: (frame: Uint8Array) => void = () => {};
  const port = {
    timers: { nowNs: () => nowNs, sleep: async () => {}, after: () => () => {} },
    send: (sent: Uint8Array) => {
      frames++;
      bytes += sent.length;
    },
    onFrame: (handler: (frame: Uint8Array) => void) => {
      put = handler;
    },
  };
  const replayer = new PacketReplayer(port, tape, {
    miss: MISS,
    random: Random.from(1),
    initialSequence: () => INITIAL,
  });
  const before = process.cpuUsage();
  for (let i = 0; i < count; i++) {
    nowNs += 1_000_000n;
    for (const one of scripts[i % PORTS]!) {
      frames++;
      put(one);
    }
  }
  const used = process.cpuUsage(before);
  const closed = replayer.counts()["connection-closed"];
  const { recorded } = replayer.account().bytes;
  if (closed !== count || recorded !== count * response.length) {
    throw new Error(`only ${closed} sessions of ${count} ended well, ${recorded} bytes`);
  }
  return { cpuSeconds: (used.user + used.system) / 1e6, frames, bytes };
}

play(Math.ceil(sessions / 10));
const { cpuSeconds, frames, bytes } = play(sessions);
console.log(
  JSON.stringify({
    bench: "replayer",
    sessions,
    bodyBytes,
    cpuSeconds: Number(cpuSeconds.toFixed(3)),
    sessionsPerCpuSecond: Math.round(sessions / cpuSeconds),
    framesPerCpuSecond: Math.round(frames / cpuSeconds),
    sentMBPerCpuSecond: Math.round(bytes / 1e6 / cpuSeconds),
    rssMiB: Math.round(process.memoryUsage().rss / 2 ** 20),
  }),
);
