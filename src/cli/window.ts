import type { Observation } from "../feature/observation.ts";

/** "12.3–45.6": when a window was, in seconds since the capture's first packet. */
export function windowOf({ startNs, endNs }: Observation, firstNs: bigint): string {
  const seconds = (ns: bigint) => (Number(ns - firstNs) / 1e9).toFixed(1);
  return `${seconds(startNs)}–${seconds(endNs)}`;
}
