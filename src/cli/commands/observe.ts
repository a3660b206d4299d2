import { EXIT, type ExitStatus } from "../../base/errors.ts";
import { defaultColumns } from "../../feature/columns.ts";
import { formatObservation } from "../../feature/record.ts";
import { figure } from "../../report/number.ts";
import { textTable } from "../../report/text.ts";
import { countsLine } from "../captures.ts";
import { complaining, type Io } from "../io.ts";
import { ObservationSource } from "../jobs.ts";
import { windowOf } from "../window.ts";

export interface ObserveCommandOptions {
  readonly gap: number;
  readonly jobs?: number;
  readonly json?: boolean;
}

/** Observations: NDJSON with `--json`, a table of the paper's columns otherwise. */
export async function observe(
  captures: readonly string[],
  options: ObserveCommandOptions,
  io: Io,
): Promise<ExitStatus> {
  await using source = await ObservationSource.open(captures, options, io);
  let whole = true;
  const rows: string[][] = [];
  for (const index of captures.keys()) {
    const read = await complaining(io, async () => {
      const reading = await source.read(index);
      for (const observation of reading.observations) {
        if (options.json === true) {
          const record = formatObservation(observation, reading.firstNs);
          io.out.line(`{"capture":${JSON.stringify(reading.capture)},${record.slice(1)}`);
          await io.out.settle();
        } else
          rows.push([
            ...(captures.length > 1 ? [reading.capture] : []),
            observation.client,
            observation.server,
            windowOf(observation, reading.firstNs),
            ...SHOWN.map((column) => figure(observation.values[column] ?? null)),
          ]);
      }
      io.note(countsLine(reading));
      if (reading.damage !== null) throw reading.damage;
    });
    whole &&= read;
    if (io.out.closed) break;
  }
  if (options.json !== true && rows.length > 0) {
    const heads = [...(captures.length > 1 ? ["capture"] : []), "client", "server", "window (s)"];
    for (const line of textTable([...heads, ...SHOWN], rows)) io.out.line(line);
  }
  await io.out.flush();
  return whole ? EXIT.pass : EXIT.badInput;
}

const SHOWN = [...defaultColumns, "requests", "received_bytes_total"] as const;
