import type { Observation } from "../feature/observation.ts";
import type { Judgement } from "./judgement.ts";
import type { Model } from "./model.ts";
import { distance } from "./rows.ts";
import { standardise } from "./scale.ts";
import { isTelling, rowOf } from "./training-set.ts";

interface Measured {
  readonly label: string;
  readonly distance: number;
  readonly radius: number;
}

/**
 * What the model says of an observation.
 * - Without any *.php request it is benign: there is nothing in which a behaviour could be seen.
 * - Otherwise the nearest centre decides, distances taken in units of each centre's radius. A behaviour's within 1: known.
 *   A benign one's within 1: benign. None within 1: unknown.
 * - Between a behaviour and a benign centre equally near the behaviour wins: a bot let go costs more than a second look.
 *   Between two of a kind the model's order decides.
 * Throws InputError where the observation lacks a column of the model.
 */
export function judge(model: Model, observation: Observation): Judgement {
  const point = standardise(model.scale, rowOf(observation, model.columns));
  const measure = (centre: { label: string; centre: number[]; radius: number }): Measured => ({
    label: centre.label,
    distance: distance(point, centre.centre),
    radius: centre.radius,
  });
  const behaviours = model.clusters.map(measure);
  const benign = model.benign.map(measure);
  // A stable sort: of equal distances the behaviours, and the model's order, come first.
  const distances = [...behaviours, ...benign].sort((a, b) => a.distance - b.distance);

  if (!isTelling(observation)) {
    const reason = "It sent no *.php request, in which alone a behaviour could be seen.";
    return { verdict: "benign", label: "benign", distances, reason };
  }
  const behaviour = nearest(behaviours);
  const harmless = nearest(benign);
  const decides = nearest([behaviour, harmless].filter((m) => m !== undefined));
  if (decides === undefined || relative(decides) > 1) {
    const nearby = distances
      .slice(0, 2)
      .map((m) => `${m.label} is ${shown(m.distance)} away with a radius of ${shown(m.radius)}`)
      .join(", ");
    const reason = `It is outside the radius of every centre: ${nearby}.`;
    return { verdict: "unknown", label: distances[0]?.label ?? "none", distances, reason };
  }
  const known = decides === behaviour;
  const other = known ? harmless : behaviour;
  const inside = `It is ${shown(decides.distance)} away from ${decides.label}, within the radius of ${shown(decides.radius)}`;
  const kind = known ? "benign centre" : "behaviour";
  const reason =
    other === undefined
      ? `${inside}.`
      : `${inside}; the nearest ${kind}, ${other.label}, is ${shown(other.distance)} away with a radius of ${shown(other.radius)}.`;
  return { verdict: known ? "known" : "benign", label: decides.label, distances, reason };
}

function relative(measured: Measured): number {
  return measured.distance / measured.radius;
}

/** The first of the nearest ones, in units of the radius. */
function nearest(centres: readonly Measured[]): Measured | undefined {
  let best: Measured | undefined;
  for (const centre of centres)
    if (best === undefined || relative(centre) < relative(best)) best = centre;
  return best;
}

/** Three digits, as a plain number: 0.0123, 1.23, 12.3, 1234. */
function shown(value: number): string {
  return value >= 1000 ? value.toFixed(0) : String(Number(value.toPrecision(3)));
}
