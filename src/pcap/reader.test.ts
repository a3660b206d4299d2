import test from "ava";
import * as fc from "fast-check";
import { InputError } from "../base/errors.ts";
import { PCAP_LIMITS } from "../base/limits.ts";
import { hex, unhex } from "../wire/wire.fixture.ts";
import { plain, readAll } from "./capture.fixture.ts";

const LITTLE_MICRO = unhex(`
  d4c3b2a1 0200 0400 00000000 00000000 ffff0000 01000000
  00f15365 40e20100 04000000 3c000000 deadbeef
  01f15365 00000000 00000000 00000000
  01f15365 3f420f00 02000000 02000000 cafe`);

const BIG_NANO = unhex(`
  a1b23c4d 0002 0004 00000000 00000000 0000ffff 00000071
  6553f100 0001e240 00000004 0000003c deadbeef
  6553f101 3b9ac9ff 00000002 00000002 cafe`);

test("a little-endian file with microseconds", async (t) => {
  const { records, events, error } = await readAll(LITTLE_MICRO);
  t.is(error, null);
  t.deepEqual(events, []);
  const common = { linkType: 1, port: 0 };
  t.deepEqual(records.map(plain), [
    { timeNs: 1_700_000_000_123_456_000n, bytes: "deadbeef", originalLength: 60, ...common },
    { timeNs: 1_700_000_001_000_000_000n, bytes: "", originalLength: 0, ...common },
    { timeNs: 1_700_000_001_999_999_000n, bytes: "cafe", originalLength: 2, ...common },
  ]);
});

test("a big-endian file with nanoseconds", async (t) => {
  const { records } = await readAll(BIG_NANO);
  const common = { linkType: 113, port: 0 };
  t.deepEqual(records.map(plain), [
    { timeNs: 1_700_000_000_000_123_456n, bytes: "deadbeef", originalLength: 60, ...common },
    { timeNs: 1_700_000_001_999_999_999n, bytes: "cafe", originalLength: 2, ...common },
  ]);
});

test("a big-endian file with microseconds, and a little-endian one with nanoseconds", async (t) => {
  const big = await readAll(
    unhex(`a1b2c3d4 0002 0004 00000000 00000000 0000ffff 00000001
           00000001 00000002 00000001 00000001 aa`),
  );
  t.is(big.records[0]?.timeNs, 1_000_002_000n);
  const little = await readAll(
    unhex(`4d3cb2a1 0200 0400 00000000 00000000 ffff0000 01000000
           01000000 02000000 01000000 01000000 aa`),
  );
  t.is(little.records[0]?.timeNs, 1_000_000_002n);
});

test("modified pcap: the interface is in the longer packet header", async (t) => {
  const { records } = await readAll(
    unhex(`34cdb2a1 0200 0400 00000000 00000000 ffff0000 01000000
           01000000 02000000 01000000 01000000 03000000 0008 00 00 aa`),
  );
  t.deepEqual(records.map(plain), [
    { timeNs: 1_000_002_000n, bytes: "aa", originalLength: 1, linkType: 1, port: 3 },
  ]);
});

test("the length of a frame check sequence in the header is not part of the link type", async (t) => {
  const { records } = await readAll(
    unhex(`d4c3b2a1 0200 0400 00000000 00000000 ffff0000 01000024
           01000000 02000000 01000000 01000000 aa`),
  );
  t.is(records[0]?.linkType, 1);
});

test("any cut of the file into pieces gives the same packets", async (t) => {
  for (const file of [LITTLE_MICRO, BIG_NANO]) {
    const whole = (await readAll(file)).records.map(plain);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1 }), async (cut) => {
        const { records, events, error } = await readAll(file, cut);
        t.deepEqual(records.map(plain), whole);
        t.deepEqual(events, []);
        t.is(error, null);
      }),
    );
  }
});

