import { InputError } from "../base/errors.ts";
import { sha256 } from "../base/sha256.ts";
import type { Observation } from "../feature/observation.ts";

/** What is learned at one time. */
export interface TrainingBatch {
  readonly observations: readonly Observation[];
  /** The behaviour of each observation, `null` where nobody knows; without it none is known. */
  readonly labels?: readonly (string | null)[];
  /** Observations of what is no bot. */
  readonly benign?: readonly Observation[];
}

/** All that a model was trained on, in the order in which it was learned. A plain value, kept beside the model. */
export interface TrainingSet {
  readonly batches: readonly TrainingBatch[];
}

/** The rows of a training set that a model is fitted on, as raw values of the model's columns. */
export interface TrainingRows {
  readonly rows: number[][];
  readonly labels: (string | null)[];
  readonly benign: number[][];
  /** For each observation of all batches: its place in `rows`, or `null` when it is left out. */
  readonly places: (number | null)[];
}

/**
 * Whether an observation can show a behaviour at all. One without *.php requests is always judged benign, so that nothing
 * is learned from it; a bot's other conversations (a look whether the network is there) are of that kind.
 */
export function isTelling(observation: Observation): boolean {
  return columnValue(observation, "php_requests") > 0;
}

/** The values of these columns. Throws InputError where the observation lacks one, or it is no finite number. */
export function rowOf(observation: Observation, columns: readonly string[]): number[] {
  return columns.map((column) => columnValue(observation, column));
}

export function trainingRows(set: TrainingSet, columns: readonly string[]): TrainingRows {
  const result: TrainingRows = { rows: [], labels: [], benign: [], places: [] };
  for (const { observations, labels, benign } of set.batches) {
    if (labels !== undefined && labels.length !== observations.length)
      throw new InputError(`${labels.length} labels for ${observations.length} observations`);
    for (const [i, observation] of observations.entries()) {
      const telling = isTelling(observation);
      result.places.push(telling ? result.rows.length : null);
      if (!telling) continue;
      result.rows.push(rowOf(observation, columns));
      result.labels.push(labels?.[i] ?? null);
    }
    for (const observation of benign ?? [])
      if (isTelling(observation)) result.benign.push(rowOf(observation, columns));
  }
  return result;
}

/**
 * SHA-256 of what a model was trained on: of each batch's rows and the hash of what was learned before it, so that it
 * says in which batches a model learned, too. A row is one line of JSON, `["behaviour", label, value …]` or `["benign", null, value …]`;
 * the lines of a batch are sorted, so that the order of the observations in it does not matter.
 */
export function trainingHash(set: TrainingSet, columns: readonly string[]): string {
  return (
    set.batches.reduce((previous: string | null, batch) => {
      return batchHash(previous, batch, columns);
    }, null) ?? sha256("")
  );
}

/** The hash after one more batch. */
export function batchHash(
  previous: string | null,
  batch: TrainingBatch,
  columns: readonly string[],
): string {
  const { rows, labels, benign } = trainingRows({ batches: [batch] }, columns);
  const lines = [
    ...rows.map((row, i) => JSON.stringify(["behaviour", labels[i], ...row])),
    ...benign.map((row) => JSON.stringify(["benign", null, ...row])),
  ].sort();
  const head = JSON.stringify({ previous, columns });
  return sha256([head, ...lines, ""].join("\n"));
}

function columnValue(observation: Observation, column: string): number {
  const value = observation.values[column];
  if (value === undefined || !Number.isFinite(value)) {
    const what = value === undefined ? `has no column ${column}` : `has ${value} for ${column}`;
    throw new InputError(`an observation of ${observation.client} ${what}`);
  }
  return value;
}
