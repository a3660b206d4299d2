import { setU16, setU32, u16, u32 } from "./bytes.ts";
import { type Malformed, malformed } from "./malformed.ts";

/*
 * TCP options: kind 1, length 1 (both counted), value. Kinds 0 (end) and 1 (nothing) are one byte.
 * RFC 9293 §3.2 (MSS), RFC 7323 §2 (window scale), §3 (time stamps), RFC 2018 (selective acknowledgement)
 */
const KIND = {
  end: 0,
  nothing: 1,
  maximumSegmentSize: 2,
  windowScale: 3,
  sackPermitted: 4,
  sack: 5,
  timestamps: 8,
} as const;

const OPTION_BYTES_MAX = 40;

/** What the options of a segment say. Kinds that are not known are left out; the raw bytes have them. */
export interface TcpOptions {
  readonly maximumSegmentSize?: number;
  /** The shift, as it is in the option (RFC 7323 lets more than 14 count as 14). */
  readonly windowScale?: number;
  readonly sackPermitted?: true;
  /** Blocks of sequence numbers: from the left edge up to, not including, the right edge. */
  readonly sack?: readonly { readonly left: number; readonly right: number }[];
  readonly timestamps?: { readonly value: number; readonly echo: number };
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

export function parseTcpOptions(raw: Uint8Array): TcpOptions | Malformed {
  const options: Mutable<TcpOptions> = {};
  let at = 0;
  while (at < raw.length) {
    const kind = raw[at]!;
    if (kind === KIND.end) break;
    if (kind === KIND.nothing) {
      at++;
      continue;
    }
    const length = raw[at + 1] ?? 0;
    if (length < 2 || at + length > raw.length) {
      return malformed(
        `TCP: option ${kind} with a length of ${length} in ${raw.length - at} bytes`,
      );
    }
    const fault = readOption(options, kind, raw, at + 2, length - 2);
    if (fault !== undefined) return fault;
    at += length;
  }
  return options;
}

function readOption(
  options: Mutable<TcpOptions>,
  kind: number,
  raw: Uint8Array,
  at: number,
  length: number,
): Malformed | undefined {
  switch (kind) {
    case KIND.maximumSegmentSize:
      if (length !== 2) return wrongLength("maximum segment size", length);
      options.maximumSegmentSize = u16(raw, at);
      return undefined;
    case KIND.windowScale:
      if (length !== 1) return wrongLength("window scale", length);
      options.windowScale = raw[at]!;
      return undefined;
    case KIND.sackPermitted:
      if (length !== 0) return wrongLength("SACK permitted", length);
      options.sackPermitted = true;
      return undefined;
    case KIND.timestamps:
      if (length !== 8) return wrongLength("time stamps", length);
      options.timestamps = { value: u32(raw, at), echo: u32(raw, at + 4) };
      return undefined;
    case KIND.sack: {
      if (length === 0 || length % 8 !== 0) return wrongLength("SACK", length);
      const blocks: { left: number; right: number }[] = [];
      for (let block = at; block < at + length; block += 8) {
        blocks.push({ left: u32(raw, block), right: u32(raw, block + 4) });
      }
      options.sack = blocks;
      return undefined;
    }
    default:
      return undefined;
  }
}

function wrongLength(name: string, length: number): Malformed {
  return malformed(`TCP: option ${name} with a value of ${length} bytes`);
}

/** The options' bytes, padded to a multiple of 4. Throws RangeError for more than 40. */
export function emitTcpOptions(options: TcpOptions): Uint8Array {
  const sack = options.sack ?? [];
  const bytes = new Uint8Array(optionBytes(options));
  let at = 0;
  const begin = (kind: number, length: number) => {
    bytes[at] = kind;
    bytes[at + 1] = length;
    const value = at + 2;
    at += length;
    return value;
  };
  if (options.maximumSegmentSize !== undefined) {
    setU16(bytes, begin(KIND.maximumSegmentSize, 4), options.maximumSegmentSize);
  }
  if (options.windowScale !== undefined) bytes[begin(KIND.windowScale, 3)] = options.windowScale;
  if (options.sackPermitted === true) begin(KIND.sackPermitted, 2);
  if (options.timestamps !== undefined) {
    const value = begin(KIND.timestamps, 10);
    setU32(bytes, value, options.timestamps.value);
    setU32(bytes, value + 4, options.timestamps.echo);
  }
  if (sack.length > 0) {
    const value = begin(KIND.sack, 2 + 8 * sack.length);
    for (const [i, block] of sack.entries()) {
      setU32(bytes, value + 8 * i, block.left);
      setU32(bytes, value + 8 * i + 4, block.right);
    }
  }
  return bytes;
}

function optionBytes(options: TcpOptions): number {
  const sack = options.sack ?? [];
  const length =
    (options.maximumSegmentSize === undefined ? 0 : 4) +
    (options.windowScale === undefined ? 0 : 3) +
    (options.sackPermitted === true ? 2 : 0) +
    (options.timestamps === undefined ? 0 : 10) +
    (sack.length === 0 ? 0 : 2 + 8 * sack.length);
  const padded = (length + 3) & ~3;
  if (padded > OPTION_BYTES_MAX) throw new RangeError(`TCP options of ${padded} bytes: at most 40`);
  return padded;
}
