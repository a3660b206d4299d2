import { closeSync, openSync, writeSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import test from "ava";
import { PcapWriter } from "../src/pcap/writer.ts";
import { emitTcpFrame } from "../src/wire/packet.ts";
import { hostile } from "./hostile.fixture.ts";

const ACK = 16;
const SYN = 2;

interface Segment {
  readonly from: 0 | 1;
  readonly flags: number;
  /** Bytes of the sender's stream before it. */
  readonly offset: number;
  readonly payload?: Uint8Array | string;
}

const MACS = ["52:54:00:00:00:01", "52:54:00:00:00:02"] as const;
const ADDRESSES = ["10.0.0.1", "203.0.113.10"] as const;
const INITIAL = [1_000, 4_294_960_000] as const;

function frameOf({ from, flags, offset, payload = "" }: Segment, clientPort: number): Uint8Array {
  const to = from === 0 ? 1 : 0;
  const ports = [clientPort, 80] as const;
  const isSyn = (flags & SYN) !== 0;
  return emitTcpFrame({
    sourceMac: MACS[from],
    destinationMac: MACS[to],
    source: ADDRESSES[from],
    destination: ADDRESSES[to],
    tcp: {
      sourcePort: ports[from],
      destinationPort: ports[to],
      sequence: (INITIAL[from] + offset + (isSyn ? 0 : 1)) >>> 0,
      acknowledgement: (INITIAL[to] + 1) >>> 0,
      flags,
      window: 65_535,
    },
    payload: typeof payload === "string" ? Buffer.from(payload, "latin1") : payload,
  });
}

/** Write a capture of these segments as they are made: it may be larger than what one wants in memory. */
function writeCapture(file: string, segments: Iterable<Segment>, clientPort = 40_000): void {
  const descriptor = openSync(file, "w");
  const writer = new PcapWriter((piece) => {
    writeSync(descriptor, piece);
  });
  let timeNs = 0n;
  for (const segment of segments) {
    writer.write({ timeNs, bytes: frameOf(segment, clientPort) });
    timeNs += 1_000n;
  }
  writer.end();
  closeSync(descriptor);
}

function* opened(request: string): Generator<Segment> {
  yield { from: 0, flags: SYN, offset: 0 };
  yield { from: 1, flags: SYN | ACK, offset: 0 };
  yield { from: 0, flags: ACK, offset: 0, payload: request };
}

/** A classic pcap of 100 bytes: one packet, which claims this length. */
function claims(length: number): Uint8Array {
  const file = new Uint8Array(100);
  const view = new DataView(file.buffer);
  for (const [i, value] of [0xa1b2c3d4, 0x0002_0004, 0, 0, 262_144, 1].entries()) {
    view.setUint32(i * 4, value);
  }
  view.setUint32(24 + 8, length);
  view.setUint32(24 + 12, length);
  return file;
}

/** A pcapng of 100 bytes: a section, then a block of this type that claims this length. */
function blockClaims(type: number, length: number): Uint8Array {
  const file = new Uint8Array(100);
  const view = new DataView(file.buffer);
  const words = [0x0a0d0d0a, 28, 0x1a2b3c4d, 0x0001_0000, 0xffffffff, 0xffffffff, 28, type, length];
  for (const [i, value] of words.entries()) view.setUint32(i * 4, value);
  return file;
}

test.serial("a packet that claims 4 GB in a file of 100 bytes is refused", hostile, {
  given: (file) => writeFile(file, claims(0xffff_ffff)),
  status: 65,
  says: [/packet 1 at offset 24: the packet claims 4294967295 bytes, more than the limit/],
});

test.serial("a pcapng packet block that claims 4 GB is refused", hostile, {
  given: (file) => writeFile(file, blockClaims(6, 0xffff_fffc)),
  status: 65,
  says: [/at offset 28: a pcapng block claims 4294967292 bytes, more than the limit/],
});

test.serial(
  "an unknown pcapng block that claims 4 GB is skipped, and the file is said to be cut",
  hostile,
  {
    given: (file) => writeFile(file, blockClaims(0x0bad_cafe, 0xffff_fffc)),
    status: 0,
    says: [/unknown-block 1/, /cut-short 1/],
  },
);

test.serial(
  "a packet that claims the largest length there may be is cut short, not waited for in memory",
  hostile,
  {
    given: (file) => writeFile(file, claims(16 * 1024 * 1024)),
    status: 0,
    says: [/cut-short 1/],
  },
);

const CHUNKED = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

test.serial("a chunk size of 2^64 ends the message there, and is counted", hostile, {
  given: (file) =>
    writeCapture(file, [
      ...opened("GET /huge HTTP/1.1\r\nHost: h.example\r\n\r\n"),
      { from: 1, flags: ACK, offset: 0, payload: `${CHUNKED}10000000000000000\r\nabc` },
    ]),
  status: 0,
  says: [/huge-chunk-size 1/],
  records: [{ uri: "/huge", status: 200, responseBytes: 0, complete: false }],
});

test.serial("a Content-Length of 2^64 is counted, and the bytes that are there are told", hostile, {
  given: (file) => {
    const head = "HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551616\r\n\r\n";
    writeCapture(file, [
      ...opened("GET /long HTTP/1.1\r\nHost: h.example\r\n\r\n"),
      { from: 1, flags: ACK, offset: 0, payload: `${head}abc` },
    ]);
  },
  status: 0,
  says: [/huge-content-length 1/],
  records: [{ uri: "/long", status: 200, complete: false }],
});

function* endlessHeader(bytes: number): Generator<Segment> {
  yield* opened("GET /header HTTP/1.1\r\nHost: h.example\r\n\r\n");
  yield { from: 1, flags: ACK, offset: 0, payload: "HTTP/1.1 200 OK\r\nX-Endless: " };
  const filler = "x".repeat(1_400);
  for (let offset = 28; offset < bytes; offset += filler.length) {
    yield { from: 1, flags: ACK, offset, payload: filler };
  }
}

test.serial("a header of 20 MB that never ends is given up at the limit, and counted", hostile, {
  given: (file) => writeCapture(file, endlessHeader(20_000_000)),
  status: 0,
  says: [/head-too-long 1/],
  records: [{ uri: "/header", complete: false }],
});

const TINY = 1_000_000;
const TINY_HEAD = `HTTP/1.1 200 OK\r\nContent-Length: ${TINY}\r\n\r\n`;

/** One byte in each segment, in the order that `place` gives. */
function* tiny(place: (i: number) => number): Generator<Segment> {
  yield* opened("GET /tiny HTTP/1.1\r\nHost: t.example\r\n\r\n");
  yield { from: 1, flags: ACK, offset: 0, payload: TINY_HEAD };
  for (let i = 0; i < TINY; i++) {
    yield { from: 1, flags: ACK, offset: TINY_HEAD.length + place(i), payload: "x" };
  }
}

test.serial(
  "a million segments of one byte, each sixteen of them backwards, are put in order",
  hostile,
  {
    given: (file) =>
      writeCapture(
        file,
        tiny((i) => i ^ 15),
      ),
    status: 0,
    says: [/outOfOrder \d{6}/],
    records: [{ uri: "/tiny", status: 200, responseBytes: TINY, complete: true }],
  },
);

test.serial(
  "a million segments of one byte in reverse order run into the limit, which is counted",
  hostile,
  {
    given: (file) =>
      writeCapture(
        file,
        tiny((i) => TINY - 1 - i),
      ),
    status: 0,
    says: [/outOfOrder 4096/, /gaps 1, gapBytes 995904/],
    records: [{ uri: "/tiny", status: 200, responseBytes: 4_096, complete: false }],
  },
);
