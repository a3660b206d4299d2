import test from "ava";
import * as fc from "fast-check";
import { InputError } from "../base/errors.ts";
import { unhex } from "../wire/wire.fixture.ts";
import { plain, readAll } from "./capture.fixture.ts";

const LITTLE_SECTION = "0a0d0d0a 1c000000 4d3c2b1a 0100 0000 ffffffffffffffff 1c000000";
const BIG_SECTION = "0a0d0d0a 0000001c 1a2b3c4d 0001 0000 ffffffffffffffff 0000001c";

/** Ethernet, microseconds (no option). */
const LITTLE_INTERFACE = "01000000 14000000 0100 0000 00000000 14000000";
/** Linux cooked, nanoseconds, one hour on. */
const LITTLE_NANO_INTERFACE = `
  01000000 2c000000 7100 0000 00000000
  0900 0100 09000000 0e00 0800 100e000000000000 0000 0000 2c000000`;
/** Ethernet, 2^-10 s. */
const BIG_BINARY_INTERFACE = `
  00000001 00000020 0001 0000 00000002 0009 0001 8a000000 0000 0000 00000020`;

/** 1700000000.123456 s in microseconds is 0x6_0a24_1820_2240. */
const LITTLE_PACKET = `
  06000000 28000000 00000000 240a0600 40222018 05000000 3c000000 0102030405 000000 28000000`;

const LITTLE = unhex(LITTLE_SECTION + LITTLE_INTERFACE + LITTLE_PACKET);

test("a little-endian file with microseconds", async (t) => {
  const { records, events, error } = await readAll(LITTLE);
  t.is(error, null);
  t.deepEqual(events, []);
  t.deepEqual(records.map(plain), [
    {
      timeNs: 1_700_000_000_123_456_000n,
      bytes: "0102030405",
      originalLength: 60,
      linkType: 1,
      port: 0,
    },
  ]);
});

test("interfaces have their own link type, resolution and offset", async (t) => {
  // 1700000000.000000001 s in nanoseconds is 0x1797_9cfe_362a_0001.
  const { records } = await readAll(
    unhex(`${LITTLE_SECTION}${LITTLE_INTERFACE}${LITTLE_NANO_INTERFACE}
      06000000 24000000 01000000 fe9c9717 01002a36 01000000 01000000 aa000000 24000000`),
  );
  t.deepEqual(records.map(plain), [
    {
      timeNs: 1_700_003_600_000_000_001n,
      bytes: "aa",
      originalLength: 1,
      linkType: 113,
      port: 1,
    },
  ]);
});

test("a big-endian file, a resolution that is a power of two, and a simple packet cut by the snapshot length", async (t) => {
  const { records } = await readAll(
    unhex(`${BIG_SECTION}${BIG_BINARY_INTERFACE}
      00000006 00000024 00000000 00000000 00000c01 00000001 00000001 aa000000 00000024
      00000003 00000014 00000005 bbcc0000 00000014`),
  );
  const common = { linkType: 1, port: 0, timeNs: 3_000_976_562n };
  t.deepEqual(records.map(plain), [
    { ...common, bytes: "aa", originalLength: 1 },
    { ...common, bytes: "bbcc", originalLength: 5 },
  ]);
});

test("the obsolete packet block, with options behind the packet", async (t) => {
  const { records } = await readAll(
    unhex(`${LITTLE_SECTION}${LITTLE_INTERFACE}
      02000000 2c000000 0000 0700 00000000 01000000 02000000 02000000 aabb0000
      0200 0000 0000 0000 2c000000`),
  );
  t.deepEqual(records.map(plain), [
    { timeNs: 1_000n, bytes: "aabb", originalLength: 2, linkType: 1, port: 0 },
  ]);
});

test("sections in both byte orders follow each other, and interfaces are numbered through", async (t) => {
  const { records } = await readAll(
    unhex(`${LITTLE_SECTION}${LITTLE_INTERFACE}${LITTLE_PACKET}${BIG_SECTION}${BIG_BINARY_INTERFACE}
      00000006 00000024 00000000 00000000 00000400 00000001 00000001 aa000000 00000024`),
    [11],
  );
  t.deepEqual(
    records.map(({ port, timeNs }) => ({ port, timeNs })),
    [
      { port: 0, timeNs: 1_700_000_000_123_456_000n },
      { port: 1, timeNs: 1_000_000_000n },
    ],
  );
});

