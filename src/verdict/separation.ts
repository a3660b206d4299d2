import type { RoundResult } from "../run/results.ts";
import { type Assertion, makeAssertion } from "./assertion.ts";
import type { Thresholds } from "./thresholds.ts";

const NAME = "cluster separation";

/** The clusters are as many as there are behaviours, lie apart, and are the behaviours (paper, Fig. 8). */
export function separation(
  rounds: readonly RoundResult[],
  behaviours: number | null,
  thresholds: Thresholds,
): Assertion {
  const model = rounds[0]?.model;
  const count = model?.clusters.filter((c) => !c.benign).length ?? 0;
  const silhouette = model?.metrics.silhouette ?? null;
  const ari = model?.metrics.ari ?? null;
  const figures = {
    clusters: count,
    behaviours,
    silhouette,
    silhouette_min: thresholds.silhouette_min,
    ari,
    ari_min: thresholds.ari_min,
    davies_bouldin: model?.metrics.daviesBouldin ?? null,
    purity: model?.metrics.purity ?? null,
  };
  if (silhouette === null || ari === null || behaviours === null) {
    const why =
      silhouette === null
        ? "there were too few observations to cluster"
        : "nobody knows which behaviour each observation belongs to";
    return makeAssertion(
      NAME,
      "inconclusive",
      `${why}, so the clusters cannot be checked`,
      figures,
    );
  }
  const holds =
    count === behaviours && silhouette >= thresholds.silhouette_min && ari >= thresholds.ari_min;
  return makeAssertion(
    NAME,
    holds ? "pass" : "fail",
    `${count} clusters for ${behaviours} behaviours, silhouette ${silhouette.toFixed(3)} ` +
      `(at least ${thresholds.silhouette_min}), adjusted Rand index ${ari.toFixed(3)} ` +
      `(at least ${thresholds.ari_min})`,
    figures,
  );
}
