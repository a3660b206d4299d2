import { SimLab } from "../../../sim/lab.ts";
import { EXIT, type ExitStatus, UsageError } from "../../base/errors.ts";
import { runLoop } from "../../run/loop.ts";
import type { Scenario } from "../../scenario/scenario.ts";
import type { Io } from "../io.ts";
import { parts } from "../parts.ts";
import { BLIND, RehearsedLab } from "../rehearsed-lab.ts";

/** List every command that would change the machine, in order, as lines of a bash script; do nothing. */
export async function rehearseRuns(
  scenarios: readonly Scenario[],
  options: { readonly lab: string; readonly seed: number; readonly speed: number },
  io: Io,
): Promise<ExitStatus> {
  if (options.lab !== "mininet") {
    throw new UsageError(`--lab ${options.lab} runs no command that --dry-run could list`, {
      mend: "--lab mininet --dry-run",
    });
  }
  for (const scenario of scenarios) {
    const lab = new RehearsedLab(new SimLab(options.seed), options, io);
    await runLoop({
      scenario,
      seed: options.seed,
      lab,
      parts,
      watch: () => BLIND,
      onStage: (round, stage, detail) => {
        io.progress(`${scenario.name} · round ${round} · ${stage}: ${detail}`);
      },
    });
    io.progress(null);
    await io.out.flush();
  }
  return EXIT.pass;
}
