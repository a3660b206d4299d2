import { EXIT, type ExitStatus } from "../../base/errors.ts";
import { judge } from "../../cluster/judge.ts";
import type { Judgement } from "../../cluster/judgement.ts";
import type { Observation } from "../../feature/observation.ts";
import { counted, figure } from "../../report/number.ts";
import { textTable } from "../../report/text.ts";
import { type CaptureReading, countsLine } from "../captures.ts";
import { complaining, type Io } from "../io.ts";
import { ObservationSource } from "../jobs.ts";
import { readModel } from "../models.ts";
import { windowOf } from "../window.ts";

export interface ClassifyOptions {
  readonly model?: string;
  readonly gap: number;
  readonly jobs?: number;
  readonly json?: boolean;
}

interface Judged {
  readonly reading: CaptureReading;
  readonly observation: Observation;
  readonly judgement: Judgement;
}

/** What needs a look first. */
const ORDER = { known: 0, unknown: 1, benign: 2 } as const;

/** Judge every conversation of the captures. */
export async function classify(
  captures: readonly string[],
  options: ClassifyOptions,
  io: Io,
): Promise<ExitStatus> {
  const model = await readModel(options.model);
  await using source = await ObservationSource.open(captures, options, io);
  const judged: Judged[] = [];
  let whole = true;
  let read = 0;
  for (const index of captures.keys()) {
    const ok = await complaining(io, async () => {
      const reading = await source.read(index);
      read += 1;
      for (const observation of reading.observations)
        judged.push({ reading, observation, judgement: judge(model, observation) });
      io.note(countsLine(reading));
      if (reading.damage !== null) throw reading.damage;
    });
    whole &&= ok;
  }
  // A stable sort: within a verdict by capture, then by time, client and server.
  judged.sort((a, b) => ORDER[a.judgement.verdict] - ORDER[b.judgement.verdict]);
  if (options.json === true) for (const one of judged) io.out.line(record(one));
  else {
    if (judged.length > 0) for (const line of table(judged, captures.length > 1)) io.out.line(line);
    if (read > 0) io.out.line(summary(judged, read));
  }
  await io.out.flush();
  return whole ? EXIT.pass : EXIT.badInput;
}

function record({ reading, observation, judgement }: Judged): string {
  const { client, server, startNs, endNs, values } = observation;
  const seconds = (ns: bigint) => Number(ns - reading.firstNs) / 1e9;
  return JSON.stringify({
    capture: reading.capture,
    client,
    server,
    start: seconds(startNs),
    end: seconds(endNs),
    ...judgement,
    values,
  });
}

function table(judged: readonly Judged[], several: boolean): string[] {
  const heads = ["client", "server", "window (s)", "verdict", "label", "nearest", "reason"];
  return textTable(
    several ? ["capture", ...heads] : heads,
    judged.map(({ reading, observation, judgement }) => [
      ...(several ? [reading.capture] : []),
      observation.client,
      observation.server,
      windowOf(observation, reading.firstNs),
      judgement.verdict,
      judgement.verdict === "unknown" ? "" : judgement.label,
      judgement.distances
        .slice(0, 2)
        .map(({ label, distance }) => `${label} ${figure(distance)}`)
        .join(", "),
      judgement.reason,
    ]),
  );
}

function summary(judged: readonly Judged[], captures: number): string {
  const count = (verdict: Judgement["verdict"]) =>
    judged.filter(({ judgement }) => judgement.verdict === verdict).length;
  const known = Map.groupBy(
    judged.filter(({ judgement }) => judgement.verdict === "known"),
    ({ judgement }) => judgement.label,
  );
  const labels = [...known].map(([label, list]) => `${label} ${list.length}`).join(", ");
  return (
    `${counted(judged.length, "conversation")} in ${counted(captures, "capture")}: ` +
    `${count("known")} known${labels === "" ? "" : ` (${labels})`}, ${count("unknown")} unknown, ${count("benign")} benign`
  );
}
