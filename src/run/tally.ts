import type { SeenProbe } from "./parts.ts";

interface Leaving {
  readonly verdictNs: bigint;
  framesAfterVerdict: number;
  lastFrameNs: bigint | null;
  framesAfterCut: number;
  cutNs: bigint | null;
}

/** Frames that left through the uplink after the verdict on their sender, by its MAC address. */
export class UplinkTally {
  readonly #leaving = new Map<string, Leaving>();

  /** From now on the frames of this instance are counted. */
  verdict(mac: string, verdictNs: bigint): void {
    this.#leaving.set(mac, {
      verdictNs,
      framesAfterVerdict: 0,
      lastFrameNs: null,
      framesAfterCut: 0,
      cutNs: null,
    });
  }

  /** From `timeNs` on none may leave. */
  cut(mac: string, timeNs: bigint): void {
    const leaving = this.#leaving.get(mac);
    if (leaving !== undefined) leaving.cutNs = timeNs;
  }

  frame(sourceMac: string, timeNs: bigint): void {
    const leaving = this.#leaving.get(sourceMac);
    // A real capture shows a frame a little after it passed.
    if (leaving === undefined || timeNs < leaving.verdictNs) return;
    leaving.framesAfterVerdict++;
    leaving.lastFrameNs = timeNs;
    if (leaving.cutNs !== null && timeNs > leaving.cutNs) leaving.framesAfterCut++;
  }

  of(mac: string): Readonly<Leaving> | null {
    return this.#leaving.get(mac) ?? null;
  }
}

export type ProbePhase = "control" | "isolated";

/** Counts of probes, kind by kind and phase by phase. */
export class ProbeTally {
  readonly #seen: Record<ProbePhase, Map<string, number>> = {
    control: new Map(),
    isolated: new Map(),
  };

  add(phase: ProbePhase, probe: SeenProbe): void {
    const seen = this.#seen[phase];
    seen.set(probe.kind, (seen.get(probe.kind) ?? 0) + 1);
  }

  count(phase: ProbePhase, kind: string): number {
    return this.#seen[phase].get(kind) ?? 0;
  }
}
