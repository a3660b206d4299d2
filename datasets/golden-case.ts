import type { Random } from "../src/base/random.ts";

/** A capture that shows one difficulty. Its README and the right answer stand in the folder of its name, written by hand. */
export interface GoldenCase {
  /** The folder's name. */
  readonly name: string;
  readonly file: "capture.pcap" | "capture.pcapng";
  /** The capture's bytes; `random` gives what does not matter (sequence numbers, identifications, filler). */
  readonly make: (random: Random) => Uint8Array;
}

/** A case in classic pcap, which most are. */
export function pcapCase(name: string, make: GoldenCase["make"]): GoldenCase {
  return { name, file: "capture.pcap", make };
}

export function pcapngCase(name: string, make: GoldenCase["make"]): GoldenCase {
  return { name, file: "capture.pcapng", make };
}
