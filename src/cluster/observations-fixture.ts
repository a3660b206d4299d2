import type { Random } from "../base/random.ts";
import type { Observation } from "../feature/observation.ts";

/** For tests: an observation with these values of the model's two columns. */
export function observation(responseBytesMean: number, phpRequests: number): Observation {
  return {
    client: "10.0.0.5",
    server: "203.0.113.9:80",
    startNs: 0n,
    endNs: 1_000_000_000n,
    values: { response_bytes_mean: responseBytesMean, php_requests: phpRequests },
  };
}

export interface Kind {
  readonly label: string;
  readonly bytes: readonly [mean: number, sd: number];
  readonly requests: readonly [mean: number, sd: number];
}

/** As the three behaviours of the paper's scenario are. */
export const behaviours: readonly Kind[] = [
  { label: "cookie-theft", bytes: [420, 90], requests: [15, 2.6] },
  { label: "homepage-set", bytes: [1150, 210], requests: [8, 1.7] },
  { label: "os-shutdown", bytes: [560, 120], requests: [4.5, 1.2] },
];

/** Benign sites that answer in PHP. */
export const sites: readonly Kind[] = [
  { label: "shop", bytes: [14000, 4000], requests: [5, 2] },
  { label: "forum", bytes: [7000, 2000], requests: [4, 1.5] },
];

export function drawObservation(random: Random, kind: Kind): Observation {
  return observation(
    random.logNormal(...kind.bytes),
    Math.max(1, Math.round(random.logNormal(...kind.requests))),
  );
}

/** `size` observations of each kind, with their labels. */
export function drawBatch(random: Random, kinds: readonly Kind[], size: number) {
  const labels = kinds.flatMap((kind) => Array<string>(size).fill(kind.label));
  const observations = kinds.flatMap((kind) =>
    Array.from({ length: size }, () => drawObservation(random, kind)),
  );
  return { observations, labels };
}
