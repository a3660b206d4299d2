import { field16, field32 } from "./byte-order.ts";
import { OPTION } from "./pcapng-block.ts";
import { TimeUnit } from "./time-unit.ts";

/** What an interface description block says that matters for its packets. */
export interface PcapngInterface {
  readonly linkType: number;
  /** 0: no limit. */
  readonly snapLength: number;
  readonly time: TimeUnit;
  /** Its number in the whole file. */
  readonly index: number;
}

/*
 * Body of the interface description block: 0 link type 2, 2 reserved 2, 4 snapshot length 4, 8 options, each
 * 0 code 2, 2 length 2, 4 value (padded to 4 bytes)
 */

/** Reads a body of at least 8 bytes at `bytes[at, end)`. Options that do not fit are left out. */
export function readInterface(
  bytes: Uint8Array,
  at: number,
  end: number,
  little: boolean,
  index: number,
): PcapngInterface {
  let resolution: number | undefined;
  let offsetSeconds = 0;
  let option = at + 8;
  while (option + 4 <= end) {
    const code = field16(bytes, option, little);
    const length = field16(bytes, option + 2, little);
    const value = option + 4;
    if (code === OPTION.end || value + length > end) break;
    if (code === OPTION.timeResolution && length === 1) resolution = bytes[value];
    if (code === OPTION.timeOffset && length === 8) offsetSeconds = signed64(bytes, value, little);
    option = value + ((length + 3) & ~3);
  }
  return {
    linkType: field16(bytes, at, little),
    snapLength: field32(bytes, at + 4, little),
    time: new TimeUnit(resolution, offsetSeconds),
    index,
  };
}

function signed64(bytes: Uint8Array, at: number, little: boolean): number {
  const first = field32(bytes, at, little);
  const second = field32(bytes, at + 4, little);
  const [high, low] = little ? [second, first] : [first, second];
  return (high | 0) * 0x1_0000_0000 + low;
}
