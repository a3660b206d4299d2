import { sha256 } from "../base/sha256.ts";
import { PROBE_KINDS, type ProbeKindName } from "./probe-kinds.ts";

/**
 * The 16 bytes that make a frame a probe: 3 fixed ones, the kind's number, and 12 characters of the marker. They stand
 * somewhere in the frame, in a payload or in a field that nobody rewrites, so that a probe is known again with a VLAN
 * tag more or less, behind a router that changed addresses and TTL, and in a fragment. In a DNS name they are written
 * as hexadecimal digits.
 */
const MAGIC = Buffer.from([0xf1, 0x50, 0xb5]);
const MAGIC_HEX = Buffer.from(MAGIC.toString("hex"));
const KIND_AT = 3;
const TAG_AT = 4;
const TAG_BYTES = 12;
const MARK_BYTES = TAG_AT + TAG_BYTES;

/** A probe that was recognised. */
export interface RecognisedProbe {
  readonly kind: ProbeKindName;
  /** `markerTag` of the marker that the probe was sent with. */
  readonly marker: string;
}

/** What of a marker is in a probe: the marker itself where it is short and plain, else the start of its SHA-256. */
export function markerTag(marker: string): string {
  return /^[\w.:-]{1,12}$/.test(marker) ? marker : sha256(marker).slice(0, TAG_BYTES);
}

export function probeMark(kind: ProbeKindName, marker: string): Uint8Array {
  const mark = new Uint8Array(MARK_BYTES);
  mark.set(MAGIC);
  mark[KIND_AT] = PROBE_KINDS.findIndex((one) => one.kind === kind);
  mark.set(Buffer.from(markerTag(marker), "latin1"), TAG_AT);
  return mark;
}

/** The probe that this frame is, or carries, or quotes; `null` for every other frame. */
export function recogniseProbe(frame: Uint8Array): RecognisedProbe | null {
  const bytes = Buffer.from(frame.buffer, frame.byteOffset, frame.byteLength);
  return search(bytes, MAGIC, (at) => bytes.subarray(at)) ?? search(bytes, MAGIC_HEX, unhex);

  function unhex(at: number): Buffer {
    return Buffer.from(bytes.toString("latin1", at, at + 2 * MARK_BYTES), "hex");
  }
}

function search(
  bytes: Buffer,
  magic: Buffer,
  markAt: (at: number) => Buffer,
): RecognisedProbe | null {
  for (let at = bytes.indexOf(magic); at !== -1; at = bytes.indexOf(magic, at + 1)) {
    const probe = readMark(markAt(at));
    if (probe !== null) return probe;
  }
  return null;
}

function readMark(mark: Buffer): RecognisedProbe | null {
  if (mark.length < MARK_BYTES) return null;
  const kind = PROBE_KINDS[mark[KIND_AT]!]?.kind;
  const tag = mark.toString("latin1", TAG_AT, MARK_BYTES);
  const marker = /^([\w.:-]+)\0*$/.exec(tag)?.[1];
  return kind === undefined || marker === undefined ? null : { kind, marker };
}
