import { EXECUTE, type Runner } from "../../../lab/command/runner.ts";
import { MininetLab } from "../../../lab/mininet/lab.ts";
import { recordedLabs } from "../../../lab/state/journal.ts";
import { EXIT, type ExitStatus, UsageError } from "../../base/errors.ts";
import { Random } from "../../base/random.ts";
import { roundOptions } from "../../run/loop.ts";
import { castOfScenario } from "../../run/scenario-cast.ts";
import { standUp } from "../../run/stand.ts";
import { parseScenario } from "../../scenario/load.ts";
import { untilStopped } from "../interrupt.ts";
import type { Io } from "../io.ts";
import { labLines, stateOf } from "../lab-state.ts";
import { parts } from "../parts.ts";
import { BLIND, rehearsal } from "../rehearsed-lab.ts";
import { readScenarioFile } from "../scenarios.ts";
import { deployOpenStack } from "./deploy-openstack.ts";

export interface DeployOptions {
  readonly lab: string;
  readonly seed: number;
  readonly dryRun?: boolean;
}

/** Bring a scenario's lab up, without the loop, and keep it up until somebody ends it. */
export async function deploy(name: string, options: DeployOptions, io: Io): Promise<ExitStatus> {
  const { lab, seed, dryRun = false } = options;
  if (lab === "openstack" && !dryRun) return deployOpenStack(io);
  if (lab === "openstack") {
    throw new UsageError("what brings up an OpenStack depends on how far it has come", {
      mend: "a dry run lists the commands of --lab mininet only",
    });
  }
  if (lab !== "mininet") {
    throw new UsageError(
      "on the simulator there is nothing to deploy: a lab lives within its run",
      {
        mend: "`isoreplay run` plays it; --lab mininet brings up one that stays",
      },
    );
  }
  const { path, text } = await readScenarioFile(name);
  const scenario = parseScenario(text, path);
  const cast = castOfScenario(scenario, 1, Random.from(`${seed}/cast/1`));
  const runner: Runner = dryRun ? rehearsal(io) : EXECUTE;
  const stopped = untilStopped();
  // By hand one second is one second.
  const mininet = new MininetLab({ seed, speed: 1, runner, stays: true });
  await mininet.run(cast.plan, BLIND, async (running) => {
    await standUp(running, cast, parts, roundOptions(scenario, seed, 1));
    await runner.instead(
      "the lab is up, until somebody ends it",
      async () => {
        const own = recordedLabs().map(stateOf);
        for (const state of own.filter(({ pid }) => pid === process.pid))
          for (const line of labLines(state)) io.out.line(line);
        io.out.line("Ctrl-C or `isoreplay destroy` takes it down");
        await io.out.flush();
        await stopped;
      },
      undefined,
    );
  });
  await io.out.flush();
  return EXIT.pass;
}
