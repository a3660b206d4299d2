import { z } from "zod";
import { InputError } from "../base/errors.ts";
import { columns as allColumns, isColumnName } from "../feature/columns.ts";

const FORMAT = "isoreplay-model";
const VERSION = 1;

const number = z.number();
const count = z.int().nonnegative();
const label = z.string().min(1);
const sha256 = z.string().regex(/^[0-9a-f]{64}$/, "is no SHA-256 in hexadecimal");
const radius = number.positive();

const clusterSchema = z.strictObject({
  /** The behaviour; two clusters may have one label. */
  label,
  /** In standardised units, one number for each column. */
  centre: z.array(number),
  size: count,
  /** In standardised units: what is farther away is not of this cluster. */
  radius,
  /** Sum of squared distances of its training observations to the centre. */
  withinss: number.nonnegative(),
});

const benignSchema = z.strictObject({ label, centre: z.array(number), size: count, radius });

const modelSchema = z
  .strictObject({
    format: z.literal(FORMAT),
    version: z.literal(VERSION),
    columns: z.array(z.string()).min(1),
    /** Standardised value = (raw - center) / scale, as R's `scale()`. */
    scale: z.strictObject({ center: z.array(number), scale: z.array(number.positive()) }),
    clusters: z.array(clusterSchema).min(1),
    /** Centres of what is no bot, on the same scale; none where the training had no benign *.php traffic. */
    benign: z.array(benignSchema),
    training: z.strictObject({
      /** Observations of bots, and benign ones, that the model was fitted on. */
      observations: count,
      benign: count,
      /** trainingHash of them, and what it was before the last update; `null` for a first fit. */
      hash: sha256,
      previous: sha256.nullable(),
      seed: z.union([number, z.string()]),
      restarts: z.int().positive(),
      /** What was asked for: a number of clusters, or the choice by silhouette. */
      k: z.union([z.int().positive(), z.literal("silhouette")]),
      radius: z.strictObject({ coverage: number.gt(0).lt(1), min: radius }),
    }),
  })
  .superRefine((model, context) => {
    const problem = (path: (string | number)[], message: string) =>
      context.addIssue({ code: "custom", path, message });
    for (const [i, name] of model.columns.entries()) {
      if (!isColumnName(name)) {
        const known = allColumns.map((column) => column.name).join(", ");
        problem(["columns", i], `no column is named "${name}"; there are: ${known}`);
      } else if (model.columns.indexOf(name) < i) problem(["columns", i], `${name} is there twice`);
    }
    const vectors: [(string | number)[], readonly number[]][] = [
      [["scale", "center"], model.scale.center],
      [["scale", "scale"], model.scale.scale],
      ...model.clusters.map((c, i): [(string | number)[], number[]] => [
        ["clusters", i, "centre"],
        c.centre,
      ]),
      ...model.benign.map((c, i): [(string | number)[], number[]] => [
        ["benign", i, "centre"],
        c.centre,
      ]),
    ];
    for (const [path, vector] of vectors)
      if (vector.length !== model.columns.length)
        problem(path, `has ${vector.length} numbers for ${model.columns.length} columns`);
  });

/** What was learned: a plain value. See the schema for the meaning of each field. */
export type Model = z.infer<typeof modelSchema>;
export type ModelCluster = Model["clusters"][number];
export type BenignCentre = Model["benign"][number];

const TRAIN_AGAIN = { mend: "train again" };

/**
 * The model in a text. `where` is the file's name, for errors. Throws InputError for what is no JSON, no model, a model
 * of another version, or one whose columns are not those of this program.
 */
export function parseModel(text: string, where = "model"): Model {
  const value = parseJson(text, where);
  const { format, version } = headOf(value);
  if (format !== FORMAT) throw new InputError(`is no isoreplay model`, { where });
  if (version !== VERSION)
    throw new InputError(
      `model version ${String(version)}; this program reads version ${VERSION}`,
      { where, ...TRAIN_AGAIN },
    );
  const parsed = modelSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const path = (issue?.path ?? []).map((p) => (typeof p === "number" ? `[${p}]` : `.${String(p)}`));
  const at = path.join("").replace(/^\./, "");
  throw new InputError(`is no valid model: ${at === "" ? "" : `${at}: `}${issue?.message}`, {
    where,
    cause: parsed.error,
    ...TRAIN_AGAIN,
  });
}

/** The text of a model: the same bytes for the same model, whatever the order of its keys was. */
export function formatModel(model: Model): string {
  const { columns, scale, clusters, benign, training } = model;
  const ordered: Model = {
    format: FORMAT,
    version: VERSION,
    columns,
    scale: { center: scale.center, scale: scale.scale },
    clusters: clusters.map(({ label, centre, size, radius, withinss }) => ({
      label,
      centre,
      size,
      radius,
      withinss,
    })),
    benign: benign.map(({ label, centre, size, radius }) => ({ label, centre, size, radius })),
    training: {
      observations: training.observations,
      benign: training.benign,
      hash: training.hash,
      previous: training.previous,
      seed: training.seed,
      restarts: training.restarts,
      k: training.k,
      radius: { coverage: training.radius.coverage, min: training.radius.min },
    },
  };
  return `${JSON.stringify(ordered, null, 2)}\n`;
}

function parseJson(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    throw new InputError(`is no JSON: ${cause.message}`, { where, cause });
  }
}

function headOf(value: unknown): { format?: unknown; version?: unknown } {
  return typeof value === "object" && value !== null ? value : {};
}
