import { RUN_LIMITS } from "../base/limits.ts";
import type { Model } from "../cluster/model.ts";
import { type CaptureConversation, castOfCapture } from "./capture-cast.ts";
import type { Lab, Watch } from "./lab.ts";
import type { LoopRecord } from "./loop.ts";
import type { Parts } from "./parts.ts";
import { runRound, type Stage } from "./round.ts";
import { roundResult } from "./round-result.ts";

const CONTROL_LATENCY_MS = 20;
/** A capture's servers may be many; this way has nothing to set up for them. */
const WAY = "packet";

export interface CaptureLoopInputs {
  readonly conversation: CaptureConversation;
  readonly keepBodies: boolean;
  readonly gapS: number;
  readonly seed: number;
  readonly model: Model;
  readonly lab: Lab;
  readonly parts: Parts;
  readonly watch: (round: number) => Watch;
  readonly onStage: (round: number, stage: Stage, detail: string) => void;
}

/**
 * One round that a recorded conversation drives: it is re-enacted and recorded, judged by a model that exists already,
 * isolated whatever the judgement is (whoever names a capture suspects its client), replayed and observed.
 */
export async function runCaptureLoop(inputs: CaptureLoopInputs): Promise<LoopRecord> {
  const { conversation, keepBodies, parts, seed } = inputs;
  const cast = castOfCapture(conversation, keepBodies);
  const [suspect] = cast.suspects;
  const program = suspect?.program;
  const scriptMs =
    program?.kind === "scripted-client"
      ? program.exchanges.reduce((ms, exchange) => ms + exchange.gapMs, 0)
      : 0;
  const round = await runRound(inputs.lab, {
    cast,
    parts: keepBodies ? parts : { ...parts, ways: replayOfFiller(parts.ways) },
    options: {
      method: "volume-move",
      controlLatencyMs: CONTROL_LATENCY_MS,
      observeMsMax: 2 * scriptMs + RUN_LIMITS.captureSlackMs,
      judgeMsMax: 2 * scriptMs + RUN_LIMITS.captureSlackMs,
      way: WAY,
      miss: "close",
      seed: `${seed}/replay`,
      gapS: inputs.gapS,
      pauseS: 0,
      isolateOn: () => false,
      isolateUnjudged: true,
    },
    model: inputs.model,
    watch: inputs.watch(1),
    onStage: (stage, detail) => inputs.onStage(1, stage, detail),
  });
  const unknown = { silhouette: null, daviesBouldin: null, purity: null, ari: null };
  return {
    rounds: [roundResult(1, round, unknown, null, parts.probes.kinds)],
    models: [],
    last: round,
    counts: round.counts,
  };
}

/** The bodies are not the recorded ones, so no byte of an answer may be called recorded: filler is put on the tape. */
function replayOfFiller(ways: Parts["ways"]): Parts["ways"] {
  const way = ways[WAY];
  return {
    ...ways,
    [WAY]: {
      ...way,
      serve: (request) =>
        way.serve({
          ...request,
          recorded: request.recorded.map(({ raw: _, ...transaction }) => transaction),
        }),
    },
  };
}
