import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { constants, gzipSync, zstdCompressSync } from "node:zlib";
import test from "ava";
import { captureOf, page } from "../src/cli/capture.fixture.ts";
import { scratch } from "./cli.fixture.ts";
import { hostile, measured } from "./hostile.fixture.ts";

const PACK = { gzip: gzipSync, zstd: zstdCompressSync } as const;
const FORMATS = ["gzip", "zstd"] as const;
type Format = (typeof FORMATS)[number];

/** The file header of a classic pcap. */
const HEADER = captureOf("10.0.0.5", []).subarray(0, 24);
const ZEROS = Buffer.alloc(100_000_000);
const TOO_MUCH = /hostile\.pcap: unpacks to more than 250 times its size, as no capture does/;

/** A packet of the greatest length that is read, all zeros. */
function largestPacket(): Buffer {
  const packet = Buffer.alloc(16 + 16 * 1024 * 1024);
  packet.writeUInt32BE(16 * 1024 * 1024, 8);
  packet.writeUInt32BE(16 * 1024 * 1024, 12);
  return packet;
}

/** `times` times what is packed once. */
function bomb(format: Format, head: Uint8Array, filler: Uint8Array, times: number): Buffer {
  const pack = PACK[format];
  return Buffer.concat([pack(head), ...Array<Buffer>(times).fill(pack(filler))]);
}

for (const format of FORMATS) {
  test.serial(`${format}: 2 GB of zeros are seen to be no capture at once`, hostile, {
    given: (file) => writeFile(file, bomb(format, ZEROS, ZEROS, 19)),
    status: 65,
    says: [/hostile\.pcap: this is neither pcap nor pcapng: it begins with the bytes 00000000/],
  });

  test.serial(`${format}: 2 GB of empty packets are stopped at the ratio`, hostile, {
    given: (file) => writeFile(file, bomb(format, HEADER, ZEROS, 20)),
    status: 65,
    says: [TOO_MUCH],
  });

  test.serial(`${format}: 3 GB of packets of 16 MiB are stopped at the ratio`, hostile, {
    given: (file) => writeFile(file, bomb(format, HEADER, largestPacket(), 200)),
    status: 65,
    says: [TOO_MUCH],
  });

  test.serial(`${format}: a block of 4 GB to be skipped is stopped at the ratio, too`, hostile, {
    given: (file) => {
      const head = Buffer.alloc(36);
      const words = [0x0a0d0d0a, 28, 0x1a2b3c4d, 0x0001_0000, 0xffffffff, 0xffffffff, 28];
      for (const [i, word] of [...words, 0x0bad_cafe, 0xffff_fffc].entries())
        head.writeUInt32BE(word, i * 4);
      return writeFile(file, bomb(format, head, ZEROS, 40));
    },
    status: 65,
    says: [TOO_MUCH],
  });

  test.serial(`${format}: what is packed twice is not unpacked twice`, hostile, {
    given: (file) => {
      const pack = PACK[format];
      return writeFile(file, pack(pack(bomb(format, HEADER, ZEROS, 20))));
    },
    status: 65,
    says: [new RegExp(`hostile\\.pcap: the file is compressed with ${format} .unpack it first`)],
  });

  test.serial(`${format}: a million empty parts are stopped early`, hostile, {
    given: (file) => writeFile(file, bomb(format, HEADER, Buffer.alloc(0), 1_000_000)),
    status: 65,
    says: [/hostile\.pcap: consists of 10001 tiny compressed parts so far/],
  });
}

test.serial("a gzip header with a name of 50 MB that never ends is passed over", hostile, {
  given: (file) => {
    const head = Buffer.from("1f8b0808000000000003", "hex");
    return writeFile(file, Buffer.concat([head, Buffer.alloc(50_000_000, "a")]));
  },
  status: 65,
  says: [/hostile\.pcap: the gzip data end before there is anything in them/],
});

test.serial("a zstd frame of 14 bytes that wants a window of 2 GiB is refused", hostile, {
  // Magic, no content size, window descriptor 21 << 3 (RFC 8878 §3.1.1.1.2), then one empty last block.
  given: (file) => writeFile(file, Buffer.from("28b52ffd00a8010000000000000000", "hex")),
  status: 65,
  says: [/hostile\.pcap: the zstd data need a window of more than 128 MiB/],
});

test.serial("the largest window that a zstd frame may have costs its own size", hostile, {
  given: (file) => {
    const params = { [constants.ZSTD_c_windowLog]: 27, [constants.ZSTD_c_contentSizeFlag]: 0 };
    const packets = Buffer.concat([HEADER, ...Array<Buffer>(20).fill(largestPacket())]);
    return writeFile(file, zstdCompressSync(packets, { params }));
  },
  status: 65,
  says: [TOO_MUCH],
  memoryMbMax: 400,
});

test("bombs among the captures of several jobs hold no other capture up", async (t) => {
  const folder = await scratch();
  t.teardown(() => rm(folder, { recursive: true }));
  const good = captureOf("10.0.0.5", [page("/gate.php", 500)]);
  const files: Record<string, Uint8Array> = {
    "first.pcap": good,
    "zeros.gz": bomb("gzip", ZEROS, ZEROS, 19),
    "empty.zst": bomb("zstd", HEADER, ZEROS, 20),
    "parts.zst": bomb("zstd", HEADER, Buffer.alloc(0), 100_000),
    "behind.gz": Buffer.concat([gzipSync(good), ...Array<Buffer>(20).fill(gzipSync(ZEROS))]),
    "last.pcap": good,
  };
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content);
  const names = Object.keys(files).map((name) => join(folder, name));
  const one = await measured(folder, "extract", "--jobs", "1", ...names);
  const several = await measured(folder, "extract", "--jobs", "3", ...names);
  const observed = await measured(folder, "observe", "--jobs", "3", "--json", ...names);
  t.deepEqual([several.stdout, several.stderr], [one.stdout, one.stderr]);
  for (const { status, stdout, stderr, memoryMb } of [one, several, observed]) {
    t.log(`${Math.round(memoryMb)} MB`);
    t.is(status, 65);
    for (const file of ["zeros.gz", "empty.zst", "parts.zst", "behind.gz"])
      t.regex(stderr, new RegExp(`^isoreplay: .*/${file}: `, "m"));
    t.is(stdout.split("\n").length, 3, stdout);
    t.true(memoryMb < 3 * 250, `${memoryMb} MB`);
  }
});
