import type { ClusterResult, ModelResult, ObservationResult, RoundResult } from "../run/results.ts";
import { classOf, misjudged } from "./legend.ts";
import { html, type Markup } from "./markup.ts";
import { counted, decimal, figure } from "./number.ts";
import { extent, type Interval, Scale } from "./scale.ts";
import { judged } from "./words.ts";

const WIDTH = 560;
const HEIGHT = 440;
const LEFT = 56;
const RIGHT = 14;
const TOP = 12;
const BOTTOM = 50;
/** An observation this many widths of the malicious clusters away from them is drawn at the edge. */
const FAR = 0.6;

interface Place {
  readonly x: number;
  readonly y: number;
}

/** The drawn part of the standardised plane: the same for all rounds, so that they can be compared. */
export interface Frame {
  readonly x: Interval;
  readonly y: Interval;
}

/** Standardised coordinates of an observation in the model's first two columns. */
function place(observation: ObservationResult, model: ModelResult): Place {
  const coordinate = (column: number): number => {
    const name = model.columns[column];
    const raw = name === undefined ? undefined : observation.values[name];
    const sd = model.sd[column] ?? 0;
    return raw === undefined || sd === 0 ? 0 : (raw - (model.mean[column] ?? 0)) / sd;
  };
  return { x: coordinate(0), y: coordinate(1) };
}

const centre = (cluster: ClusterResult): Place => ({
  x: cluster.centre[0] ?? 0,
  y: cluster.centre[1] ?? 0,
});

/** What to draw: all malicious clusters whole, and the observations that are not too far from them. */
export function frameOf(rounds: readonly RoundResult[]): Frame {
  const observed = rounds.flatMap((r) => r.observations.map((o) => place(o, r.model)));
  const clusters = rounds.flatMap((r) => r.model.clusters);
  const interval = (axis: "x" | "y"): Interval => {
    const circles = clusters
      .filter((cluster) => !cluster.benign)
      .flatMap((c) => [centre(c)[axis] - c.radius, centre(c)[axis] + c.radius]);
    const all = [...observed, ...clusters.map(centre)].map((p) => p[axis]);
    if (circles.length === 0) return extent(all, 0.06);
    const near = extent(circles, FAR);
    return extent([...circles, ...all.filter((v) => v >= near.min && v <= near.max)], 0.04);
  };
  return { x: interval("x"), y: interval("y") };
}

/** The cluster plot of one round, after the paper's figure 8. */
export function clusterPlot(
  round: RoundResult,
  frame: Frame,
  colours: ReadonlyMap<string, string>,
): Markup {
  const { model } = round;
  const x = new Scale(frame.x, LEFT, WIDTH - RIGHT);
  const y = new Scale(frame.y, HEIGHT - BOTTOM, TOP);
  const id = `plot-${round.round}`;
  const points = round.observations.map((o) => ({ o, at: place(o, model) }));
  // Benign ones first: what matters lies on top.
  points.sort((a, b) => Number(isBenign(b.o)) - Number(isBenign(a.o)));
  const outside = points.filter(({ at }) => !(x.contains(at.x) && y.contains(at.y)));
  const summary =
    `${counted(round.observations.length, "observation")}, ` +
    `${counted(model.clusters.filter((c) => !c.benign).length, "malicious cluster")}: ` +
    model.clusters.map((c) => `${c.label} (${c.size})`).join(", ");
  return html`<figure>
<svg class="plot" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-labelledby="${id}-t ${id}-d">
<title id="${id}-t">Round ${round.round}: clusters of observations</title>
<desc id="${id}-d">${summary}</desc>
<clipPath id="${id}-c"><rect x="${LEFT}" y="${TOP}" width="${WIDTH - LEFT - RIGHT}" height="${HEIGHT - TOP - BOTTOM}"/></clipPath>
${axes(x, y, model)}
<g clip-path="url(#${id}-c)">${model.clusters.map((c) => circle(c, x, y, colours))}</g>
${points.map(({ o, at }) => point(o, at, model, x, y, colours))}
<g clip-path="url(#${id}-c)">${model.clusters.map((c) => centreMark(c, x, y, colours))}</g>
</svg>
<figcaption>Round ${round.round}. ${metrics(model)}${
    outside.length > 0 &&
    html` ${counted(outside.length, "observation lies", "observations lie")} beyond the drawing and ${outside.length === 1 ? "is" : "are"} shown as an arrow at its edge.`
  }${
    model.columns.length > 2 &&
    html` The model has ${model.columns.length} columns; the first two are drawn.`
  }</figcaption>
</figure>`;
}

function isBenign(observation: ObservationResult): boolean {
  return (observation.judgement?.verdict ?? observation.behaviour) === "benign";
}

function metrics({ metrics: m }: ModelResult): Markup {
  return html`Silhouette ${decimal(m.silhouette)}, Davies–Bouldin ${decimal(m.daviesBouldin)}, purity ${decimal(m.purity)}, adjusted Rand index ${decimal(m.ari)}.`;
}

