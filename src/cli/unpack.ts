import { constants, crc32, createInflateRaw, createZstdDecompress } from "node:zlib";
import { InputError } from "../base/errors.ts";
import { UNPACK_LIMITS } from "../base/limits.ts";
import { decompress } from "./decompress.ts";
import { EndedEarly, PieceInput } from "./piece-input.ts";

export interface UnpackOptions {
  /** The file's name, for errors. */
  readonly file: string;
  /** The compressed data end too early. What they hold was handed out. */
  readonly onCut: () => void;
  /** Default: those of UNPACK_LIMITS. */
  readonly limits?: Readonly<Record<keyof typeof UNPACK_LIMITS, number>>;
}

/** Bytes that tell gzip and zstd. */
const MAGIC_BYTES = 4;
/** What is handed out at a time. Damage costs what was not handed out yet. */
const PIECE_BYTES = 65_536;

/**
 * A file as it is, or what it unpacks to if it begins as gzip (RFC 1952) or zstd (RFC 8878), in members or frames as
 * many as there are. Holds some pieces and the decoder's window, whatever the size. Throws InputError for damage, after what
 * is before it, and for what unpacks to far more than captures do.
 */
export async function* unpack(
  source: AsyncIterable<Uint8Array>,
  options: UnpackOptions,
): AsyncGenerator<Uint8Array, void, undefined> {
  const input = new PieceInput(source[Symbol.asyncIterator]());
  try {
    const format = await begins(input);
    if (format === null) {
      for (let piece = await input.next(); piece !== null; piece = await input.next()) yield piece;
      return;
    }
    yield* unpackMembers(input, format, options);
  } finally {
    await input.close();
  }
}

async function* unpackMembers(
  input: PieceInput,
  format: Format,
  { file, onCut, limits = UNPACK_LIMITS }: UnpackOptions,
): AsyncGenerator<Uint8Array, void, undefined> {
  let unpacked = 0;
  let members = 0;
  try {
    do {
      for await (const piece of MEMBER[format](input, file, limits.zstdWindowLogMax)) {
        unpacked += piece.length;
        if (unpacked > limits.freeBytes && unpacked > limits.ratioMax * input.taken)
          throw bomb(file, `unpacks to more than ${limits.ratioMax} times its size`);
        yield piece;
      }
      members++;
      if (members > limits.freeMembers && input.taken < limits.memberBytesMin * members)
        throw bomb(file, `consists of ${members} tiny compressed parts so far`);
    } while (await another(input, format, file));
  } catch (error) {
    if (!(error instanceof EndedEarly)) throw error;
    if (unpacked === 0)
      throw new InputError(`the ${format} data end before there is anything in them`, {
        where: file,
        cause: error,
      });
    onCut();
  }
}

type Format = "gzip" | "zstd";

/** Unpacks one member. Ends behind it; throws EndedEarly where it is not whole, InputError where it is damaged. */
const MEMBER: Readonly<
  Record<
    Format,
    (input: PieceInput, file: string, windowLogMax: number) => AsyncGenerator<Uint8Array>
  >
> = { gzip: gzipMember, zstd: zstdFrame };

/** The format that the input begins with; takes nothing. */
async function begins(input: PieceInput): Promise<Format | null> {
  const start = await input.upTo(MAGIC_BYTES);
  input.putBack(start);
  if (start.length >= 2 && start[0] === 0x1f && start[1] === 0x8b) return "gzip";
  if (start.length < MAGIC_BYTES) return null;
  const magic = view(start).getUint32(0, true);
  // A skippable frame has one of sixteen magic numbers. pzstd begins its files with one.
  return magic === 0xfd2fb528 || magic >>> 4 === 0x184d2a5 ? "zstd" : null;
}

/** Whether one more member follows. Zeros fill up a block of a tape; anything else is not ours. */
async function another(input: PieceInput, format: Format, file: string): Promise<boolean> {
  if ((await begins(input)) === format) return true;
  for (let piece = await input.next(); piece !== null; piece = await input.next()) {
    if (piece.some((byte) => byte !== 0))
      throw new InputError(`something that is not ${format} follows the compressed data`, {
        where: file,
      });
  }
  return false;
}

/*
 * A gzip member (RFC 1952 §2.3): 0 magic 2, 2 method 1, 3 flags 1, 4 time 4, 8 extra flags 1, 9 system 1; then as the
 * flags say: extra field (length 2), name and comment (zero-terminated), header checksum 2; deflated data; CRC-32 4,
 * length modulo 2^32 4.
 */
const FLAG = { headerChecksum: 0x02, extra: 0x04, name: 0x08, comment: 0x10, reserved: 0xe0 };

async function* gzipMember(input: PieceInput, file: string): AsyncGenerator<Uint8Array> {
  const damaged = (what: string) =>
    new InputError(`the gzip data are damaged: ${what}`, { where: file });
  const head = await input.exactly(10);
  const flags = head[3] ?? 0;
  if (head[2] !== 8 || (flags & FLAG.reserved) !== 0) throw damaged("their header is unknown");
  if ((flags & FLAG.extra) !== 0)
    await input.exactly(view(await input.exactly(2)).getUint16(0, true));
  if ((flags & FLAG.name) !== 0) await input.passZero();
  if ((flags & FLAG.comment) !== 0) await input.passZero();
  if ((flags & FLAG.headerChecksum) !== 0) await input.exactly(2);
  let checksum = 0;
  let length = 0;
  const stream = createInflateRaw({ chunkSize: PIECE_BYTES });
  for await (const piece of decompress(input, stream, damaged)) {
    checksum = crc32(piece, checksum);
    length = (length + piece.length) >>> 0;
    yield piece;
  }
  const trailer = view(await input.exactly(8));
  if (trailer.getUint32(0, true) !== checksum) throw damaged("their checksum is wrong");
  if (trailer.getUint32(4, true) !== length) throw damaged("their length is wrong");
}

async function* zstdFrame(
  input: PieceInput,
  file: string,
  windowLogMax: number,
): AsyncGenerator<Uint8Array> {
  const stream = createZstdDecompress({
    chunkSize: PIECE_BYTES,
    params: { [constants.ZSTD_d_windowLogMax]: windowLogMax },
  });
  yield* decompress(input, stream, (what) =>
    what.includes("too much memory")
      ? new InputError(`the zstd data need a window of more than ${2 ** (windowLogMax - 20)} MiB`, {
          where: file,
          mend: "unpack it: zstd -d --long=31 FILE",
        })
      : new InputError(`the zstd data are damaged: ${what}`, { where: file }),
  );
}

function bomb(file: string, what: string): InputError {
  return new InputError(`${what}, as no capture does`, {
    where: file,
    mend: "if you trust it, unpack it first",
  });
}

function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}
