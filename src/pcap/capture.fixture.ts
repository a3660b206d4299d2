import { hex } from "../wire/wire.fixture.ts";
import type { CaptureEvent } from "./capture-event.ts";
import type { CaptureRecord } from "./capture-record.ts";
import { readCapture } from "./reader.ts";

/** The bytes in pieces of these lengths, the last one as often as needed. */
async function* pieces(bytes: Uint8Array, lengths: readonly number[]): AsyncGenerator<Uint8Array> {
  let at = 0;
  for (let i = 0; at < bytes.length; i++) {
    const length = lengths[Math.min(i, lengths.length - 1)] ?? bytes.length;
    yield bytes.slice(at, at + length);
    at += length;
  }
}

export interface ReadResult {
  readonly records: CaptureRecord[];
  readonly events: CaptureEvent[];
  /** What the reading rejected with. */
  readonly error: unknown;
}

/** Reads a whole capture from memory. */
export async function readAll(
  bytes: Uint8Array,
  lengths: readonly number[] = [bytes.length],
): Promise<ReadResult> {
  const records: CaptureRecord[] = [];
  const events: CaptureEvent[] = [];
  let error: unknown = null;
  try {
    const options = { file: "x.pcap", onEvent: (event: CaptureEvent) => void events.push(event) };
    for await (const batch of readCapture(pieces(bytes, lengths), options)) records.push(...batch);
  } catch (caught) {
    error = caught;
  }
  return { records, events, error };
}

/** What a test compares of a record. */
export function plain(record: CaptureRecord) {
  const { timeNs, originalLength, linkType, port } = record;
  return { timeNs, bytes: hex(record.bytes), originalLength, linkType, port };
}
