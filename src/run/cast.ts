import { RUN_LIMITS } from "../base/limits.ts";
import type { Endpoint } from "../base/net.ts";
import type { ProbeTargets } from "../program/probe.ts";
import type { Program } from "../program/program.ts";
import { hostOf, type Plan } from "./plan.ts";

/** An instance that is judged, and what of the lab belongs to it. */
export interface Suspect {
  /** The instance on `private`. */
  readonly host: string;
  /** The instance on `isolation` that gets its volume. */
  readonly target: string;
  /** The behaviour that the emulation gave it; null where nobody knows. */
  readonly behaviour: string | null;
  /** What runs on it while it is recorded, and what runs on it again in isolation. */
  readonly program: Program;
  readonly isolatedProgram: Program;
  /** Makes a way out visible while it is recorded and in isolation: the positive control. */
  readonly beacon: Program | null;
  /** Holds conversations of other kinds, which the cut has to end, too; null where nothing does. */
  readonly companion: Program | null;
}

/** A host with its program. */
export interface Role {
  readonly host: string;
  readonly program: Program;
}

/** Who plays in a round: the plan's hosts with their programs. */
export interface Cast {
  readonly plan: Plan;
  /** Servers and canaries: run the whole round. */
  readonly servers: readonly Role[];
  /** Labelled traffic that trains the model, benign and not. */
  readonly training: readonly Role[];
  /** Benign traffic while the suspects are judged. */
  readonly benign: readonly Role[];
  readonly suspects: readonly Suspect[];
  /** Where the beacons and probes go: whatever arrives there got out. */
  readonly canary: Endpoint;
  /** The truth about who is who: the behaviour by client address; what is not in it is benign. Null: nobody knows. */
  readonly truth: ReadonlyMap<string, string> | null;
  /** By behaviour name, the effect that shows it. */
  readonly effects: ReadonlyMap<string, string>;
}

/** Whom the probes of an isolated instance are for: the way out, and its neighbours. */
export function probeTargets(cast: Cast, target: string): ProbeTargets {
  return {
    canary: cast.canary,
    gateway: cast.plan.replayer.gatewayAddress,
    neighbours: [
      ...cast.plan.hosts.filter(({ role }) => role === "responder"),
      ...cast.suspects
        .filter((s) => s.target !== target)
        .slice(0, RUN_LIMITS.neighboursMax)
        .map((s) => hostOf(cast.plan, s.target)),
    ].map(({ address }) => address),
  };
}
