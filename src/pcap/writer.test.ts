import test from "ava";
import * as fc from "fast-check";
import { hex, unhex } from "../wire/wire.fixture.ts";
import { plain, readAll } from "./capture.fixture.ts";
import { PcapngWriter } from "./pcapng-writer.ts";
import { PcapWriter } from "./writer.ts";

function written(write: (sink: (piece: Uint8Array) => void) => void): Uint8Array {
  const pieces: Uint8Array[] = [];
  write((piece) => pieces.push(piece));
  return new Uint8Array(Buffer.concat(pieces));
}

test("pcap: nanoseconds, little endian, Ethernet", (t) => {
  const bytes = written((sink) => {
    const writer = new PcapWriter(sink);
    writer.write({ timeNs: 1_700_000_000_000_000_007n, bytes: unhex("deadbeef") });
    writer.write({ timeNs: 0n, bytes: unhex("") }, 60);
    writer.end();
  });
  t.is(
    hex(bytes),
    "4d3cb2a1020004000000000000000000" +
      "0000040001000000" +
      "00f15365070000000400000004000000deadbeef" +
      "0000000000000000000000003c000000",
  );
});

test("pcapng: interfaces with names, a comment, nanoseconds", (t) => {
  const bytes = written((sink) => {
    const writer = new PcapngWriter(sink, [{ name: "bot" }, { linkType: 101 }]);
    writer.write(
      { timeNs: 0x1_0000_0002n, bytes: unhex("0102030405"), port: 1 },
      { comment: "hi", originalLength: 9 },
    );
    writer.end();
  });
  t.is(
    hex(bytes),
    "0a0d0d0a1c0000004d3c2b1a01000000ffffffffffffffff1c000000" +
      "010000002800000001000000000000000200" +
      "0300626f74000900010009000000" +
      "0000000028000000" +
      "01000000200000006500000000000000090001000900000000000000" +
      "20000000" +
      "06000000340000000100000001000000020000000500000009000000" +
      "0102030405000000" +
      "01000200686900000000000034000000",
  );
});

const packets = fc.array(
  fc.record({
    timeNs: fc.bigInt({ min: 0n, max: 4_294_967_295_999_999_999n }),
    bytes: fc.uint8Array({ maxLength: 300 }),
    port: fc.integer({ min: 0, max: 2 }),
    cut: fc.integer({ min: 0, max: 1_000 }),
  }),
  { maxLength: 30 },
);
const cuts = fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1, maxLength: 20 });

test("what was written to pcap is read again, in any pieces", async (t) => {
  await fc.assert(
    fc.asyncProperty(packets, cuts, async (frames, lengths) => {
      const bytes = written((sink) => {
        const writer = new PcapWriter(sink, 113);
        for (const { cut, ...frame } of frames) writer.write(frame, frame.bytes.length + cut);
        writer.end();
      });
      const { records, events, error } = await readAll(bytes, lengths);
      t.is(error, null);
      t.deepEqual(events, []);
      t.deepEqual(
        records.map(plain),
        frames.map(({ timeNs, bytes: packet, cut }) => ({
          timeNs,
          bytes: hex(packet),
          originalLength: packet.length + cut,
          linkType: 113,
          port: 0,
        })),
      );
    }),
  );
});

test("what was written to pcapng is read again, in any pieces", async (t) => {
  const interfaces = [{ name: "a" }, { linkType: 101 }, { name: "a longer name", linkType: 113 }];
  await fc.assert(
    fc.asyncProperty(packets, cuts, async (frames, lengths) => {
      const bytes = written((sink) => {
        const writer = new PcapngWriter(sink, interfaces);
        for (const { cut, ...frame } of frames) {
          const comment = cut % 2 === 0 ? {} : { comment: "x".repeat(cut % 7) };
          writer.write(frame, { originalLength: frame.bytes.length + cut, ...comment });
        }
        writer.end();
      });
      const { records, events, error } = await readAll(bytes, lengths);
      t.is(error, null);
      t.deepEqual(events, []);
      t.deepEqual(
        records.map(plain),
        frames.map(({ timeNs, bytes: packet, port, cut }) => ({
          timeNs,
          bytes: hex(packet),
          originalLength: packet.length + cut,
          linkType: interfaces[port]?.linkType ?? 1,
          port,
        })),
      );
    }),
  );
});

test("a packet that is larger than a piece is written whole", async (t) => {
  const large = new Uint8Array(200_000).fill(7);
  const bytes = written((sink) => {
    const writer = new PcapWriter(sink);
    writer.write({ timeNs: 1n, bytes: unhex("aa") });
    writer.write({ timeNs: 2n, bytes: large });
    writer.write({ timeNs: 3n, bytes: unhex("bb") });
    writer.end();
    t.is(writer.packets, 3);
  });
  const { records } = await readAll(bytes, [65_536]);
  t.deepEqual(
    records.map((record) => record.bytes.length),
    [1, 200_000, 1],
  );
  t.deepEqual(records[1]?.bytes, large);
});

test("a time or a port that the file cannot hold is refused", (t) => {
  const pcap = new PcapWriter(() => undefined);
  const bytes = unhex("aa");
  t.throws(() => pcap.write({ timeNs: -1n, bytes }), { instanceOf: RangeError });
  t.throws(() => pcap.write({ timeNs: 2n ** 32n * 1_000_000_000n, bytes }), {
    instanceOf: RangeError,
  });
  t.throws(() => new PcapngWriter(() => undefined).write({ timeNs: 0n, bytes, port: 1 }), {
    message: "port 1: the file has 1 interfaces",
  });
});
