import type { Fault } from "./fault.ts";

/** What every input is bound to. A normal one takes below a millisecond and some hundred kilobytes. */
export const BOUNDS = {
  /** The longest that one input may take; much, because the machine may be busy. */
  inputMs: 10_000,
  /** What one input may add to the memory in use, heap and buffers: a packet's limit is 16 MiB, and it may be held twice. */
  inputBytes: 96 * 1024 * 1024,
  /** The heap of the process, whatever the input. */
  heapMegabytes: 256,
  /** What all inputs together may leave behind. */
  leftBytes: 48 * 1024 * 1024,
} as const;

/** Inputs `from` up to and without `to` of a seed, or one input of a target. */
export type Job =
  | { readonly kind: "range"; readonly from: number; readonly to: number }
  | { readonly kind: "one"; readonly target: string; readonly input: Uint8Array };

export interface TargetTally {
  readonly inputs: number;
  /** Inputs that the target refused with a foreseen error. */
  readonly refused: number;
  readonly slowestMs: number;
  readonly slowestNumber: number;
}

/** How a job ended: at its end, or at the first fault. */
export interface JobEnd {
  /** The number behind the last input that ran. */
  readonly next: number;
  readonly tallies: Readonly<Record<string, TargetTally>>;
  readonly fault: Fault | null;
  /** Memory in use once the garbage is gone. */
  readonly usedBytes: number;
  /** The most that the process has had so far, everything counted; 0 where it cannot tell any more. */
  readonly peakBytes: number;
}

export interface RunnerData {
  readonly seed: string;
  readonly targets: readonly string[];
  /** Holds the number of the input that runs now in 32 bits, -1 between jobs. */
  readonly progressFile: string;
}
