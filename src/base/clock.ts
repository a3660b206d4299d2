/** The time, as an argument. Nanoseconds since an epoch of the clock's own choosing. */
export interface Clock {
  nowNs(): bigint;
}

/** A clock on which one can wait. In the simulator it is virtual: waiting costs nothing. */
export interface Timers extends Clock {
  /** Resolves `ms` milliseconds later. */
  sleep(ms: number): Promise<void>;
  /** Calls `callback` once, `ms` milliseconds later, unless the returned function is called before. */
  after(ms: number, callback: () => void): () => void;
}

export const NS_PER_S = 1_000_000_000n;
export const NS_PER_MS = 1_000_000n;

/** Milliseconds between two instants, as a number (exact below 2^53 ns, about 104 days). */
export function elapsedMs(fromNs: bigint, toNs: bigint): number {
  return Number(toNs - fromNs) / 1e6;
}
