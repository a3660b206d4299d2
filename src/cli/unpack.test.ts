import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { constants, crc32, deflateRawSync, gzipSync, zstdCompressSync } from "node:zlib";
import test from "ava";
import fc from "fast-check";
import { isoreplay, scratch } from "../../test/cli.fixture.ts";
import { InputError } from "../base/errors.ts";
import { UNPACK_LIMITS } from "../base/limits.ts";
import { captureOf, page } from "./capture.fixture.ts";
import { type UnpackOptions, unpack } from "./unpack.ts";

const PACK = {
  gzip: (bytes: Uint8Array): Buffer => gzipSync(bytes),
  /** With a checksum, as the program of that name does. */
  zstd: (bytes: Uint8Array): Buffer =>
    zstdCompressSync(bytes, { params: { [constants.ZSTD_c_checksumFlag]: 1 } }),
} as const;
const FORMATS = ["gzip", "zstd"] as const;
const TEXT = Buffer.from(Array.from({ length: 40_000 }, (_, n) => `${n * 7919} `).join(""));

interface Unpacked {
  readonly bytes: Buffer;
  readonly cut: boolean;
  readonly error: string | null;
}

/** Unpack what comes in pieces of these lengths, over and over. */
async function unpacked(
  packed: Uint8Array,
  lengths: readonly number[] = [packed.length],
  limits?: UnpackOptions["limits"],
): Promise<Unpacked> {
  async function* source() {
    for (let at = 0, n = 0; at < packed.length; n++) {
      const end = at + (lengths[n % lengths.length] ?? 1);
      yield packed.subarray(at, end);
      at = end;
    }
  }
  const pieces: Uint8Array[] = [];
  let cut = false;
  let error: string | null = null;
  try {
    const options = { file: "x.gz", onCut: () => (cut = true), ...(limits && { limits }) };
    for await (const piece of unpack(source(), options)) pieces.push(piece);
  } catch (caught) {
    if (!(caught instanceof InputError)) throw caught;
    error = caught.line;
  }
  return { bytes: Buffer.concat(pieces), cut, error };
}

for (const format of FORMATS) {
  const pack = PACK[format];

  test(`${format}: any pieces and any number of parts give what was packed`, async (t) => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat({ max: TEXT.length }), { minLength: 1, maxLength: 4 }),
        fc.array(fc.integer({ min: 1, max: 5_000 }), { minLength: 1, maxLength: 3 }),
        async (ends, lengths) => {
          const parts = ends.map((end) => TEXT.subarray(0, end));
          const { bytes, cut, error } = await unpacked(
            Buffer.concat(parts.map((p) => pack(p))),
            lengths,
          );
          t.is(error, null);
          t.false(cut);
          t.true(bytes.equals(Buffer.concat(parts)));
        },
      ),
      { numRuns: 40 },
    );
  });

  test(`${format}: cut anywhere, it gives what was before, and says that it is cut`, async (t) => {
    const packed = pack(TEXT);
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 200, max: packed.length - 1 }), async (length) => {
        const { bytes, cut, error } = await unpacked(packed.subarray(0, length), [4_096]);
        t.true(cut || (bytes.length === 0 && error !== null));
        t.true(TEXT.subarray(0, bytes.length).equals(bytes));
      }),
      { numRuns: 40 },
    );
    const { bytes } = await unpacked(packed.subarray(0, -1));
    t.true(bytes.length > TEXT.length / 2);
  });

  test(`${format}: cut in its header, it is refused`, async (t) => {
    const { error } = await unpacked(pack(TEXT).subarray(0, 8));
    t.is(error, `x.gz: the ${format} data end before there is anything in them`);
  });

  test(`${format}: damage is told in one clear error, whichever byte it hits`, async (t) => {
    const packed = pack(TEXT);
    await fc.assert(
      fc.asyncProperty(
        fc.nat({ max: packed.length - 1 }),
        fc.integer({ min: 1, max: 255 }),
        async (at, flip) => {
          const damaged = Buffer.from(packed);
          damaged[at] = (damaged[at] ?? 0) ^ flip;
          const { bytes, cut, error } = await unpacked(damaged);
          if (error !== null) t.regex(error, /^x\.gz: [^\n]+$/);
          // Unharmed: it hit something like the time. Or the magic number: then it is packed no more.
          else t.true(cut || bytes.equals(TEXT) || bytes.equals(damaged));
        },
      ),
      { numRuns: 200 },
    );
  });

  test(`${format}: garbage behind it is told, after everything was read`, async (t) => {
    for (const lengths of [[1_000_000], [7], [pack(TEXT).length]]) {
      const { bytes, error } = await unpacked(
        Buffer.concat([pack(TEXT), Buffer.from("garbage")]),
        lengths,
      );
      t.true(bytes.equals(TEXT));
      t.regex(error ?? "", /^x\.gz: (something that is not|the zstd data are damaged)/);
    }
  });

  test(`${format}: what unpacks to far more than a capture does is stopped`, async (t) => {
    const small = { freeBytes: 1_000_000, ratioMax: 100, freeMembers: 10, memberBytesMin: 1_000 };
    const limits = { ...UNPACK_LIMITS, ...small };
    const bomb = await unpacked(pack(Buffer.alloc(50_000_000)), [65_536], limits);
    t.regex(bomb.error ?? "", /unpacks to more than 100 times its size, as no capture does/);
    t.true(bomb.bytes.length < 50_000_000);
    const crumbs = await unpacked(
      Buffer.concat(Array(100).fill(pack(Buffer.from("x")))),
      [65_536],
      limits,
    );
    t.regex(crumbs.error ?? "", /consists of 11 tiny compressed parts/);
  });
}

