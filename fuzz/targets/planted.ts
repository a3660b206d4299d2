import type { Random } from "../../src/base/random.ts";
import type { Target } from "../target.ts";

/**
 * Targets with a fault put in on purpose: the positive control. A hunt that does not find them would find nothing
 * else. Only the tests ask for them.
 */
export const planted: readonly Target[] = [
  plant("planted-crash", () => {
    const nothing: string[] = [];
    nothing[0]!.trim();
  }),
  plant("planted-hang", () => {
    for (let i = 0; ; i++) Math.sqrt(i);
  }),
  plant("planted-memory", () => {
    const held: number[][] = [];
    for (;;) held.push(new Array<number>(1_000).fill(held.length));
  }),
  plant("planted-bytes", () => {
    new Uint8Array(1_000_000_000);
  }),
];

/** Does something bad where the input holds an "x" and a "y". */
function plant(name: string, fault: () => void): Target {
  return {
    name,
    share: 1,
    make: (random: Random) => {
      const letters = random.chance(0.02) ? "abxy" : "abcd";
      return Buffer.from(Array.from({ length: 40 }, () => random.pick([...letters])).join(""));
    },
    run(input) {
      if (input.includes(120) && input.includes(121)) fault();
    },
  };
}
