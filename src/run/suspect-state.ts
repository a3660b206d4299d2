import type { Judgement } from "../cluster/judgement.ts";
import type { Observation } from "../feature/observation.ts";
import type { Transaction } from "../http/transaction.ts";
import type { Suspect } from "./cast.ts";
import type { ContainmentRecord } from "./containment.ts";
import type { HostPlan } from "./plan.ts";

export interface JudgedObservation {
  readonly observation: Observation;
  readonly judgement: Judgement;
}

export interface SuspectRecord {
  readonly suspect: Suspect;
  /** The judgement that decided, or the one that speaks most against it; null when no window of it closed. */
  readonly judged: JudgedObservation | null;
  readonly firstRequestNs: bigint | null;
  readonly containment: ContainmentRecord | null;
  /** What the canary saw of it before it was isolated: the positive control. */
  readonly canarySaw: number;
}

/** A suspect's way through the round. */
export class SuspectState {
  readonly suspect: Suspect;
  readonly mac: string;
  readonly recorded: Transaction[] = [];
  judged: JudgedObservation | null = null;
  containment: ContainmentRecord | null = null;
  canarySaw = 0;
  isIsolating = false;
  isOver = false;
  endedNs: bigint | null = null;

  constructor(suspect: Suspect, instance: HostPlan) {
    this.suspect = suspect;
    this.mac = instance.mac;
  }

  /** The judgement in words. */
  get verdict(): string {
    const { judged } = this;
    return judged === null
      ? "suspected without a verdict"
      : `${judged.judgement.verdict} ${judged.judgement.label}`;
  }

  record(): SuspectRecord {
    return {
      suspect: this.suspect,
      judged: this.judged,
      firstRequestNs: this.recorded[0]?.requestStartNs ?? null,
      containment: this.containment,
      canarySaw: this.canarySaw,
    };
  }
}
