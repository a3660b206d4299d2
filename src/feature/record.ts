import { elapsedMs } from "../base/clock.ts";
import { columns } from "./columns.ts";
import type { Observation } from "./observation.ts";

/**
 * One line of JSON without newline: `client`, `server`, `start` and `end` in seconds since `originNs` (for a
 * capture: its first packet), then every column in the order of columns.ts.
 */
export function formatObservation(observation: Observation, originNs: bigint): string {
  const { client, server, startNs, endNs, values } = observation;
  return JSON.stringify({
    client,
    server,
    start: elapsedMs(originNs, startNs) / 1e3,
    end: elapsedMs(originNs, endNs) / 1e3,
    ...Object.fromEntries(columns.map(({ name }) => [name, values[name] ?? 0])),
  });
}
