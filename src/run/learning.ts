import type { Quality } from "../cluster/fit.ts";
import type { Model } from "../cluster/model.ts";
import type { TrainingBatch, TrainingSet } from "../cluster/training-set.ts";
import type { Observation } from "../feature/observation.ts";
import type { Scenario } from "../scenario/scenario.ts";
import type { Cast } from "./cast.ts";
import type { Parts } from "./parts.ts";
import type { FeedbackResult } from "./results.ts";
import type { RoundRecord } from "./round.ts";
import type { JudgedObservation } from "./suspect-state.ts";

/** The truth about an observation: a behaviour, "benign", or null where nobody knows. */
export function truthOf(cast: Cast, observation: Observation): string | null {
  if (cast.truth === null) return null;
  return cast.truth.get(observation.client) ?? "benign";
}

/** The loop's memory: the model, and what it was trained on. */
export class Learning {
  readonly #scenario: Scenario;
  readonly #seed: number;
  readonly #parts: Pick<Parts, "fit" | "update" | "judge">;
  #set: TrainingSet = { batches: [] };
  #model: Model | null = null;
  #first: Model | null = null;
  #quality: Quality = { silhouette: null, daviesBouldin: null, purity: null, ari: null };
  #learned = 0;

  constructor(scenario: Scenario, seed: number, parts: Pick<Parts, "fit" | "update" | "judge">) {
    this.#scenario = scenario;
    this.#seed = seed;
    this.#parts = parts;
  }

  get model(): Model | null {
    return this.#model;
  }

  /** How well the clusters of the model fit what it was trained on. */
  get quality(): Quality {
    return this.#quality;
  }

  /** Step "cluster": a model of the recorded observations. */
  fit(cast: Cast, observations: readonly Observation[]): Model {
    const bots = observations.filter((o) => truthOf(cast, o) !== "benign");
    this.#set = {
      batches: [
        {
          observations: bots,
          labels: bots.map((o) => truthOf(cast, o)),
          benign: observations.filter((o) => truthOf(cast, o) === "benign"),
        },
      ],
    };
    const { columns, k, restarts } = this.#scenario.model;
    const fitted = this.#parts.fit(this.#set, {
      columns,
      k: k === "behaviours" ? Object.keys(this.#scenario.behaviours).length : k,
      restarts,
      seed: this.#seed,
    });
    this.#model = fitted.model;
    this.#first ??= fitted.model;
    this.#quality = fitted.quality;
    return fitted.model;
  }

  /** Step "update": what manifested in isolation is what the observations there show. */
  learn(round: RoundRecord): void {
    const batch = manifestedBatch(round);
    if (this.#model === null || batch.observations.length === 0) return;
    const updated = this.#parts.update(this.#model, this.#set, batch);
    this.#set = updated.trainingSet;
    this.#model = updated.model;
    this.#quality = updated.quality;
    this.#learned += batch.observations.length;
  }

  /** The same observations before the first model and before this round's; null in the first round. */
  feedback(round: RoundRecord): FeedbackResult | null {
    const first = this.#first;
    if (first === null || round.model === first || round.cast.truth === null) return null;
    const right = (list: readonly JudgedObservation[]) =>
      list.filter((j) => isRight(round.cast, j)).length;
    return {
      observations: round.judged.length,
      correctFirst: right(
        round.judged.map(({ observation }) => ({
          observation,
          judgement: this.#parts.judge(first, observation),
        })),
      ),
      correctUpdated: right(round.judged),
      learned: this.#learned,
    };
  }
}

function isRight(cast: Cast, { observation, judgement }: JudgedObservation): boolean {
  const truth = truthOf(cast, observation);
  if (truth === "benign") return judgement.verdict !== "known";
  return judgement.verdict === "known" && judgement.label === truth;
}

/** Observations of isolated guests, labelled by the effect that was seen there; without an effect nothing is learned. */
function manifestedBatch({ cast, isolated, effects }: RoundRecord): TrainingBatch {
  const behaviourOf = new Map([...cast.effects].map(([behaviour, effect]) => [effect, behaviour]));
  const observations: Observation[] = [];
  const labels: string[] = [];
  for (const observation of isolated) {
    const host = cast.plan.hosts.find((h) => h.address === observation.client);
    const effect = effects.find((e) => e.host === host?.name && e.effect.network === "isolation");
    const behaviour = effect === undefined ? undefined : behaviourOf.get(effect.effect.kind);
    if (behaviour === undefined) continue;
    observations.push(observation);
    labels.push(behaviour);
  }
  return { observations, labels };
}