test("blocks without packets are skipped in any pieces, unknown ones with an event", async (t) => {
  const statistics = "05000000 10000000 00000000 10000000";
  const unknown = `78563412 14000000 ${"ab".repeat(8)} 14000000`;
  const file = unhex(
    LITTLE_SECTION + unknown + LITTLE_INTERFACE + statistics + LITTLE_PACKET + unknown,
  );
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }), async (cut) => {
      const { records, events, error } = await readAll(file, cut);
      t.is(error, null);
      t.is(records.length, 1);
      t.deepEqual(
        events.map((event) => `${event.where}: ${event.kind} (${event.detail})`),
        [
          "x.pcap: packet 1 at offset 28: unknown-block (type 305419896, 20 bytes)",
          "x.pcap: packet 2 at offset 124: unknown-block (type 305419896, 20 bytes)",
        ],
      );
    }),
  );
});

test("an unknown block that claims more than memory is skipped, and the file is cut short", async (t) => {
  const { records, events } = await readAll(
    unhex(`${LITTLE_SECTION}${LITTLE_INTERFACE}${LITTLE_PACKET} 78563412 f0ffffff 00000000`),
    [9],
  );
  t.is(records.length, 1);
  t.deepEqual(
    events.map((event) => event.kind),
    ["unknown-block", "cut-short"],
  );
});

test("a packet of an interface that nothing describes, and one that is longer than its block, are counted", async (t) => {
  const { records, events } = await readAll(
    unhex(`${LITTLE_SECTION}${LITTLE_INTERFACE}
      06000000 24000000 01000000 00000000 01000000 01000000 01000000 aa000000 24000000
      06000000 24000000 00000000 00000000 01000000 05000000 05000000 aa000000 24000000
      06000000 10000000 00000000 10000000 ${LITTLE_PACKET}`),
  );
  t.is(records.length, 1);
  t.deepEqual(
    events.map((event) => `${event.kind}: ${event.detail}`),
    [
      "unknown-interface: interface 1, the section has 1",
      "malformed-block: a packet of 5 bytes in a block of 36 bytes",
      "malformed-block: an enhanced packet block of 16 bytes",
    ],
  );
});

test("a file that ends within a block gives one event", async (t) => {
  for (let length = 49; length < LITTLE.length; length++) {
    const { records, events, error } = await readAll(LITTLE.subarray(0, length), [13]);
    t.is(error, null);
    t.is(records.length, 0);
    t.deepEqual(
      events.map((event) => event.kind),
      ["cut-short"],
    );
  }
});

const refused = test.macro({
  async exec(t, file: string, line: string) {
    for (const size of [1_000, 5]) {
      const { error } = await readAll(unhex(file), [size]);
      t.true(error instanceof InputError);
      if (error instanceof InputError) t.is(error.line, line);
    }
  },
  title: (name) => `refused with a sentence: ${name}`,
});

test(
  "no byte-order magic",
  refused,
  "0a0d0d0a 1c000000 00000000 0100 0000 ffffffffffffffff 1c000000",
  "x.pcap: packet 1 at offset 0: a pcapng section without its byte-order magic",
);
test(
  "half a section header",
  refused,
  "0a0d0d0a 1c000000 4d3c2b1a 0100 0000",
  "x.pcap: the file ends within its header, after 16 bytes",
);
test(
  "another version",
  refused,
  "0a0d0d0a 1c000000 4d3c2b1a 0200 0100 ffffffffffffffff 1c000000",
  "x.pcap: packet 1 at offset 0: pcapng version 2.1 is not known, only 1.x",
);
test(
  "two lengths of one block that differ",
  refused,
  `${LITTLE_SECTION} 01000000 14000000 0100 0000 00000000 18000000`,
  "x.pcap: packet 1 at offset 28: a pcapng block begins with a length of 20 bytes and ends with 24: the file is damaged there",
);
test(
  "a block shorter than its frame",
  refused,
  `${LITTLE_SECTION} 06000000 08000000 08000000`,
  "x.pcap: packet 1 at offset 28: a pcapng block claims a length of 8 bytes, which no block can have: the file is damaged there",
);
test(
  "a packet block of absurd length",
  refused,
  `${LITTLE_SECTION}${LITTLE_INTERFACE} 06000000 f0ffffff 00000000`,
  "x.pcap: packet 1 at offset 48: a pcapng block claims 4294967280 bytes, more than the limit of 16842752: the file is damaged there",
);

test("arbitrary bytes behind a section header end in packets, events or an InputError, nothing else", async (t) => {
  const word = fc.constantFrom("06000000", "01000000", "03000000", "20000000", "14000000");
  const block = fc.oneof(
    fc.array(word, { maxLength: 20 }).map((words) => unhex(words.join(""))),
    fc.uint8Array({ maxLength: 60 }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(block, { maxLength: 5 }), async (blocks) => {
      const rest = blocks.flatMap((bytes) => [...bytes]);
      const start = unhex(LITTLE_SECTION + LITTLE_INTERFACE);
      const { error } = await readAll(new Uint8Array([...start, ...rest]), [50]);
      t.true(error === null || error instanceof InputError);
    }),
    { numRuns: 500 },
  );
});
