import type { PacketPort } from "../base/packet-port.ts";
import type { fitSet } from "../cluster/fit.ts";
import type { Judgement } from "../cluster/judgement.ts";
import type { Model } from "../cluster/model.ts";
import type { update } from "../cluster/update.ts";
import type { Observation } from "../feature/observation.ts";
import type { Transaction } from "../http/transaction.ts";
import type { IsolationNetwork } from "../isolate/isolation-rules.ts";
import type { PrivateNetwork } from "../isolate/private-rules.ts";
import type { ProbeTargets } from "../program/probe.ts";
import type { Program } from "../program/program.ts";

/** What a replayer says when it is asked: who got what, and where the bytes came from. */
export interface ReplayAccount {
  /** Requests answered, from the tape or by the miss policy. */
  readonly answers: number;
  readonly misses: number;
  readonly bytes: {
    readonly recorded: number;
    readonly substituted: number;
    readonly refused: number;
  };
}

/** A replayer that serves one isolated guest through its port. */
export interface Replayer {
  account(): ReplayAccount;
  stop(): void;
}

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
  readonly isolationRules: (network: IsolationNetwork) => string;
  /** The rules of the positive control: the outlet must see the probes under them. */
  readonly controlRules: string;
  /**
   * Every way out of a bridge that its rules could offer to what comes in through `ports`, beyond what they may (egress, by
   * ingress port), as sentences. The rules as a switch lists them.
   */
  readonly waysOut: (
    rules: string,
    ports: readonly number[],
    egress: ReadonlyMap<number, ReadonlySet<number>>,
  ) => readonly string[];
  /** Step "cluster", step "update", step "judge". */
  readonly fit: typeof fitSet;
  readonly update: typeof update;
  readonly judge: (model: Model, observation: Observation) => Judgement;
  /** Serve the recorded answers through `port`. */
  readonly replay: (
    port: PacketPort,
    recorded: readonly Transaction[],
    options: { readonly miss: "close" | "empty-200"; readonly seed: string },
  ) => Replayer;
  /** The probe set as a program, and how to know a probe when it is seen. */
  readonly probes: {
    readonly kinds: readonly string[];
    readonly program: (marker: string, targets: ProbeTargets) => Program;
    readonly recognise: (frame: Uint8Array) => SeenProbe | null;
  };
}
