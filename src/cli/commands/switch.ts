import { OvsCaseSwitch } from "../../../lab/ovs/ovs-case-switch.ts";
import { PrivateOvs } from "../../../lab/ovs/private-ovs.ts";
import { SimCaseSwitch } from "../../../sim/case/sim-case-switch.ts";
import { EXIT, type ExitStatus } from "../../base/errors.ts";
import type { SwitchCase } from "../../case/case.ts";
import { parseCase } from "../../case/parse-case.ts";
import { type CaseResult, play } from "../../case/play.ts";
import { renderResult } from "../../case/render.ts";
import { counted } from "../../report/number.ts";
import { readText } from "../files.ts";
import { onInterrupt } from "../interrupt.ts";
import { complaining, type Io } from "../io.ts";

export interface SwitchOptions {
  readonly on: "sim" | "ovs";
  readonly json?: boolean;
}

interface Played {
  readonly file: string;
  readonly result: CaseResult;
}

/** Play recorded cases: 0 when every step of every case agrees, 1 when not, 65 for a file that is no case. */
export async function playCases(
  files: readonly string[],
  options: SwitchOptions,
  io: Io,
): Promise<ExitStatus> {
  const played: Played[] = [];
  let whole = true;
  await using bench = await makeBench(options.on);
  for (const file of files) {
    const ok = await complaining(io, async () => {
      const recorded = parseCase(await readText(file), file);
      io.progress(`${recorded.name} (${played.length + 1} of ${files.length})`);
      const one = { file, result: await bench.play(recorded, file) };
      played.push(one);
      if (options.json !== true)
        for (const line of renderResult(file, one.result)) io.out.line(line);
      await io.out.settle();
    });
    whole &&= ok;
  }
  io.progress(null);
  const agreeing = played.filter(({ result }) => result.difference === null).length;
  if (options.json === true) io.out.line(record(options.on, played, agreeing));
  else if (played.length > 0)
    io.out.line(`${agreeing} of ${counted(played.length, "case")} agree on ${options.on}`);
  await io.out.flush();
  if (!whole) return EXIT.badInput;
  return agreeing === played.length ? EXIT.pass : EXIT.failed;
}

/** Where cases are played: a fresh switch for each. */
interface Bench extends AsyncDisposable {
  play(recorded: SwitchCase, file: string): Promise<CaseResult>;
}

async function makeBench(on: SwitchOptions["on"]): Promise<Bench> {
  if (on === "sim") {
    return {
      play: (recorded, file) => play(recorded, new SimCaseSwitch(recorded), file),
      async [Symbol.asyncDispose]() {},
    };
  }
  const ovs = await PrivateOvs.start();
  const interrupt = onInterrupt(() => ovs.kill());
  return {
    async play(recorded, file) {
      await using device = await OvsCaseSwitch.create(ovs, recorded);
      return await play(recorded, device, file);
    },
    async [Symbol.asyncDispose]() {
      await ovs[Symbol.asyncDispose]();
      interrupt[Symbol.dispose]();
    },
  };
}

function record(on: string, played: readonly Played[], agreeing: number): string {
  const cases = played.map(({ file, result: { name, steps, difference } }) => ({
    file,
    name,
    steps,
    agrees: difference === null,
    ...(difference === null ? {} : { differs: difference }),
  }));
  return JSON.stringify({ on, cases: cases.length, agreeing, results: cases }, null, 2);
}
