import { basename } from "node:path";
import { EXIT, type ExitStatus, UsageError } from "../../base/errors.ts";
import { withoutNatDuplicates } from "../../feature/nat-duplicates.ts";
import { renderText } from "../../report/text.ts";
import { conversationOf } from "../../run/capture-cast.ts";
import { formatResults } from "../../run/results.ts";
import type { Stage } from "../../run/round.ts";
import { hashFile } from "../../run/verify.ts";
import { parseScenario } from "../../scenario/load.ts";
import { exitStatus } from "../../verdict/assertion.ts";
import { collectTransactions, countsLine } from "../captures.ts";
import { enterCloud } from "../enter-cloud.ts";
import type { Io } from "../io.ts";
import { readModelFile } from "../models.ts";
import { type Played, type PlayOptions, playCapture, playScenario } from "../play.ts";
import { readScenarioFile } from "../scenarios.ts";
import { STANDARD_INPUT } from "../standard-input.ts";

export interface RunOptions {
  readonly lab: "sim" | "mininet" | "devstack";
  readonly seed: number;
  readonly speed: number;
  readonly out: string;
  readonly capture?: string;
  readonly client?: string;
  readonly keepBodies?: boolean;
  readonly gap: number;
  readonly model?: string;
  readonly json?: boolean;
  readonly dryRun?: boolean;
  readonly quiet?: boolean;
}

/** The stages of a round in a reader's words. */
const STAGES: Readonly<Record<Stage, string>> = {
  up: "lab up",
  control: "control",
  record: "traffic",
  cluster: "cluster",
  judge: "judge",
  verdict: "verdict of",
  isolate: "isolate",
  cut: "isolated",
  replay: "replay",
  observe: "observe",
  containment: "containment",
};

/** The scenario that is played when none is named. */
const DEFAULT_SCENARIO = "paper";

/** The whole loop. No scenario: `paper`. The exit status is the worst of all that was played. */
export async function run(
  scenarios: readonly string[],
  options: RunOptions,
  io: Io,
): Promise<ExitStatus> {
  checkCombination(scenarios, options);
  if (options.capture !== undefined)
    return tell(await runCapture(options.capture, options, io), options, io);
  const named = scenarios.length === 0 ? [DEFAULT_SCENARIO] : scenarios;
  // Every scenario is read before the first is played: a mistake in the last one is no surprise after a long run.
  const read = await Promise.all(
    named.map(async (name) => {
      const { path, text } = await readScenarioFile(name);
      return { scenario: parseScenario(text, path), file: { name: basename(path), content: text } };
    }),
  );
  if (options.dryRun === true) {
    const scenarios = read.map(({ scenario }) => scenario);
    return (await import("./dry-run.ts")).rehearseRuns(scenarios, options, io);
  }
  if (options.lab === "devstack") await enterCloud(io.args);
  let worst: ExitStatus = EXIT.pass;
  for (const { scenario, file } of read) {
    const played = await playScenario(scenario, file, playOptions(scenario.name, options, io));
    worst = worse(worst, await tell(played, options, io));
  }
  return worst;
}

async function runCapture(file: string, options: RunOptions, io: Io): Promise<Played> {
  const keepBytes = options.keepBodies === true;
  const { transactions, reading } = await collectTransactions(file, { io, keepBytes });
  // What a translator of addresses shows a second time was asked once.
  const seen = withoutNatDuplicates(transactions);
  io.note(countsLine(reading, seen.duplicates > 0 ? { natDuplicates: seen.duplicates } : {}));
  if (reading.damage !== null) io.complain(reading.damage);
  const conversation = conversationOf(seen.transactions, file, options.client);
  const { model, text, path } = await readModelFile(options.model);
  const capture = basename(file);
  return playCapture(
    conversation,
    [
      { name: capture, ...(await hashFile(file)) },
      { name: basename(path), content: text },
    ],
    {
      ...playOptions(capture, options, io),
      capture,
      model,
      gapS: options.gap,
      keepBodies: keepBytes,
    },
  );
}

function checkCombination(scenarios: readonly string[], options: RunOptions): void {
  const { capture, client, keepBodies, model } = options;
  if (capture !== undefined && scenarios.length > 0) {
    throw new UsageError("a capture drives the loop, or scenarios do: not both");
  }
  if (capture === STANDARD_INPUT) {
    throw new UsageError("the run folder records the capture's hash, so it must be a file", {
      mend: "write it to a file first",
    });
  }
  if (capture !== undefined && options.lab !== "sim") {
    throw new UsageError("a capture is re-enacted on the simulator only", { mend: "--lab sim" });
  }
  if (capture !== undefined && options.dryRun === true) {
    throw new UsageError("--dry-run lists the commands of scenarios, not of captures");
  }
  const loose = [
    client === undefined ? null : "--client",
    keepBodies === undefined ? null : "--keep-bodies",
    model === undefined ? null : "--model",
  ].find((option) => option !== null);
  if (capture === undefined && loose !== undefined) {
    throw new UsageError(`${loose} goes with --capture FILE`);
  }
}

function playOptions(title: string, options: RunOptions, io: Io): PlayOptions {
  const { lab, seed, speed, out, quiet = false } = options;
  return {
    lab,
    seed,
    speed,
    out,
    args: io.args,
    onStage: (round, stage, detail) => {
      if (!quiet) io.step(`${title} · round ${round} · ${STAGES[stage]}: ${detail}`);
    },
  };
}

/** Print what was found. */
async function tell(played: Played, { json }: RunOptions, io: Io): Promise<ExitStatus> {
  const { results, path, warnings } = played;
  io.progress(null);
  for (const warning of warnings) io.note(`isoreplay: ${warning}`);
  io.out.print(
    json === true
      ? formatResults(results)
      : renderText(results, { colour: io.colour, width: io.width, path }),
  );
  await io.out.flush();
  return exitStatus(results.overall);
}

/** A failed assertion is worse than an open question, and that is worse than a pass. */
function worse(a: ExitStatus, b: ExitStatus): ExitStatus {
  const rank: readonly ExitStatus[] = [EXIT.pass, EXIT.inconclusive, EXIT.failed];
  return rank.indexOf(a) >= rank.indexOf(b) ? a : b;
}
