import { InputError } from "../base/errors.ts";
import { type Fit, type FitOptions, fitSet } from "./fit.ts";
import type { Model } from "./model.ts";
import { type TrainingBatch, type TrainingSet, trainingHash } from "./training-set.ts";

export interface Update extends Fit {
  /** What the new model was trained on: the old training set and the new batch. `assignment` follows its order. */
  readonly trainingSet: TrainingSet;
}

/**
 * The model fitted again on what it was trained on and a new batch: with the options of the model unless others are
 * given, and one more cluster for each label that is new (where the number was not chosen by silhouette).
 * Throws InputError where the training set is not the one that the model was trained on.
 */
export function update(
  model: Model,
  trainingSet: TrainingSet,
  batch: TrainingBatch,
  options: Partial<FitOptions> = {},
): Update {
  if (trainingHash(trainingSet, model.columns) !== model.training.hash)
    throw new InputError("the training set is not the one that the model was trained on", {
      mend: "train again from all captures",
    });
  const grown: TrainingSet = { batches: [...trainingSet.batches, batch] };
  const { seed, restarts, radius } = model.training;
  const fitted = fitSet(
    grown,
    { columns: model.columns, k: grownK(model, batch), seed, restarts, radius, ...options },
    model.training.hash,
  );
  return { ...fitted, trainingSet: grown };
}

function grownK(model: Model, batch: TrainingBatch): number | "silhouette" {
  if (model.training.k === "silhouette") return "silhouette";
  const known = new Set(model.clusters.map((cluster) => cluster.label));
  const fresh = new Set(
    (batch.labels ?? []).filter((label) => label !== null && !known.has(label)),
  );
  return model.training.k + fresh.size;
}
