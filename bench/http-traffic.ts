import { Random } from "../src/base/random.ts";
import type { Frame } from "../src/wire/frame.ts";

/**
 * Mixed HTTP traffic as a capture would hold it, made from a seed: many connections side by side, keep-alive, chunked
 * and gzip-looking answers, POST, 404, HEAD, some segments swapped or sent twice, and traffic that is no HTTP.
 */
export interface TrafficOptions {
  /** Bytes of the capture file to make, headers of its packets included. */
  readonly bytes: number;
  readonly seed: number;
  /** Connections at the same time. */
  readonly concurrency?: number;
  /** Share of segments that swap places with the next one of their connection, and that are sent twice. */
  readonly disorder?: number;
  readonly repetition?: number;
}

const RECORD_HEADER_BYTES = 16;
const SEGMENT_BYTES = 1_448;
const HEADERS_BYTES = 14 + 20 + 32;
const FIN = 1;
const SYN = 2;
const PSH_ACK = 24;
const ACK = 16;

export function* httpTraffic(options: TrafficOptions): Generator<Frame, void, undefined> {
  const random = Random.from(options.seed).fork("traffic");
  const noise = random.fork("bodies").bytes(262_144);
  const concurrency = options.concurrency ?? 300;
  const running: Generator<Uint8Array>[] = [];
  let serial = 0;
  let written = 24;
  let timeNs = 1_500_000_000_000_000_000n;
  while (written < options.bytes) {
    while (running.length < concurrency)
      running.push(conversation(serial++, random, noise, options));
    const index = random.int(0, running.length - 1);
    const next = running[index]!.next();
    if (next.done === true) {
      running[index] = running.at(-1)!;
      running.pop();
      continue;
    }
    timeNs += BigInt(random.int(500, 20_000));
    written += RECORD_HEADER_BYTES + next.value.length;
    yield { timeNs, bytes: next.value };
  }
}

/** The frames of one connection. */
function* conversation(
  serial: number,
  random: Random,
  noise: Uint8Array,
  options: TrafficOptions,
): Generator<Uint8Array, void, undefined> {
  const segments = new Segments(serial, random, noise);
  const disorder = options.disorder ?? 0.004;
  const repetition = options.repetition ?? 0.004;
  const script = random.chance(0.06) ? foreign(segments) : exchanges(segments);
  let held: Uint8Array | null = null;
  for (const frame of script) {
    if (held === null && random.chance(disorder)) {
      held = frame;
      continue;
    }
    yield frame;
    if (random.chance(repetition)) yield frame;
    if (held !== null) {
      yield held;
      held = null;
    }
  }
  if (held !== null) yield held;
}

function* exchanges(s: Segments): Generator<Uint8Array> {
  yield* s.handshake();
  const count = 1 + s.random.poisson(0.6);
  for (let i = 0; i < count; i++) {
    const kind = s.random.float();
    const path = PATHS[s.random.int(0, PATHS.length - 1)]!;
    const uri = `${path}?id=${s.random.int(1, 99_999)}`;
    const fields = `Host: ${s.host}\r\nUser-Agent: Mozilla/5.0 (Windows NT 6.1)\r\nAccept: */*\r\n`;
    if (kind < 0.15) {
      const body = s.noise(s.random.int(10, 800));
      yield* s.send(
        0,
        `POST ${uri} HTTP/1.1\r\n${fields}Content-Length: ${body.length}\r\n\r\n`,
        body,
      );
    } else yield* s.send(0, `${kind > 0.97 ? "HEAD" : "GET"} ${uri} HTTP/1.1\r\n${fields}\r\n`);
    yield* s.acknowledge(1);
    yield* answer(s, kind);
    yield* s.acknowledge(0);
  }
  yield* s.close();
}

function* answer(s: Segments, kind: number): Generator<Uint8Array> {
  const server =
    "Server: nginx\r\nDate: Thu, 01 Jan 2015 00:00:00 GMT\r\nConnection: keep-alive\r\n";
  const length = Math.min(200_000, Math.round(s.random.logNormal(900, 2_500)));
  if (kind > 0.97) {
    yield* s.send(
      1,
      `HTTP/1.1 200 OK\r\n${server}Content-Type: text/html\r\nContent-Length: ${length}\r\n\r\n`,
    );
  } else if (kind > 0.9) {
    const text = "<html><body><h1>404 Not Found</h1></body></html>";
    yield* s.send(
      1,
      `HTTP/1.1 404 Not Found\r\n${server}Content-Type: text/html\r\nContent-Length: ${text.length}\r\n\r\n${text}`,
    );
  } else if (kind > 0.6) {
    const head = `HTTP/1.1 200 OK\r\n${server}Content-Type: text/html; charset=utf-8\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n`;
    const parts: Uint8Array[] = [text(head)];
    for (let left = length; left > 0; left -= 4_096) {
      const size = Math.min(left, 4_096);
      parts.push(text(`${size.toString(16)}\r\n`), s.noise(size), text("\r\n"));
    }
    parts.push(text("0\r\n\r\n"));
    yield* s.send(1, "", Buffer.concat(parts));
  } else {
    const body = s.noise(length);
    yield* s.send(
      1,
      `HTTP/1.1 200 OK\r\n${server}Content-Type: application/octet-stream\r\nContent-Length: ${length}\r\n\r\n`,
      body,
    );
  }
}