function axes(x: Scale, y: Scale, model: ModelResult): Markup {
  const bottom = HEIGHT - BOTTOM;
  const right = WIDTH - RIGHT;
  const name = (column: number, paper: string) => {
    const raw = model.columns[column];
    return raw === undefined ? paper : `${paper}, standardised (${raw})`;
  };
  return html`<g class="axes">
${x.ticks(8).map((v) => html`<line class="grid" x1="${px(x.at(v))}" y1="${TOP}" x2="${px(x.at(v))}" y2="${bottom}"/><text x="${px(x.at(v))}" y="${bottom + 18}" text-anchor="middle">${v}</text>`)}
${y.ticks(7).map((v) => html`<line class="grid" x1="${LEFT}" y1="${px(y.at(v))}" x2="${right}" y2="${px(y.at(v))}"/><text x="${LEFT - 8}" y="${px(y.at(v) + 4)}" text-anchor="end">${v}</text>`)}
<path class="axis" d="M${LEFT} ${TOP}V${bottom}H${right}"/>
<text class="name" x="${px((LEFT + right) / 2)}" y="${HEIGHT - 10}" text-anchor="middle">${name(0, "response length")}</text>
<text class="name" transform="translate(15 ${px((TOP + bottom) / 2)}) rotate(-90)" text-anchor="middle">${name(1, "number of *.php requests")}</text>
</g>`;
}

function circle(
  cluster: ClusterResult,
  x: Scale,
  y: Scale,
  colours: ReadonlyMap<string, string>,
): Markup {
  const at = centre(cluster);
  const kind = cluster.benign ? "benign" : (colours.get(cluster.label) ?? "none");
  return html`<ellipse class="radius ${kind}" cx="${px(x.at(at.x))}" cy="${px(y.at(at.y))}" rx="${px(x.length(cluster.radius))}" ry="${px(y.length(cluster.radius))}"><title>${cluster.label}: radius ${decimal(cluster.radius)}</title></ellipse>`;
}

function centreMark(
  cluster: ClusterResult,
  x: Scale,
  y: Scale,
  colours: ReadonlyMap<string, string>,
): Markup {
  const at = centre(cluster);
  const [cx, cy] = [x.at(at.x), y.at(at.y)];
  const kind = cluster.benign ? "benign" : (colours.get(cluster.label) ?? "none");
  // Above its ring; inside it where the drawing ends.
  const labelY = Math.max(cy - y.length(cluster.radius) - 6, TOP + 12);
  return html`<g class="centre ${kind}"><path d="M${px(cx - 7)} ${px(cy)}h14M${px(cx)} ${px(cy - 7)}v14"/>${
    !cluster.benign &&
    html`<text x="${px(Math.min(Math.max(cx, LEFT + 50), WIDTH - RIGHT - 50))}" y="${px(Math.min(labelY, HEIGHT - BOTTOM - 6))}" text-anchor="middle">${cluster.label}</text>`
  }</g>`;
}

function point(
  observation: ObservationResult,
  at: Place,
  model: ModelResult,
  x: Scale,
  y: Scale,
  colours: ReadonlyMap<string, string>,
): Markup {
  const inside = x.contains(at.x) && y.contains(at.y);
  const cx = x.at(Math.min(Math.max(at.x, x.domain.min), x.domain.max));
  const cy = y.at(Math.min(Math.max(at.y, y.domain.min), y.domain.max));
  const kind = classOf(observation, colours);
  const raw = model.columns.slice(0, 2).map((c) => `${c} ${figure(observation.values[c] ?? null)}`);
  const title =
    `${observation.client} → ${observation.server}: ${judged(observation.judgement)}` +
    `${observation.behaviour === null ? "" : `, truly ${observation.behaviour}`}; ${raw.join(", ")}`;
  const shape = inside ? glyph(observation, cx, cy) : arrow(at, x, y, cx, cy);
  return html`<g class="point ${kind}">${misjudged(observation, model) && html`<circle class="ring" cx="${px(cx)}" cy="${px(cy)}" r="9"/>`}${shape}<title>${title}</title></g>`;
}

/** Shape tells the phase, so that colour alone tells nothing: recorded ● on private, isolation ◆, benign ▪. */
function glyph(observation: ObservationResult, cx: number, cy: number): Markup {
  if (observation.phase === "isolation")
    return html`<path d="M${px(cx)} ${px(cy - 6)}l6 6l-6 6l-6 -6z"/>`;
  if (isBenign(observation))
    return html`<rect x="${px(cx - 3)}" y="${px(cy - 3)}" width="6" height="6"/>`;
  return html`<circle cx="${px(cx)}" cy="${px(cy)}" r="4.5"/>`;
}

function arrow(at: Place, x: Scale, y: Scale, cx: number, cy: number): Markup {
  const degrees =
    at.x > x.domain.max ? 0 : at.x < x.domain.min ? 180 : at.y > y.domain.max ? -90 : 90;
  return html`<path transform="translate(${px(cx)} ${px(cy)}) rotate(${degrees})" d="M0 0l-9 -5v10z"/>`;
}

/** Pixels with one decimal: short, and the same on every machine. */
function px(value: number): string {
  return decimal(value, 1);
}
