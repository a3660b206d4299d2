import type { Bucket } from "../../src/rule/group.ts";

/** A hash has as many values as this at least, and at most where nobody says how a group is to choose. */
const VALUES_MIN = 16;
const VALUES_MAX = 64;

/**
 * Which bucket of a select group each value of a hash means, so that each has its share (Webster's method); as many values
 * as a power of two. `null`: no bucket has a weight, or too little of the whole. As ofproto/ofproto-dpif.c of Open vSwitch
 * 3.1, `group_setup_dp_hash_table`.
 */
export function hashMap(buckets: readonly Bucket[]): readonly Bucket[] | null {
  const shares = buckets.map((bucket) => ({ bucket, divisor: 1, value: bucket.weight }));
  const weights = buckets.map(({ weight }) => weight).filter((weight) => weight > 0);
  if (weights.length === 0) return null;
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const wanted = Math.max(Math.ceil(total / Math.min(...weights)), buckets.length * 4);
  const values = Math.max(VALUES_MIN, 2 ** Math.ceil(Math.log2(wanted)));
  if (values > VALUES_MAX) return null;
  return Array.from({ length: values }, () => {
    const winner = shares.reduce((best, share) => (share.value > best.value ? share : best));
    winner.divisor += 2;
    winner.value = winner.bucket.weight / winner.divisor;
    return winner.bucket;
  });
}