/** A connection that is no HTTP: a TLS-like record exchange. */
function* foreign(s: Segments): Generator<Uint8Array> {
  yield* s.handshake();
  yield* s.send(0, "\x16\x03\x01\x02\x00", s.noise(300));
  yield* s.send(1, "\x16\x03\x03\x00\x7a", s.noise(s.random.int(1_000, 20_000)));
  yield* s.acknowledge(0);
  yield* s.send(0, "\x17\x03\x03\x01\x00", s.noise(256));
  yield* s.close();
}

const PATHS = [
  "/",
  "/gate.php",
  "/images/logo.png",
  "/static/app.js",
  "/api/v1/items",
  "/index.php",
];

function text(latin1: string): Buffer {
  return Buffer.from(latin1, "latin1");
}

/** Builds the segments of one connection and keeps its numbers. */
class Segments {
  readonly random: Random;
  readonly host: string;
  readonly #noise: Uint8Array;
  readonly #isIpv6: boolean;
  readonly #addresses: readonly [number, number];
  readonly #ports: readonly [number, number];
  readonly #next: [number, number];

  constructor(serial: number, random: Random, noise: Uint8Array) {
    this.random = random;
    this.#noise = noise;
    this.#isIpv6 = serial % 20 === 0;
    const server = random.int(1, 40);
    this.host = `site${server}.example`;
    this.#addresses = [0x0a000000 + random.int(1, 5_000), 0xc6336400 + server];
    this.#ports = [20_000 + (serial % 45_000), random.chance(0.9) ? 80 : 8_080];
    this.#next = [random.int(0, 0xffffffff), random.int(0, 0xffffffff)];
  }

  noise(length: number): Uint8Array {
    const start = this.random.int(0, this.#noise.length - 1);
    if (start + length <= this.#noise.length) return this.#noise.subarray(start, start + length);
    const joined = new Uint8Array(length);
    for (let at = 0; at < length; at += this.#noise.length) {
      joined.set(this.#noise.subarray(0, Math.min(this.#noise.length, length - at)), at);
    }
    return joined;
  }

  *handshake(): Generator<Uint8Array> {
    yield this.#frame(0, SYN, EMPTY);
    yield this.#frame(1, SYN | ACK, EMPTY);
    yield this.#frame(0, ACK, EMPTY);
  }

  *close(): Generator<Uint8Array> {
    yield this.#frame(0, FIN | ACK, EMPTY);
    yield this.#frame(1, FIN | ACK, EMPTY);
    yield this.#frame(0, ACK, EMPTY);
  }

  *acknowledge(side: 0 | 1): Generator<Uint8Array> {
    yield this.#frame(side, ACK, EMPTY);
  }

  /** The text and the body, in segments; the other side acknowledges every second one. */
  *send(side: 0 | 1, head: string, body: Uint8Array = EMPTY): Generator<Uint8Array> {
    const bytes = head === "" ? body : Buffer.concat([text(head), body]);
    let count = 0;
    for (let at = 0; at < bytes.length; at += SEGMENT_BYTES) {
      yield this.#frame(side, PSH_ACK, bytes.subarray(at, at + SEGMENT_BYTES));
      if (++count % 2 === 0) yield* this.acknowledge(side === 0 ? 1 : 0);
    }
  }

  #frame(side: 0 | 1, flags: number, payload: Uint8Array): Uint8Array {
    const ipBytes = this.#isIpv6 ? 40 : 20;
    const bytes = new Uint8Array(HEADERS_BYTES - 20 + ipBytes + payload.length);
    const view = new DataView(bytes.buffer);
    const other = side === 0 ? 1 : 0;
    view.setUint32(2, 0x0a000000 + other);
    view.setUint32(8, 0x0a000000 + side);
    view.setUint16(12, this.#isIpv6 ? 0x86dd : 0x0800);
    if (this.#isIpv6) {
      view.setUint32(14, 0x60000000);
      view.setUint16(18, 32 + payload.length);
      view.setUint16(20, 0x0640);
      view.setUint32(22, 0x20010db8);
      view.setUint32(34, this.#addresses[side]);
      view.setUint32(38, 0x20010db8);
      view.setUint32(50, this.#addresses[other]);
    } else {
      view.setUint16(14, 0x4500);
      view.setUint16(16, 52 + payload.length);
      view.setUint16(20, 0x4000);
      view.setUint16(22, 0x4006);
      view.setUint32(26, this.#addresses[side]);
      view.setUint32(30, this.#addresses[other]);
      view.setUint16(24, headerChecksum(view, 14));
    }
    const tcp = 14 + ipBytes;
    view.setUint16(tcp, this.#ports[side]);
    view.setUint16(tcp + 2, this.#ports[other]);
    view.setUint32(tcp + 4, this.#next[side]);
    if ((flags & ACK) !== 0) view.setUint32(tcp + 8, this.#next[other]);
    view.setUint8(tcp + 12, 0x80);
    view.setUint8(tcp + 13, flags);
    view.setUint16(tcp + 14, 0xffff);
    view.setUint32(tcp + 20, 0x0101080a);
    bytes.set(payload, tcp + 32);
    const consumed = payload.length + ((flags & (SYN | FIN)) !== 0 ? 1 : 0);
    this.#next[side] = (this.#next[side] + consumed) >>> 0;
    return bytes;
  }
}

const EMPTY = new Uint8Array(0);

function headerChecksum(view: DataView, at: number): number {
  let sum = 0;
  for (let i = 0; i < 20; i += 2) sum += view.getUint16(at + i);
  sum = (sum & 0xffff) + (sum >>> 16);
  return ~(sum + (sum >>> 16)) & 0xffff;
}
