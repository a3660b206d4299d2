import { u16 } from "../../src/wire/bytes.ts";
import { tagged } from "./frames.ts";
import type { Spoken } from "./speaker.ts";
import type { Twist } from "./step.ts";

/** Bytes of data in a fragment: what Open vSwitch takes, and what is too little for it (a multiple of 8 both). */
const FRAGMENT_BYTES = 1_288;
const FRAGMENT_BYTES_SMALL = 800;

const CHECKSUM_AT: Readonly<Record<number, number>> = { 1: 2, 6: 16, 17: 6, 58: 2 };

/** The frame with one thing wrong or unusual. */
export function twisted(spoken: Spoken, twist: Twist, variant: number): Spoken {
  const { frame, port } = spoken;
  switch (twist) {
    case "transport-checksum":
    case "no-checksum": {
      const at = checksumAt(frame);
      if (at < 0 || at + 2 > frame.length) return spoken;
      const bytes = frame.slice();
      if (twist === "no-checksum") bytes.fill(0, at, at + 2);
      else bytes[at] = bytes[at]! ^ 0x55;
      return { ...spoken, frame: bytes };
    }
    case "network-checksum": {
      if (u16(frame, 12) !== 0x0800) return spoken;
      const bytes = frame.slice();
      bytes[24] = bytes[24]! ^ 0x55;
      return { ...spoken, frame: bytes };
    }
    case "tagged":
      return { ...spoken, frame: tagged(frame, [7, 0x6007, 0, 9][variant % 4]!) };
    case "padded": {
      const bytes = new Uint8Array(frame.length + 1 + (variant % 9));
      bytes.set(frame);
      return { ...spoken, frame: bytes };
    }
    case "cut":
      return { ...spoken, frame: frame.slice(0, Math.max(14, frame.length - 1 - (variant % 30))) };
    case "other-port":
      return { ...spoken, port: 1 + ((port + variant) % 4) };
    default:
      return spoken;
  }
}

/** The pieces of a frame: in order, backwards, one missing, one twice, or small. */
export function fragmented(
  spoken: Spoken,
  variant: number,
  cut: (size: number) => Uint8Array[],
): Spoken[] {
  const type = u16(spoken.frame, 12);
  if (type !== 0x0800 && type !== 0x86dd) return [spoken];
  const parts = cut(variant % 16 === 9 ? FRAGMENT_BYTES_SMALL : FRAGMENT_BYTES);
  const chosen = [
    parts,
    parts,
    parts.toReversed(),
    [...parts.slice(1), parts[0]!],
    parts.slice(1),
    parts.slice(0, -1),
    [parts[0]!, ...parts],
  ][variant % 7]!;
  return chosen.map((frame) => ({ ...spoken, frame }));
}

function checksumAt(frame: Uint8Array): number {
  const type = u16(frame, 12);
  if (type !== 0x0800 && type !== 0x86dd) return -1;
  const isV6 = type === 0x86dd;
  const at = CHECKSUM_AT[frame[isV6 ? 20 : 23]!];
  return at === undefined ? -1 : at + (isV6 ? 54 : 34);
}
