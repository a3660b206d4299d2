import { elapsedMs } from "../base/clock.ts";
import { LabUnavailableError } from "../base/errors.ts";
import type { Judgement } from "../cluster/judgement.ts";
import type { Model } from "../cluster/model.ts";
import type { Observation } from "../feature/observation.ts";
import type { Effect } from "../host/guest.ts";
import type { ProgramEvent } from "../host/host.ts";
import type { Transaction } from "../http/transaction.ts";
import type { Frame } from "../wire/frame.ts";
import { readMac } from "../wire/mac.ts";
import { type Cast, probeTargets, type Role } from "./cast.ts";
import { Containment, type ContainmentOptions, type ProofRecord } from "./containment.ts";
import { Conversations } from "./conversations.ts";
import { type Lab, type Pace, type RunningLab, type Watch, waitUntil } from "./lab.ts";
import { allowedLatenessMs } from "./lateness.ts";
import { LiveAnalysis } from "./live.ts";
import type { Parts } from "./parts.ts";
import { hostOf, type TapName } from "./plan.ts";
import type { RoundResult } from "./results.ts";
import { type JudgedObservation, type SuspectRecord, SuspectState } from "./suspect-state.ts";
import { type ProbePhase, ProbeTally, UplinkTally } from "./tally.ts";
import type { ReplayWay } from "./way.ts";

/** Of a suspect's windows the one that speaks most against it is the one to report. */
const SEVERITY = { benign: 0, unknown: 1, known: 2 } as const;
/** How often windows are looked at for a gap that has passed. */
const TICK_MS = 1000;
/** Hosts begin one after the other within this time, so that they do not march in step. */
const STAGGER_MS = 400;

export interface RoundOptions extends ContainmentOptions {
  readonly gapS: number;
  /** The longest pause that a program makes within a session. */
  readonly pauseS: number;
  /** Give up on suspects that were not judged malicious by then. */
  readonly judgeMsMax: number;
  /** Which verdicts lead to isolation. */
  readonly isolateOn: (judgement: Judgement) => boolean;
  /** Isolate a suspect when its program has ended, whatever the judgement (a capture's client: the user suspects it). */
  readonly isolateUnjudged: boolean;
}

/** All that a round showed. */
export interface RoundRecord {
  readonly cast: Cast;
  /** What the model was trained on; empty in rounds that judge with what earlier ones learned. */
  readonly training: readonly Observation[];
  readonly model: Model;
  readonly judged: readonly JudgedObservation[];
  readonly suspects: readonly SuspectRecord[];
  /** Observed in isolation, and the transactions that were seen there. */
  readonly isolated: readonly Observation[];
  readonly replayed: readonly Transaction[];
  readonly effects: readonly { readonly host: string; readonly effect: Effect }[];
  readonly uplink: UplinkTally;
  readonly conversations: Conversations;
  readonly probesSent: ProbeTally;
  readonly probesOut: ProbeTally;
  /** Frames at the outlet while the isolation's rules were in force: each one is a leak. */
  readonly outletFrames: number;
  /** Frames under the same rules that reached an isolated instance from anybody but its replayed gateway. */
  readonly lateralFrames: number;
  readonly proof: ProofRecord;
  /** Arrivals at the canary from suspects that were not yet isolated, and those that should never have been. */
  readonly canary: { readonly before: number; readonly after: number };
  readonly pace: Pace;
  readonly lateness: NonNullable<RoundResult["lateness"]> | null;
  readonly counts: Readonly<Record<string, number>>;
  readonly endNs: bigint;
}

export type Stage =
  | "up"
  | "control"
  | "record"
  | "cluster"
  | "judge"
  | "verdict"
  | "isolate"
  | "cut"
  | "replay"
  | "observe"
  | "containment";

export interface RoundInputs {
  readonly cast: Cast;
  readonly parts: Parts;
  readonly options: RoundOptions;
  /** The model to judge with, or how to make one from the training observations. */
  readonly model: Model | ((training: readonly Observation[]) => Model);
  /** Sees everything that passes, for captures and the event log. */
  readonly watch: Watch;
  readonly onStage: (stage: Stage, detail: string) => void;
}