test("zeros that fill up a gzip file to the block of a tape are passed over", async (t) => {
  const { bytes, error } = await unpacked(Buffer.concat([gzipSync(TEXT), Buffer.alloc(10_240)]));
  t.is(error, null);
  t.true(bytes.equals(TEXT));
});

test("a gzip header with every optional field is read (RFC 1952 §2.3)", async (t) => {
  const head = Buffer.concat([
    Buffer.from("1f8b081e0000000000ff", "hex"),
    Buffer.from([3, 0, 1, 2, 3]),
    Buffer.from("name\0a comment\0"),
    Buffer.from([0xaa, 0xbb]),
  ]);
  const trailer = Buffer.alloc(8);
  trailer.writeUInt32LE(crc32(TEXT), 0);
  trailer.writeUInt32LE(TEXT.length, 4);
  const { bytes, error } = await unpacked(
    Buffer.concat([head, deflateRawSync(TEXT), trailer]),
    [3],
  );
  t.is(error, null);
  t.true(bytes.equals(TEXT));
});

test("a skippable zstd frame, as pzstd writes one, is skipped", async (t) => {
  const skippable = Buffer.from("502a4d1804000000deadbeef", "hex");
  for (const lengths of [[7], [1_000_000]]) {
    const { bytes, error } = await unpacked(
      Buffer.concat([skippable, zstdCompressSync(TEXT), skippable]),
      lengths,
    );
    t.is(error, null);
    t.true(bytes.equals(TEXT));
  }
});

test("what is packed is read as if it were not, whatever its name", async (t) => {
  const folder = await scratch();
  t.teardown(() => rm(folder, { recursive: true }));
  // More than the 128 KiB of a zstd block, which is unpacked as a whole.
  const bodies = [500, 700, 60_000, 60_000, 60_000];
  const plain = captureOf(
    "10.0.0.5",
    bodies.map((length) => page("/gate.php", length)),
  );
  const file = join(folder, "bot.pcap");
  await writeFile(file, plain);
  const expected = await isoreplay("extract", file);
  t.is(expected.stdout.split("\n").length, 5);
  for (const format of FORMATS) {
    const pack = PACK[format];
    await writeFile(file, Buffer.concat([pack(plain.subarray(0, 300)), pack(plain.subarray(300))]));
    t.deepEqual(await isoreplay("extract", file), expected);

    await writeFile(file, pack(plain).subarray(0, -2));
    const cut = await isoreplay("extract", file);
    t.is(cut.status, 0);
    t.regex(cut.stderr, /cut-short 1/);
    t.is(cut.stderr.split("\n").length, 1);

    await writeFile(file, Buffer.concat([pack(plain), Buffer.from("garbage")]));
    const garbage = await isoreplay("extract", file);
    t.is(garbage.status, 65);
    t.is(garbage.stdout, expected.stdout);
    t.regex(garbage.stderr, new RegExp(`bot\\.pcap: something that is not ${format} follows`));

    await writeFile(file, pack(Buffer.alloc(100_000_000)));
    const bomb = await isoreplay("extract", file);
    t.is(bomb.status, 65);
    t.regex(bomb.stderr, /bot\.pcap: this is neither pcap nor pcapng/);
  }
});

test("endless empty packets behind a valid header, packed small, come to an end", async (t) => {
  const folder = await scratch();
  t.teardown(() => rm(folder, { recursive: true }));
  const file = join(folder, "bomb.pcap");
  const header = captureOf("10.0.0.5", []).subarray(0, 24);
  const zeros = zstdCompressSync(Buffer.alloc(100_000_000));
  await writeFile(file, Buffer.concat([zstdCompressSync(header), ...Array(20).fill(zeros)]));
  const { status, stderr } = await isoreplay("extract", file);
  t.is(status, 65);
  t.regex(stderr, /bomb\.pcap: unpacks to more than 250 times its size, as no capture does/);
});
