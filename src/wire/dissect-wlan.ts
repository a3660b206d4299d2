import { dissectLlc } from "./dissect-network.ts";
import { type Dissection, OUTCOME, type Outcome } from "./dissection.ts";

const RADIOTAP = 127;
const PRISM = 119;

/** IEEE 802.11 data frames in the clear, bare (105) or behind a radiotap (127) or Prism (119) header. */
export function dissectWlan(
  d: Dissection,
  linkType: number,
  bytes: Uint8Array,
  start: number,
  end: number,
): Outcome {
  let at = start;
  let isPadded = false;
  if (linkType === RADIOTAP) {
    if (end - at < 8) return OUTCOME.cutLinkHeader;
    isPadded = radiotapSaysPadded(bytes, at, end);
    at += bytes[at + 2]! | (bytes[at + 3]! << 8);
  } else if (linkType === PRISM) {
    if (end - at < 8) return OUTCOME.cutLinkHeader;
    at += bytes[at + 4]! | (bytes[at + 5]! << 8);
  }
  if (end - at < 24) return OUTCOME.cutLinkHeader;
  const control = bytes[at]!;
  const flags = bytes[at + 1]!;
  const isData = (control & 0x0c) === 0x08;
  const isEmpty = (control & 0x40) !== 0;
  if (!isData || isEmpty) return OUTCOME.notIp;
  if ((flags & 0x40) !== 0) return OUTCOME.encrypted;
  let length = (flags & 0x03) === 0x03 ? 30 : 24;
  if ((control & 0x80) !== 0) {
    const isAggregate = (bytes[at + length]! & 0x80) !== 0;
    length += (flags & 0x80) !== 0 ? 6 : 2;
    // An A-MSDU begins with a header like Ethernet's; its first frame is read.
    if (isAggregate) length += 14;
  }
  if (isPadded) length = (length + 3) & ~3;
  if (end - at < length) return OUTCOME.cutLinkHeader;
  return dissectLlc(d, bytes, at + length);
}

/** Radiotap's flags field (bit 1 of the present word) says whether the 802.11 header is padded to four bytes. */
function radiotapSaysPadded(bytes: Uint8Array, start: number, end: number): boolean {
  const present = bytes[start + 4]!;
  if ((present & 0x02) === 0) return false;
  let at = start + 4;
  // Bit 31 of each present word announces another one.
  while (at + 8 <= end && (bytes[at + 3]! & 0x80) !== 0) at += 4;
  at += 4;
  if ((present & 0x01) !== 0) at = start + (((at - start + 7) & ~7) + 8);
  return at < end && (bytes[at]! & 0x20) !== 0;
}
