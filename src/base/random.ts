import { createHash } from "node:crypto";
import { randomLogNormal, randomNormal, randomPoisson } from "d3-random";
import { uniformFloat64 } from "pure-rand/distribution/uniformFloat64";
import { uniformInt } from "pure-rand/distribution/uniformInt";
import { xoroshiro128plusFromState } from "pure-rand/generator/xoroshiro128plus";

/**
 * Seeded randomness, passed as an argument. `fork(label)` gives an independent stream that depends only on the seed
 * and the labels on the way, so that one draw more in one place does not shift the draws of another.
 */
export class Random {
  readonly #path: string;
  readonly #generator: ReturnType<typeof xoroshiro128plusFromState>;

  private constructor(path: string) {
    const digest = createHash("sha256").update(path).digest();
    this.#path = path;
    // xoroshiro128+ must not start from four zeros; 128 bits of SHA-256 never are in practice, and | 1 makes sure.
    this.#generator = xoroshiro128plusFromState([
      digest.readInt32LE(0),
      digest.readInt32LE(4),
      digest.readInt32LE(8),
      digest.readInt32LE(12) | 1,
    ]);
  }

  static from(seed: number | string): Random {
    return new Random(String(seed));
  }

  /** An independent stream named by `label`; the same label gives the same stream again. */
  fork(label: string): Random {
    return new Random(`${this.#path}/${label}`);
  }

  /** Uniform in [0, 1). */
  float(): number {
    return uniformFloat64(this.#generator);
  }

  /** Uniform whole number in [min, max], both ends included. */
  int(min: number, max: number): number {
    return uniformInt(this.#generator, min, max);
  }

  uniform(min: number, max: number): number {
    return min + (max - min) * this.float();
  }

  chance(probability: number): boolean {
    return this.float() < probability;
  }

  normal(mean: number, sd: number): number {
    return randomNormal.source(() => this.float())(mean, sd)();
  }

  /** Log-normal whose own (not its logarithm's) mean and standard deviation are given. */
  logNormal(mean: number, sd: number): number {
    const variance = Math.log(1 + (sd * sd) / (mean * mean));
    return randomLogNormal.source(() => this.float())(
      Math.log(mean) - variance / 2,
      Math.sqrt(variance),
    )();
  }

  poisson(mean: number): number {
    return randomPoisson.source(() => this.float())(mean)();
  }

  bytes(length: number): Uint8Array {
    const out = new Uint8Array(length);
    for (let i = 0; i < length; i++) out[i] = this.int(0, 255);
    return out;
  }

  pick<T>(list: readonly T[]): T {
    const picked = list[this.int(0, list.length - 1)];
    if (picked === undefined) throw new RangeError("cannot pick from an empty list");
    return picked;
  }

  /** A shuffled copy (Fisher–Yates). */
  shuffle<T>(list: readonly T[]): T[] {
    const out = [...list];
    for (let i = out.length - 1; i > 0; i--) {
      const j = this.int(0, i);
      [out[i], out[j]] = [out[j] as T, out[i] as T];
    }
    return out;
  }
}
