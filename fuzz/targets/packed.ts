import { gzipSync, zstdCompressSync } from "node:zlib";
import { InputError } from "../../src/base/errors.ts";
import type { Random } from "../../src/base/random.ts";
import { unpack } from "../../src/cli/unpack.ts";
import { join, mutateBytes } from "../mutate/bytes.ts";
import { makeCapture } from "../seeds/make-capture.ts";
import { Contradiction, expectSame, type Target } from "../target.ts";

/** Small, so that they are reached: an input has 64 KiB at most. A window of 1 MiB is what the seeds need. */
const LIMITS = {
  freeBytes: 1_000_000,
  ratioMax: 100,
  freeMembers: 8,
  memberBytesMin: 256,
  zstdWindowLogMax: 20,
} as const;
/** What is handed out at a time may be over a limit, once: a block of zstd. */
const PIECE_BYTES_MAX = 131_072;

const PACK: readonly ((bytes: Uint8Array, random: Random) => Uint8Array)[] = [
  (bytes, random) => gzipSync(bytes, { level: random.int(0, 9) }),
  (bytes) => zstdCompressSync(bytes),
  withOptionalFields,
];

/** A gzip member with every field that a header may have (RFC 1952 §2.3). */
function withOptionalFields(bytes: Uint8Array, random: Random): Uint8Array {
  const packed = gzipSync(bytes);
  const extra = random.bytes(random.int(0, 20));
  packed[3] = 0x1e;
  const fields = Buffer.concat([
    Uint8Array.of(extra.length, 0),
    extra,
    Buffer.from("name\0a comment\0"),
    Uint8Array.of(0, 0),
  ]);
  return join(packed.subarray(0, 10), fields, packed.subarray(10));
}

/** One to three members, of a capture or of much that is the same, mutated. */
function makePacked(random: Random): Uint8Array {
  const pack = random.pick(PACK);
  const parts = Array.from({ length: random.chance(0.05) ? 20 : random.int(1, 3) }, () => {
    const plain = random.chance(0.1)
      ? Buffer.alloc(random.int(0, 3_000_000))
      : makeCapture(random).subarray(0, random.chance(0.3) ? random.int(0, 200) : undefined);
    return (random.chance(0.9) ? pack : random.pick(PACK))(plain, random);
  });
  const packed = join(...parts);
  return random.chance(0.85) ? mutateBytes(random, packed, random.pick(parts)) : packed;
}

interface Unpacked {
  readonly bytes: Uint8Array;
  readonly end: string;
}

async function unpacked(packed: Uint8Array, pieceBytes: number): Promise<Unpacked> {
  async function* source() {
    for (let at = 0; at < packed.length; at += pieceBytes)
      yield packed.subarray(at, at + pieceBytes);
  }
  const pieces: Uint8Array[] = [];
  let end = "whole";
  try {
    const onCut = () => {
      end = "cut";
    };
    for await (const piece of unpack(source(), { file: "x", onCut, limits: LIMITS }))
      pieces.push(piece);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    end = error.line;
  }
  return { bytes: Buffer.concat(pieces), end };
}

/** The same bytes and the same end however the file comes in; of what is refused, the same bytes as far as they go. */
export const packed: Target = {
  name: "unpack",
  share: 2,
  make: makePacked,
  async run(input) {
    const whole = await unpacked(input, Math.max(1, input.length));
    const size = Math.max(1 + ((input.length * 7) % 61), Math.ceil(input.length / 50));
    const parts = await unpacked(input, size);
    const isPacked = whole.bytes.length !== input.length || whole.end !== "whole";
    if (isPacked) {
      const most = Math.max(LIMITS.freeBytes, LIMITS.ratioMax * input.length) + PIECE_BYTES_MAX;
      if (Math.max(whole.bytes.length, parts.bytes.length) > most)
        throw new Contradiction("more bytes than the limit");
    }
    const isRefused = whole.end !== "whole" && whole.end !== "cut";
    const shared = Math.min(whole.bytes.length, parts.bytes.length);
    if (Buffer.compare(whole.bytes.subarray(0, shared), parts.bytes.subarray(0, shared)) !== 0)
      throw new Contradiction("other bytes in pieces");
    // A limit is held against what has been taken so far, which is more when it comes in one piece.
    if ([whole, parts].some(({ end }) => end.includes("as no capture does"))) return;
    // What zstd complains of, and whether about the end of one frame or the next, depends on how much it has got.
    const words = ({ end }: Unpacked) =>
      end.replace(/the zstd data are damaged: .*|something that is not zstd .*/, "damaged");
    expectSame("the end in pieces", words(parts), words(whole));
    if (!isRefused && whole.bytes.length !== parts.bytes.length)
      throw new Contradiction("not as many bytes in pieces");
  },
};
