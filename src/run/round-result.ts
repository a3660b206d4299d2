import { elapsedMs } from "../base/clock.ts";
import type { Quality } from "../cluster/fit.ts";
import type { Model } from "../cluster/model.ts";
import type { Observation } from "../feature/observation.ts";
import type { Effect } from "../host/guest.ts";
import type { Transaction } from "../http/transaction.ts";
import type { ContainmentRecord } from "./containment.ts";
import { truthOf } from "./learning.ts";
import { hostOf } from "./plan.ts";
import type {
  ConversationResult,
  EffectResult,
  FeedbackResult,
  ModelResult,
  MoveResult,
  ObservationResult,
  ProbeResult,
  ReplayResult,
  RoundResult,
  SuspectResult,
} from "./results.ts";
import type { RoundRecord } from "./round.ts";
import type { SuspectRecord } from "./suspect-state.ts";

/** What `results.json` says of a round. */
export function roundResult(
  number: number,
  round: RoundRecord,
  quality: Quality,
  feedback: FeedbackResult | null,
  probeKinds: readonly string[],
): RoundResult {
  const { cast, canary, outletFrames, lateralFrames } = round;
  const isProbed = cast.suspects.length > 0;
  return {
    round: number,
    observations: [
      ...round.training.map((o) => observation(round, o, "record")),
      ...round.judged.map(({ observation: o, judgement }): ObservationResult => {
        const { verdict, label } = judgement;
        return { ...observation(round, o, "record"), judgement: { verdict, label } };
      }),
      ...round.isolated.map((o) => observation(round, o, "isolation")),
    ],
    model: modelResult(round.model, quality),
    suspects: round.suspects.map((s) => suspectResult(round, s)),
    containment: isProbed
      ? {
          probes: probeKinds.map((kind) => probeResult(round, kind)),
          canary,
          proof: { ...round.proof, waysOut: [...round.proof.waysOut] },
          outletFrames,
          missedFrames: round.counts.framesMissed ?? 0,
          lateralFrames,
        }
      : null,
    feedback,
    ...(round.lateness === null ? {} : { lateness: round.lateness }),
  };
}

function observation(
  { cast }: RoundRecord,
  o: Observation,
  phase: ObservationResult["phase"],
): ObservationResult {
  return {
    client: o.client,
    server: o.server,
    phase,
    behaviour: truthOf(cast, o),
    judgement: null,
    values: { ...o.values },
  };
}

function modelResult(model: Model, quality: Quality): ModelResult {
  return {
    columns: model.columns,
    mean: model.scale.center,
    sd: model.scale.scale,
    clusters: [
      ...model.clusters.map((c) => ({ ...pick(c), benign: false })),
      ...model.benign.map((c) => ({ ...pick(c), benign: true })),
    ],
    metrics: { ...quality },
  };
}

function pick({ label, centre, radius, size }: Model["benign"][number]): Model["benign"][number] {
  return { label, centre, radius, size };
}

function probeResult({ probesSent, probesOut }: RoundRecord, kind: string): ProbeResult {
  return {
    kind,
    sent: probesSent.count("isolated", kind),
    control: probesOut.count("control", kind),
    leaked: probesOut.count("isolated", kind),
  };
}

function suspectResult(round: RoundRecord, record: SuspectRecord): SuspectResult {
  const { suspect, judged, containment, firstRequestNs } = record;
  const instance = hostOf(round.cast.plan, suspect.host);
  const leaving = round.uplink.of(instance.mac);
  const verdictNs = containment?.verdictNs ?? null;
  return {
    name: suspect.host,
    address: instance.address,
    behaviour: suspect.behaviour,
    verdict: judged?.judgement.verdict ?? null,
    label: judged?.judgement.label ?? null,
    reason: judged?.judgement.reason ?? "No window of its traffic closed.",
    verdictTimeS: verdictNs === null ? null : seconds(verdictNs),
    timeToDetectS:
      verdictNs === null || firstRequestNs === null
        ? null
        : elapsedMs(firstRequestNs, verdictNs) / 1000,
    timeToContainMs:
      verdictNs === null
        ? null
        : elapsedMs(verdictNs, leaving?.lastFrameNs ?? verdictNs) / round.pace.speed,
    framesAfterVerdict: leaving?.framesAfterVerdict ?? null,
    framesAfterCut: leaving?.framesAfterCut ?? null,
    conversations:
      containment === null || suspect.companion === null
        ? null
        : conversationsOf(round, instance.mac),
    canarySaw: record.canarySaw,
    move: containment === null ? null : moveResult(containment, suspect.target),
    replay: containment === null ? null : replayResult(round, containment, suspect.target),
    effectsBefore: effectsOf(round, suspect.host),
    effectsInIsolation: effectsOf(round, suspect.target),
  };
}

