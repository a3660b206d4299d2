import { stringify } from "yaml";
import { CloudLab } from "../../lab/cloud/lab.ts";
import { MininetLab } from "../../lab/mininet/lab.ts";
import { SimLab } from "../../sim/lab.ts";
import { LabUnavailableError } from "../base/errors.ts";
import { formatModel, type Model } from "../cluster/model.ts";
import { renderHtml } from "../report/html.ts";
import type { CaptureConversation } from "../run/capture-cast.ts";
import { runCaptureLoop } from "../run/capture-loop.ts";
import { RunFolder } from "../run/folder.ts";
import type { Lab } from "../run/lab.ts";
import { type LoopRecord, runLoop } from "../run/loop.ts";
import { readProvenance, recordedArguments } from "../run/manifest.ts";
import { formatResults, RESULTS_FORMAT, RESULTS_VERSION, type Results } from "../run/results.ts";
import type { Stage } from "../run/round.ts";
import { topologyOf } from "../run/topology.ts";
import { type Scenario, scenarioSchema } from "../scenario/scenario.ts";
import { overall } from "../verdict/assertion.ts";
import { assertRun, type Truth } from "../verdict/assertions.ts";
import { onInterrupt } from "./interrupt.ts";
import { parts } from "./parts.ts";
import { Recorder } from "./recorder.ts";

/** A guest without virtualisation needs a second now and then for what takes a host of this machine no time. */
const CLOUD_SPEED_MAX = 30;

export interface PlayOptions {
  readonly lab: string;
  readonly seed: number;
  /** Lab seconds in one second, on the labs that run in real time. */
  readonly speed: number;
  /** The folder under which the run folder is made. */
  readonly out: string;
  /** The command line after the program's name. */
  readonly args: readonly string[];
  readonly onStage: (round: number, stage: Stage, detail: string) => void;
}

export interface Played {
  readonly results: Results;
  /** The run folder. */
  readonly path: string;
  readonly warnings: readonly string[];
}

/** An input of a run, for the manifest: its text, or for a large one its hash. */
export type InputFile =
  | { readonly name: string; readonly content: string }
  | { readonly name: string; readonly bytes: number; readonly sha256: string };

/** Play a scenario, and leave its run folder. */
export function playScenario(
  scenario: Scenario,
  input: InputFile,
  options: PlayOptions,
): Promise<Played> {
  const truth: Truth = {
    behaviours: Object.keys(scenario.behaviours).length,
    effects: new Map(),
  };
  return play({
    scenario,
    truth,
    inputs: [input],
    options,
    loop: (lab, recorder) =>
      runLoop({
        scenario,
        seed: options.seed,
        lab,
        parts,
        watch: (round) => recorder.watch(round),
        onStage: staged(recorder, options),
      }),
  });
}

export interface CaptureOptions extends PlayOptions {
  readonly keepBodies: boolean;
  readonly gapS: number;
  readonly model: Model;
  /** The base name of the capture. */
  readonly capture: string;
}

/** Let a recorded conversation drive the loop, and leave its run folder. */
export function playCapture(
  conversation: CaptureConversation,
  inputs: readonly InputFile[],
  options: CaptureOptions,
): Promise<Played> {
  const { capture, keepBodies, gapS, model, seed } = options;
  return play({
    scenario: scenarioSchema.parse({ name: folderName(capture), rounds: 1 }),
    capture,
    truth: { behaviours: null, effects: new Map() },
    inputs,
    options,
    loop: (lab, recorder) =>
      runCaptureLoop({
        conversation,
        keepBodies,
        gapS,
        seed,
        model,
        lab,
        parts,
        watch: (round) => recorder.watch(round),
        onStage: staged(recorder, options),
      }),
  });
}

interface Play {
  readonly scenario: Scenario;
  readonly capture?: string;
  readonly truth: Truth;
  readonly inputs: readonly InputFile[];
  readonly options: PlayOptions;
  readonly loop: (lab: Lab, recorder: Recorder) => Promise<LoopRecord>;
}

async function play({ scenario, capture, truth, inputs, options, loop }: Play): Promise<Played> {
  const lab = labOf(options);
  const { seed, args } = options;
  await using folder = await RunFolder.create({
    base: options.out,
    scenario: scenario.name,
    lab: lab.kind,
    seed,
    startedAt: new Date(),
  });
  using _ = onInterrupt(() => folder.discard());
  for (const input of inputs)
    if ("content" in input) folder.inputText(input.name, input.content);
    else folder.input(input.name, input);
  const recorder = new Recorder(folder);
  const record = await loop(lab, recorder);
  recorder.end();
  const assertions = assertRun(
    record.rounds,
    { ...truth, effects: record.last.cast.effects },
    scenario.assertions,
  );
  const results: Results = {
    format: RESULTS_FORMAT,
    version: RESULTS_VERSION,
    scenario: scenario.name,
    ...(scenario.description === "" ? {} : { title: scenario.description }),
    lab: lab.kind,
    seed,
    ...(capture === undefined ? {} : { capture }),
    replayWay: scenario.replay.way,
    overall: overall(assertions),
    assertions,
    rounds: [...record.rounds],
    topology: topologyOf(
      record.last.cast.plan,
      record.last.suspects
        .filter((s) => s.containment !== null)
        .map(({ suspect }) => ({ instance: suspect.host, target: suspect.target })),
    ),
    counts: { ...record.counts },
  };
  const provenance = await readProvenance();
  const command = recordedArguments(args);
  if (capture === undefined) folder.writeText("scenario.yaml", stringify(scenario));
  for (const [index, model] of record.models.entries()) {
    const isLeft = index === record.models.length - 1;
    folder.writeText(isLeft ? "model.json" : `round-${index + 1}-model.json`, formatModel(model));
  }
  folder.writeText("results.json", formatResults(results));
  folder.writeText(
    "report.html",
    renderHtml(results, { command: ["isoreplay", ...command], provenance }),
  );
  const { path, warnings } = await folder.finish(provenance, command);
  return { results, path, warnings };
}

function labOf({ lab, seed, speed }: PlayOptions): Lab {
  if (lab === "sim") return new SimLab(seed);
  if (lab === "mininet") return new MininetLab({ seed, speed });
  if (lab === "devstack") return new CloudLab({ seed, speed: Math.min(speed, CLOUD_SPEED_MAX) });
  throw new LabUnavailableError(`the lab ${lab} is not in this version`, {
    mend: "`--lab sim` runs everywhere; `isoreplay doctor` says what each lab needs",
  });
}

function staged(recorder: Recorder, { onStage }: PlayOptions): PlayOptions["onStage"] {
  return (round, stage, detail) => {
    recorder.stage(round, stage, detail);
    onStage(round, stage, detail);
  };
}

/** A capture's base name as the name of a run folder. */
function folderName(capture: string): string {
  const plain = capture
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "");
  return `capture-${plain === "" ? "file" : plain}`.slice(0, 40).replace(/-+$/, "");
}
