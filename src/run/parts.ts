import type { fitSet } from "../cluster/fit.ts";
import type { Judgement } from "../cluster/judgement.ts";
import type { Model } from "../cluster/model.ts";
import type { update } from "../cluster/update.ts";
import type { Observation } from "../feature/observation.ts";
import type { PrivateNetwork } from "../isolate/private-rules.ts";
import type { ProbeTargets } from "../program/probe.ts";
import type { Program } from "../program/program.ts";
import type { Way } from "../scenario/way.ts";
import type { Doors, ReplayWay } from "./way.ts";

/** A probe that was recognised in a frame. */
export interface SeenProbe {
  readonly kind: string;
  readonly marker: string;
}

/**
 * The parts of the system that the loop puts together. They are arguments, so that a test can sabotage one of them
 * (a mutant) and see that the assertions notice.
 */
export interface Parts {
  readonly privateRules: (network: PrivateNetwork) => string;
  /** The rules of the positive control: the outlet must see the probes under them. */
  readonly controlRules: string;
  /**
   * Every way out of a bridge that its rules could offer to what comes in through `ports`, beyond what they may (egress, by
   * ingress port; doors, where only what is translated may leave), as sentences. The rules as a switch lists them.
   */
  readonly waysOut: (
    rules: string,
    ports: readonly number[],
    egress: ReadonlyMap<number, ReadonlySet<number>>,
    doors?: Doors,
  ) => readonly string[];
  /** Step "cluster", step "update", step "judge". */
  readonly fit: typeof fitSet;
  readonly update: typeof update;
  readonly judge: (model: Model, observation: Observation) => Judgement;
  /** The ways of replay, with their rules of `isolation`. */
  readonly ways: Readonly<Record<Way, ReplayWay>>;
  /** The probe set as a program, and how to know a probe when it is seen. */
  readonly probes: {
    readonly kinds: readonly string[];
    readonly program: (marker: string, targets: ProbeTargets) => Program;
    readonly recognise: (frame: Uint8Array) => SeenProbe | null;
  };
}
