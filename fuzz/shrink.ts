import { join } from "./mutate/bytes.ts";

/**
 * The smallest input found that still shows the fault: stretches are taken out, large ones first, for as long as the
 * fault stays and there is time.
 */
export async function shrink(
  input: Uint8Array,
  stillFails: (candidate: Uint8Array) => Promise<boolean>,
  isTimeLeft: () => boolean,
): Promise<Uint8Array> {
  let smallest = input;
  for (let size = input.length >> 1; size >= 1; size = size === 1 ? 0 : size >> 1) {
    for (let again = true; again; ) {
      again = false;
      for (let at = 0; at < smallest.length; ) {
        if (!isTimeLeft()) return smallest;
        const candidate = join(smallest.subarray(0, at), smallest.subarray(at + size));
        if (await stillFails(candidate)) {
          smallest = candidate;
          again = size === 1;
        } else at += size;
      }
    }
  }
  return smallest;
}
