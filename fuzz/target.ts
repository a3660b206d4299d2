import type { Random } from "../src/base/random.ts";

/** Something that reads what strangers wrote. */
export interface Target {
  readonly name: string;
  /** How many of a round's inputs it gets: more for what is quick or has much to go wrong. */
  readonly share: number;
  /** A mutated input; the same random stream gives the same bytes. */
  make(random: Random): Uint8Array;
  /**
   * Reads an input. Foreseen errors (IsoreplayError) may be thrown where the reader's own words say so; anything else that
   * is thrown is a finding.
   */
  run(input: Uint8Array): void | Promise<void>;
}

/** Two answers to the same input differ, or an answer is not what it must be. */
export class Contradiction extends Error {
  constructor(message: string) {
    super(message);
    this.name = "Contradiction";
  }
}

/** Throws Contradiction where the two are not the same text. */
export function expectSame(what: string, a: string, b: string): void {
  if (a === b) return;
  const at = [...a].findIndex((character, i) => character !== b[i]);
  const from = Math.max(0, at === -1 ? Math.min(a.length, b.length) - 20 : at - 20);
  throw new Contradiction(`${what}: ${a.slice(from, from + 60)} ≠ ${b.slice(from, from + 60)}`);
}