/** One turn of the loop on a lab: control → record → cluster → judge → isolate and replay → observe. */
export async function runRound(lab: Lab, inputs: RoundInputs): Promise<RoundRecord> {
  requireWay(lab, inputs.parts.ways[inputs.options.way]);
  const round = new Round(inputs);
  return lab.run(inputs.cast.plan, round, (running) => round.play(running));
}

/** Before anything is built. */
function requireWay(lab: Lab, way: ReplayWay): void {
  if (way.labs.includes(lab.kind)) return;
  throw new LabUnavailableError(`the lab ${lab.kind} cannot replay by way of ${way.name}`, {
    mend: `use ${way.labs.map((kind) => `--lab ${kind}`).join(" or ")}, or another replay.way in the scenario`,
  });
}

class Round implements Watch {
  readonly #inputs: RoundInputs;
  readonly #uplink = new UplinkTally();
  readonly #sent = new ProbeTally();
  readonly #out = new ProbeTally();
  readonly #conversations: Conversations;
  readonly #live: LiveAnalysis;
  readonly #isolation: LiveAnalysis;
  readonly #training: Observation[] = [];
  readonly #judged: JudgedObservation[] = [];
  readonly #isolated: Observation[] = [];
  readonly #replayed: Transaction[] = [];
  readonly #effects: { host: string; effect: Effect }[] = [];
  readonly #suspects = new Map<string, SuspectState>();
  readonly #canary = { before: 0, after: 0 };
  /** When the rules of both networks came into force. */
  #closedNs: bigint | null = null;
  #pace: Pace = { speed: 1, settleMs: 0 };
  #sensor: TapName | null = null;
  #outletFrames = 0;
  #lateralFrames = 0;
  #model: Model | null = null;
  #onMalicious: (state: SuspectState) => void = () => {};
  #containment: Containment | null = null;

