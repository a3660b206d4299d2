import { Random } from "../src/base/random.ts";
import type { Target } from "./target.ts";

/** The inputs of a seed, numbered: the n-th depends on the seed and on n alone. */
export class Inputs {
  readonly #seed: string;
  readonly #schedule: readonly Target[];

  constructor(seed: string, targets: readonly Target[]) {
    this.#seed = seed;
    this.#schedule = targets.flatMap((target) => Array<Target>(target.share).fill(target));
  }

  targetOf(number: number): Target {
    return this.#schedule[number % this.#schedule.length]!;
  }

  inputOf(number: number): Uint8Array {
    return this.targetOf(number).make(Random.from(`${this.#seed}/${number}`));
  }
}
