import { tmpdir } from "node:os";
import { type KernelTrace, traceKernel } from "../../../lab/guest/kernel-trace.ts";
import { OwnFolder } from "../../../lab/guest/own-folder.ts";
import { EXIT, type ExitStatus, UsageError } from "../../base/errors.ts";
import { CLAIMS, type Figure11Report } from "../../reproduce/claim.ts";
import { findChain } from "../../reproduce/figure-11.ts";
import { parseFunctionGraph } from "../../reproduce/function-graph.ts";
import { figure11Text } from "../../reproduce/text.ts";
import { onInterrupt } from "../interrupt.ts";
import type { Io } from "../io.ts";

export interface ReproduceOptions {
  readonly json?: boolean;
}

/** Conntrack zone of `isolation`, where the replay is. */
const ZONE = 2;

/** A figure or table of the paper: expected, observed, verdict. Without a claim: which ones there are. */
export async function reproduce(
  claim: string | undefined,
  options: ReproduceOptions,
  io: Io,
): Promise<ExitStatus> {
  if (claim === undefined) {
    const claims = Object.values(CLAIMS);
    if (options.json === true) io.out.line(JSON.stringify(claims, null, 2));
    else
      for (const { name, title, needs } of claims)
        io.out.line(`${name}  ${title} (needs ${needs})`);
    await io.out.flush();
    return EXIT.pass;
  }
  if (claim !== CLAIMS.fig11.name) {
    throw new UsageError(`no such claim: ${claim}`, {
      mend: `known: ${Object.keys(CLAIMS).join(", ")}`,
    });
  }
  await using folder = await OwnFolder.create(tmpdir(), "isoreplay-guest");
  using _ = onInterrupt(() => folder.discard());
  const trace = await traceKernel(folder.path, (what) => io.progress(`fig11 · ${what}`));
  io.progress(null);
  const report = reportOn(trace);
  if (options.json === true) io.out.line(JSON.stringify(report, null, 2));
  else for (const line of figure11Text(report)) io.out.line(line);
  await io.out.flush();
  return { pass: EXIT.pass, fail: EXIT.failed, inconclusive: EXIT.inconclusive }[report.verdict];
}

function reportOn({ guest, results, ...rest }: KernelTrace): Figure11Report {
  const assertions = results?.assertions ?? [];
  return {
    claim: "fig11",
    title: CLAIMS.fig11.title,
    ...findChain(parseFunctionGraph(rest.trace), rest.symbols, ZONE),
    kernel: guest.kernel,
    openVSwitch: rest.openVSwitch,
    zone: ZONE,
    run: {
      overall: results?.overall ?? "ended early",
      passed: assertions.filter(({ verdict }) => verdict === "pass").length,
      assertions: assertions.length,
      isKernelDatapath: results?.counts.kernelDatapath === 1,
      complaint: results === null ? rest.complaint : "",
    },
    connections: rest.connections.filter((line) => line.includes(`zone=${ZONE}`)),
    guest: {
      bootS: guest.bootS,
      totalS: guest.totalS,
      memoryMiB: guest.memoryMiB,
      isAccelerated: guest.isAccelerated,
    },
  };
}