  constructor(inputs: RoundInputs) {
    this.#inputs = inputs;
    const { gapS } = inputs.options;
    for (const suspect of inputs.cast.suspects) {
      const instance = hostOf(inputs.cast.plan, suspect.host);
      this.#suspects.set(instance.address, new SuspectState(suspect, instance));
    }
    const macs = [...this.#suspects.values()].map(({ mac }) => mac);
    this.#conversations = new Conversations(macs, this.#uplink);
    this.#live = new LiveAnalysis(gapS, {
      onTransaction: (t) => this.#suspects.get(t.client.address)?.recorded.push(t),
      onObservation: (o) => this.#observed(o),
    });
    this.#isolation = new LiveAnalysis(gapS, {
      onTransaction: (t) => this.#replayed.push(t),
      onObservation: (o) => this.#isolated.push(o),
    });
  }

  frame(tap: TapName, frame: Frame, towards: "bridge" | "device"): void {
    this.#inputs.watch.frame(tap, frame, towards);
    const { recognise } = this.#inputs.parts.probes;
    // By its own time: a real capture shows a frame a little after it passed.
    const phase: ProbePhase =
      this.#closedNs !== null && frame.timeNs >= this.#closedNs ? "isolated" : "control";
    if (tap === this.#sensor) this.#live.frame(frame);
    switch (tap) {
      case "uplink":
        this.#conversations.frame(frame.bytes, frame.timeNs, towards === "device");
        if (towards === "device") this.#uplink.frame(readMac(frame.bytes, 6), frame.timeNs);
        break;
      case "mirror":
        break;
      case "isolation": {
        const probe = towards === "bridge" ? recognise(frame.bytes) : null;
        if (probe !== null) this.#sent.add(phase, probe);
        if (towards === "device" && phase === "isolated") this.#countLateral(frame);
        this.#isolation.frame(frame);
        break;
      }
      case "outlet": {
        if (towards === "bridge") break;
        if (phase === "isolated") this.#outletFrames++;
        const probe = recognise(frame.bytes);
        if (probe !== null) this.#out.add(phase, probe);
        break;
      }
    }
  }

  event(host: string, timeNs: bigint, event: ProgramEvent): void {
    this.#inputs.watch.event(host, timeNs, event);
    this.#containment?.event(host, event);
    if (event.kind !== "canary.arrival") return;
    const state = this.#suspects.get(String(event.from).split(":")[0] ?? "");
    if (state === undefined) this.#canary.after++;
    else if (this.#isQuiet(state, timeNs)) this.#canary.after++;
    else {
      state.canarySaw++;
      this.#canary.before++;
    }
  }

  effect(host: string, effect: Effect): void {
    this.#inputs.watch.effect(host, effect);
    this.#effects.push({ host, effect });
  }

  async play(lab: RunningLab): Promise<RoundRecord> {
    const { cast, options, parts, onStage } = this.#inputs;
    const { timers } = lab;
    this.#pace = lab.pace;
    this.#sensor = lab.sensor;
    const stopTicking = this.#tick(lab);

    onStage("up", `${cast.plan.hosts.length} hosts`);
    onStage("control", `${parts.probes.kinds.length} kinds of probes, nothing holds them back`);
    await lab.setRules("isolation", parts.controlRules);
    await Promise.all(
      cast.suspects.map(({ target }) => {
        const targets = probeTargets(cast, target);
        return lab.start(target, parts.probes.program(`control-${target}`, targets));
      }),
    );
    await lab.settle();
    const containment = new Containment(lab, cast, parts, options, this.#uplink);
    this.#containment = containment;
    await containment.control();
    await containment.close();
    this.#closedNs = timers.nowNs();
    for (const server of cast.servers) void lab.start(server.host, server.program);

    onStage("record", `${cast.training.length} hosts`);
    await this.#startAll(lab, cast.training);
    // The bots that were recorded on purpose have ended, and so have their windows.
    await lab.settle();
    this.#live.closeWindows();
    onStage("cluster", `${this.#training.length} observations`);
    const { model } = this.#inputs;
    this.#model = typeof model === "function" ? model(this.#training) : model;

    onStage("judge", `${cast.suspects.length} suspects among ${cast.benign.length} others`);
    await this.#judgeAndIsolate(lab, containment);
    onStage("observe", "the isolated instances have nothing more to show");
    await lab.settle();
    stopTicking();
    await lab.endSensor();
    await containment.end();
    // Before anything is closed: what the capture still holds is shown by then.
    const counts = await lab.counts();
    this.#live.finish();
    this.#isolation.finish();
    const { proof } = containment;
    onStage(
      "containment",
      `${this.#outletFrames} frames at the outlet, ${proof.waysOut.length} ways out in ${proof.checked} rule sets`,
    );
    return this.#record(lab, counts, this.#model, containment.proof);
  }

  /** Judges windows as they close, and lets each suspect go its way through isolation as soon as it is judged. */
  async #judgeAndIsolate(lab: RunningLab, containment: Containment): Promise<void> {
    const { cast, options, onStage } = this.#inputs;
    const isolations: Promise<void>[] = [];
    // An isolation that fails ends the round at once, whatever the other suspects are about.
    const failure = Promise.withResolvers<never>();
    failure.promise.catch(() => {});
    this.#onMalicious = (state) => {
      state.isIsolating = true;
      onStage("verdict", `${state.suspect.host}: ${state.verdict}`);
      onStage("isolate", `${state.suspect.host} → ${state.suspect.target}`);
      const isolation = containment
        .isolate(state.suspect, [...state.recorded], onStage)
        .then((record) => {
          state.containment = record;
        });
      isolation.catch(failure.reject);
      isolations.push(isolation);
    };
    const others = this.#startAll(lab, cast.benign);
    for (const state of this.#suspects.values()) {
      if (state.suspect.beacon !== null) void lab.start(state.suspect.host, state.suspect.beacon);
      void lab.start(state.suspect.host, state.suspect.program).then(() => {
        state.endedNs = lab.timers.nowNs();
      });
      const { companion } = state.suspect;
      if (companion !== null) void lab.start(state.suspect.host, companion);
    }
    const closedMs = options.gapS * 1000 + 2 * TICK_MS;
    const judged = waitUntil(
      lab.timers,
      () => {
        for (const state of this.#suspects.values()) {
          if (state.isIsolating || state.endedNs === null) continue;
          if (elapsedMs(state.endedNs, lab.timers.nowNs()) < closedMs) continue;
          // The sensor of a busy machine may need longer.
          if (elapsedMs(state.endedNs, lab.shownUntilNs()) < closedMs) continue;
          state.isOver = true;
          if (options.isolateUnjudged) this.#onMalicious(state);
        }
        return [...this.#suspects.values()].every((s) => s.isIsolating || s.isOver);
      },
      options.judgeMsMax,
      TICK_MS,
    );
    const done = judged.then(() => Promise.all([others, ...isolations]));
    await Promise.race([done, failure.promise]);
  }

  #observed(observation: Observation): void {
    if (this.#model === null) {
      this.#training.push(observation);
      return;
    }
    const judgement = this.#inputs.parts.judge(this.#model, observation);
    const judged = { observation, judgement };
    this.#judged.push(judged);
    const state = this.#suspects.get(observation.client);
    if (state === undefined || state.isIsolating) return;
    if (
      state.judged === null ||
      SEVERITY[judgement.verdict] > SEVERITY[state.judged.judgement.verdict]
    ) {
      state.judged = judged;
    }
    if (this.#inputs.options.isolateOn(judgement)) this.#onMalicious(state);
  }

  async #startAll(lab: RunningLab, roles: readonly Role[]): Promise<void> {
    const ends: Promise<unknown>[] = [];
    for (const role of roles) {
      ends.push(lab.start(role.host, role.program));
      await lab.timers.sleep(STAGGER_MS);
    }
    await Promise.all(ends);
  }

  /** Looks at the windows again and again, until the returned function is called. */
  #tick(lab: RunningLab): () => void {
    let cancel = () => {};
    const next = () => {
      for (const analysis of [this.#live, this.#isolation])
        analysis.advance(lab.timers.nowNs(), lab.shownUntilNs);
      cancel = lab.timers.after(TICK_MS, next);
    };
    cancel = lab.timers.after(TICK_MS, next);
    return () => cancel();
  }

  /** What reaches an isolated instance comes from the replayer or the ARP responder: both have the gateway's address. */
  #countLateral(frame: Frame): void {
    const { gatewayMac } = this.#inputs.cast.plan.replayer;
    if (readMac(frame.bytes, 6) !== gatewayMac) this.#lateralFrames++;
  }

  #latenessIn({ lateness, pace: { speed } }: RunningLab): RoundRecord["lateness"] {
    const { gapS, pauseS } = this.#inputs.options;
    const who = lateness();
    return who === null
      ? null
      : { allowedMs: allowedLatenessMs(gapS, pauseS, speed), who: [...who] };
  }

  /** Whether nothing of this suspect may be on its way any more. */
  #isQuiet(state: SuspectState, timeNs: bigint): boolean {
    const cutNs = this.#uplink.of(state.mac)?.cutNs ?? null;
    return cutNs !== null && elapsedMs(cutNs, timeNs) > this.#pace.settleMs;
  }

  #record(
    lab: RunningLab,
    counts: RoundRecord["counts"],
    model: Model,
    proof: ProofRecord,
  ): RoundRecord {
    return {
      cast: this.#inputs.cast,
      training: this.#training,
      model,
      judged: this.#judged,
      suspects: [...this.#suspects.values()].map((state) => state.record()),
      isolated: this.#isolated,
      replayed: this.#replayed,
      effects: this.#effects,
      uplink: this.#uplink,
      conversations: this.#conversations,
      probesSent: this.#sent,
      probesOut: this.#out,
      outletFrames: this.#outletFrames,
      lateralFrames: this.#lateralFrames,
      proof,
      canary: this.#canary,
      pace: this.#pace,
      lateness: this.#latenessIn(lab),
      counts,
      endNs: lab.timers.nowNs(),
    };
  }
}