function conversationsOf({ conversations, pace }: RoundRecord, mac: string): ConversationResult[] {
  return conversations.of(mac, pace.speed).map((conversation) => {
    const { lastBeforeCutNs, lastAfterCutNs, ...shown } = conversation;
    return {
      ...shown,
      lastBeforeCutS: lastBeforeCutNs === null ? null : seconds(lastBeforeCutNs),
      lastAfterCutS: lastAfterCutNs === null ? null : seconds(lastAfterCutNs),
    };
  });
}

function moveResult({ move }: ContainmentRecord, target: string): MoveResult {
  return {
    method: move.method,
    target,
    startS: seconds(move.startNs),
    durationS: elapsedMs(move.startNs, move.endNs) / 1000,
    hashBefore: move.hashBefore,
    hashAfter: move.hashAfter,
    hashEqual: move.hashBefore === move.hashAfter,
    memoryLost: move.memoryLost,
    steps: [...move.steps],
  };
}

function replayResult(
  round: RoundRecord,
  containment: ContainmentRecord,
  target: string,
): ReplayResult {
  const { address } = hostOf(round.cast.plan, target);
  const seen = round.replayed.filter((t) => t.client.address === address && t.status !== null);
  const recorded = new Bag(containment.recorded.map(responseOf));
  const shapes = new Bag(containment.recorded.map(shapeOf));
  const asked = new Bag(containment.recorded.map(requestOf));
  const account = containment.replayer.account();
  return {
    startS: seconds(containment.replayStartNs),
    answers: account.answers,
    bytes: { ...account.bytes },
    misses: account.misses,
    seen: seen.length,
    alike: seen.filter((t) => shapes.take(shapeOf(t))).length,
    identical: seen.filter((t) => recorded.take(responseOf(t))).length,
    requestsRecorded: containment.recorded.length,
    requestsRepeated: round.replayed.filter(
      (t) => t.client.address === address && asked.take(requestOf(t)),
    ).length,
  };
}

function responseOf(transaction: Transaction): string {
  return Buffer.from(transaction.raw?.response ?? new Uint8Array()).toString("latin1");
}

/** What of an answer is left when its body is filler. */
function shapeOf({ server, method, uri, status, responseBytes }: Transaction): string {
  return `${server.address}:${server.port} ${method} ${uri} ${status} ${responseBytes}`;
}

/** A request as it can be compared: the same server, method and target, and as long a body. */
function requestOf({ server, method, uri, requestBytes }: Transaction): string {
  return `${server.address}:${server.port} ${method} ${uri} ${requestBytes}`;
}

/** A multiset from which each thing can be taken as often as it is in it. */
class Bag {
  readonly #counts = new Map<string, number>();

  constructor(things: readonly string[]) {
    for (const thing of things) this.#counts.set(thing, (this.#counts.get(thing) ?? 0) + 1);
  }

  take(thing: string): boolean {
    const count = this.#counts.get(thing) ?? 0;
    if (count === 0) return false;
    this.#counts.set(thing, count - 1);
    return true;
  }
}

function effectsOf({ effects }: RoundRecord, host: string): EffectResult[] {
  return effects
    .filter((e) => e.host === host)
    .map(({ effect }: { effect: Effect }) => ({
      kind: effect.kind,
      timeS: seconds(effect.timeNs),
      network: effect.network,
      detail: effect.detail,
    }));
}

function seconds(timeNs: bigint): number {
  return elapsedMs(0n, timeNs) / 1000;
}