test("a file that ends within a packet gives the packets before it and one event, wherever it ends", async (t) => {
  const first = 24 + 16 + 4;
  for (let length = first + 1; length < LITTLE_MICRO.length; length++) {
    const border = length === first + 16;
    const { records, events, error } = await readAll(LITTLE_MICRO.subarray(0, length), [7]);
    t.is(error, null);
    t.is(records.length, length < first + 16 ? 1 : 2);
    t.deepEqual(
      events.map((event) => event.kind),
      border ? [] : ["cut-short"],
    );
  }
  const { events } = await readAll(LITTLE_MICRO.subarray(0, LITTLE_MICRO.length - 1));
  t.deepEqual(events, [
    {
      kind: "cut-short",
      where: "x.pcap: packet 3 at offset 60",
      detail: "the file ends at least 1 bytes too early",
    },
  ]);
});

const refused = test.macro({
  async exec(t, bytes: Uint8Array, line: string) {
    for (const size of [bytes.length, 5, 1]) {
      const { error } = await readAll(bytes, [Math.max(size, 1)]);
      t.true(error instanceof InputError);
      if (error instanceof InputError) t.is(error.line, line);
    }
  },
  title: (name) => `refused with a sentence: ${name}`,
});

test(
  "an empty file",
  refused,
  new Uint8Array(0),
  "x.pcap: the file is empty (record again, or give another file)",
);
test(
  "three bytes",
  refused,
  unhex("d4c3b2"),
  "x.pcap: the file ends within its header, after 3 bytes",
);
test(
  "half a header",
  refused,
  LITTLE_MICRO.subarray(0, 20),
  "x.pcap: the file ends within its header, after 20 bytes",
);
test(
  "a text",
  refused,
  new TextEncoder().encode("hello world"),
  "x.pcap: this is neither pcap nor pcapng: it begins with the bytes 68656c6c (if Wireshark can read it, convert it: editcap -F pcapng IN OUT)",
);
test(
  "gzip",
  refused,
  unhex("1f8b0800000000000003"),
  "x.pcap: the file is compressed with gzip (unpack it first: gunzip FILE)",
);
test(
  "zstd",
  refused,
  unhex("28b52ffd0400"),
  "x.pcap: the file is compressed with zstd (unpack it first: unzstd FILE)",
);
test(
  "another version",
  refused,
  unhex("d4c3b2a1 0300 0100 00000000 00000000 ffff0000 01000000"),
  "x.pcap: pcap version 3.1 is not known, only 2.x (convert it: editcap -F pcap IN OUT)",
);
test(
  "an absurd length",
  refused,
  new Uint8Array([
    ...LITTLE_MICRO.subarray(0, 44),
    ...unhex("00000000 00000000 01000001 01000001 aabb"),
  ]),
  "x.pcap: packet 2 at offset 44: the packet claims 16777217 bytes, more than the limit of 16777216: the file is damaged there",
);

test("the packets before the damage are delivered", async (t) => {
  const bytes = new Uint8Array([
    ...LITTLE_MICRO,
    ...unhex("00000000 00000000 ffffffff ffffffff aabb"),
  ]);
  for (const size of [bytes.length, 3]) {
    const { records, error } = await readAll(bytes, [size]);
    t.is(records.length, 3);
    t.true(error instanceof InputError);
  }
});

test("arbitrary bytes behind a header end in packets, events or an InputError, nothing else", async (t) => {
  const head = fc.constantFrom(LITTLE_MICRO.subarray(0, 24), BIG_NANO.subarray(0, 24));
  await fc.assert(
    fc.asyncProperty(head, fc.uint8Array({ maxLength: 200 }), async (start, rest) => {
      const { error } = await readAll(new Uint8Array([...start, ...rest]), [50]);
      t.true(error === null || error instanceof InputError);
    }),
  );
});

test("a large piece comes in several batches of limited length", async (t) => {
  const count = PCAP_LIMITS.batchRecordsMax * 2 + 5;
  const bytes = new Uint8Array(24 + 16 * count);
  bytes.set(LITTLE_MICRO.subarray(0, 24));
  const { records } = await readAll(bytes);
  t.is(records.length, count);
});

test("a kept packet does not change while the reading goes on", async (t) => {
  const { records } = await readAll(LITTLE_MICRO, [1]);
  t.deepEqual(
    records.map((record) => hex(record.bytes)),
    ["deadbeef", "", "cafe"],
  );
});
