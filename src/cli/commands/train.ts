import { EXIT, type ExitStatus, InputError } from "../../base/errors.ts";
import { type Fit, fit as fitModel } from "../../cluster/fit.ts";
import { formatModel } from "../../cluster/model.ts";
import { restore } from "../../cluster/scale.ts";
import type { Observation } from "../../feature/observation.ts";
import { decimal, figure } from "../../report/number.ts";
import { textTable } from "../../report/text.ts";
import { countsLine } from "../captures.ts";
import { writeWhole } from "../files.ts";
import type { Io } from "../io.ts";
import { ObservationSource } from "../jobs.ts";
import { BENIGN, type Labels, readLabels } from "../models.ts";

export interface TrainOptions {
  readonly model: string;
  readonly k?: number;
  readonly seed: number;
  readonly gap: number;
  readonly jobs?: number;
  readonly labels?: string;
  readonly json?: boolean;
}

/** Fit a model to the conversations of captures and write it. Nothing is written unless every capture could be read. */
export async function train(
  captures: readonly string[],
  options: TrainOptions,
  io: Io,
): Promise<ExitStatus> {
  const labels = options.labels === undefined ? null : await readLabels(options.labels);
  await using source = await ObservationSource.open(captures, options, io);
  const bots: { observation: Observation; label: string | null }[] = [];
  const benign: Observation[] = [];
  const used = new Set<string>();
  for (const index of captures.keys()) {
    const reading = await source.read(index);
    const { observations, capture, damage } = reading;
    io.note(countsLine(reading));
    if (damage !== null) throw damage;
    for (const observation of observations) {
      const key = labels === null ? null : keyOf(labels, capture, observation.client);
      if (key !== null) used.add(key);
      const label = key === null ? null : (labels?.get(key) ?? null);
      if (label === BENIGN) benign.push(observation);
      else bots.push({ observation, label });
    }
  }
  const unused = [...(labels?.keys() ?? [])].find((key) => !used.has(key));
  if (unused !== undefined)
    throw new InputError(`no conversation is of ${JSON.stringify(unused)}`, {
      where: options.labels ?? "",
      mend: "a key is the base name of a capture, the address of a client, or both: `FILE CLIENT`",
    });
  const fitted = fitModel({
    observations: bots.map(({ observation }) => observation),
    ...(labels === null ? {} : { labels: bots.map(({ label }) => label) }),
    benign,
    k: options.k ?? "silhouette",
    seed: options.seed,
  });
  await writeWhole(options.model, formatModel(fitted.model));
  if (options.json === true)
    io.out.line(
      JSON.stringify({ model: options.model, ...fitted.quality, clusters: fitted.model.clusters }),
    );
  else for (const line of summary(fitted, options.model)) io.out.line(line);
  await io.out.flush();
  return EXIT.pass;
}

/** The key that labels an observation: the most exact one that there is. */
function keyOf(labels: Labels, capture: string, client: string): string | null {
  return [`${capture} ${client}`, client, capture].find((key) => labels.has(key)) ?? null;
}

function summary({ model, quality }: Fit, path: string): string[] {
  const { clusters, benign, columns, scale } = model;
  const row = (label: string, c: { centre: number[]; size: number; radius: number }) => [
    label,
    figure(c.size),
    decimal(c.radius),
    ...restore(scale, c.centre).map((value) => figure(value)),
  ];
  return [
    ...textTable(
      ["cluster", "observations", "radius", ...columns],
      [...clusters, ...benign].map((c) => row(c.label, c)),
    ),
    `silhouette ${decimal(quality.silhouette)}, Davies–Bouldin ${decimal(quality.daviesBouldin)}, ` +
      `purity ${decimal(quality.purity)}, adjusted Rand index ${decimal(quality.ari)}`,
    `model: ${path}`,
  ];
}
