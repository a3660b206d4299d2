import { InputError, UsageError } from "../base/errors.ts";
import { TRACE_LIMITS } from "../base/limits.ts";
import { LINKTYPE_ETHERNET } from "../pcap/link-types.ts";
import { readCapture } from "../pcap/reader.ts";
import { parsePort } from "../rule/parse-match.ts";
import { Piece } from "../rule/piece.ts";
import { PORT, type PortRef } from "../rule/port.ts";
import { type PacketSpec, parsePacket } from "../trace/packet-text.ts";
import { isMalformed } from "../wire/malformed.ts";
import { parseFrame } from "../wire/packet.ts";
import { filePieces } from "./file-pieces.ts";
import { readText } from "./files.ts";
import type { Io } from "./io.ts";
import { unpack } from "./unpack.ts";

/** A packet to trace, before it is built. */
export interface GivenPacket {
  /** What the reader knows it by. */
  readonly given: string;
  readonly spec: PacketSpec;
  /** Milliseconds since the first packet. */
  readonly timeMs: number;
}

export interface PacketSources {
  /** Flow text or hexadecimal. */
  readonly texts: readonly string[];
  /** A file with one such text a line. */
  readonly packets: string | undefined;
  readonly capture: string | undefined;
  /** Milliseconds between packets that have no time of their own. */
  readonly gapMs: number;
}

/** All packets in order: texts, then the lines of the file, then the capture. Throws InputError. */
export async function givenPackets(
  sources: PacketSources,
  ports: ReadonlyMap<string, number>,
  io: Pick<Io, "progress" | "note">,
): Promise<GivenPacket[]> {
  const given: GivenPacket[] = [];
  const text = (line: string, origin: string) =>
    given.push({
      given: line.trim(),
      spec: parsePacket(line, { origin, ports }),
      timeMs: given.length * sources.gapMs,
    });
  for (const [i, line] of sources.texts.entries()) text(line, `packet ${i + 1}`);
  if (sources.packets !== undefined) {
    const file = sources.packets;
    for (const [i, line] of (await readText(file)).split(/\r?\n/).entries()) {
      const bare = line.replace(/#.*$/, "");
      if (bare.trim() !== "") text(bare, `${file}:${i + 1}`);
    }
  }
  if (sources.capture !== undefined)
    given.push(...(await capturedPackets(sources.capture, given.length * sources.gapMs, io)));
  if (given.length <= TRACE_LIMITS.packetsMax) return given;
  io.note(`only the first ${TRACE_LIMITS.packetsMax} of ${given.length} packets are traced`);
  return given.slice(0, TRACE_LIMITS.packetsMax);
}

async function capturedPackets(
  file: string,
  fromMs: number,
  io: Pick<Io, "progress" | "note">,
): Promise<GivenPacket[]> {
  const given: GivenPacket[] = [];
  let firstNs: bigint | null = null;
  let latestMs = fromMs;
  let number = 0;
  const source = unpack(filePieces(file, io), {
    file,
    onCut: () => io.note(`${file}: it is cut short`),
  });
  const batches = readCapture(source, { file, onEvent: ({ kind }) => io.note(`${file}: ${kind}`) });
  for await (const batch of batches) {
    for (const record of batch) {
      number++;
      if (record.linkType !== LINKTYPE_ETHERNET)
        throw new InputError(
          `packet ${number} has link type ${record.linkType}, a switch takes Ethernet only`,
          { where: file },
        );
      firstNs ??= record.timeNs;
      // A clock that was set back makes no packet come before the one before it.
      latestMs = Math.max(latestMs, fromMs + Number(record.timeNs - firstNs) / 1e6);
      const spec = { inPort: null, frame: record.bytes.slice(), fields: new Map(), extras: {} };
      given.push({ given: `packet ${number} of ${file}`, spec, timeMs: latestMs });
    }
    // Beyond, the rest of the file is not even read.
    if (given.length > TRACE_LIMITS.packetsMax) break;
  }
  io.progress(null);
  return given;
}

/** Which port a packet comes in through, when its text does not say: `--in-port [SOURCE=]PORT`. */
export class InPorts {
  readonly #ports: ReadonlyMap<string, number>;
  readonly #bySource = new Map<string, number>();
  #otherwise: number | null = null;

  /** Throws UsageError. */
  constructor(options: readonly string[], ports: ReadonlyMap<string, number>) {
    this.#ports = ports;
    for (const option of options) {
      const at = option.lastIndexOf("=");
      const port = this.#number(
        parsePort(new Piece(option.slice(at + 1), "--in-port", at + 2), ports),
      );
      if (at < 0) this.#otherwise = port;
      else this.#bySource.set(option.slice(0, at).toLowerCase(), port);
    }
  }

  /** Throws InputError where nobody said. */
  of({ given, spec }: GivenPacket, frame: Uint8Array): number {
    if (spec.inPort !== null) return this.#number(spec.inPort);
    const parsed = parseFrame(frame);
    const sources = isMalformed(parsed)
      ? []
      : [
          parsed.ethernet.source,
          parsed.ipv4?.source,
          parsed.ipv6?.source,
          parsed.arp?.senderAddress,
        ];
    for (const source of sources) {
      const port = source === undefined ? undefined : this.#bySource.get(source);
      if (port !== undefined) return port;
    }
    if (this.#otherwise !== null) return this.#otherwise;
    throw new InputError("it is not said which port it comes in through", {
      where: given,
      mend: "write in_port=PORT in the packet, or --in-port PORT, or --in-port ADDRESS=PORT for packets from there",
    });
  }

  #number(port: PortRef): number {
    const number = typeof port === "number" ? port : this.#ports.get(port);
    const isPort =
      number !== undefined &&
      ((number >= 1 && number < PORT.max) || number === PORT.local || number === PORT.controller);
    if (!isPort) throw new InputError(`port ${port}: no packet comes in through it`);
    return number;
  }
}

/** `--port NAME=NUMBER`. Throws UsageError. */
export function namedPorts(options: readonly string[]): ReadonlyMap<string, number> {
  const named = new Map<string, number>();
  for (const option of options) {
    const [, name, digits] = /^([^=]+)=(\d{1,5})$/.exec(option) ?? [];
    const number = Number(digits);
    if (name === undefined || number < 1 || number >= PORT.max)
      throw new UsageError(
        `--port ${option}: expected NAME=NUMBER, the number from 1 to ${PORT.max - 1}`,
      );
    named.set(name, number);
  }
  return named;
}
