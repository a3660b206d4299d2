import { Random } from "../base/random.ts";

/** `size` of the numbers 0 to total - 1, ascending; all where there are not more. The same for the same arguments. */
export function sampleIndices(total: number, size: number): number[] {
  const all = Array.from({ length: total }, (_, i) => i);
  if (total <= size) return all;
  const shuffled = Random.from("sample").shuffle(all);
  return shuffled.slice(0, size).sort((a, b) => a - b);
}
