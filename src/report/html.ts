import { latest } from "../run/lateness.ts";
import type { Provenance } from "../run/manifest.ts";
import type { Results } from "../run/results.ts";
import { incidents } from "./incidents.ts";
import { colourClasses } from "./legend.ts";
import { html, type Markup } from "./markup.ts";
import { decimal, milliseconds, seconds, UNKNOWN, whole } from "./number.ts";
import { clusterPlot, frameOf } from "./plot.ts";
import { STYLE } from "./style.ts";
import {
  assertionTable,
  badge,
  conversationTable,
  feedbackTable,
  observationTable,
  probeTable,
  replayTable,
  timelineTable,
} from "./tables.ts";
import { topologyFigures } from "./topology.ts";
import { ANSWERED, commandLine } from "./words.ts";

export interface ReportContext {
  /** What to type to get this run again, from the program's name on. */
  readonly command: readonly string[];
  readonly provenance: Provenance | null;
}

/**
 * The whole report as one page: no script, nothing loaded from anywhere, light and dark, fit to be printed. Every string of
 * the results is escaped. The same results give the same bytes.
 */
export function renderHtml(results: Results, context: ReportContext): string {
  return `${page(results, context)}\n`;
}

function page(results: Results, context: ReportContext): Markup {
  const frame = frameOf(results.rounds);
  const colours = colourClasses(results);
  const probes = results.rounds.map(probeTable).filter((table) => table !== null);
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${results.scenario}: ${results.overall} (isoreplay)</title>
<style>${STYLE}</style>
</head>
<body>
<header><div><h1>${results.scenario}</h1>
${results.title !== undefined && html`<p class="title">${results.title}</p>`}<p>lab ${results.lab} · seed ${results.seed}${results.capture !== undefined && html` · capture ${results.capture}`}</p></div>
<div class="overall ${results.overall}">${badge(results.overall)}</div></header>
<main>
${keyFigures(results)}
${incidentList(results)}<section><h2>What was asserted</h2>${assertionTable(results)}</section>
<section><h2>Clusters</h2>
<p>Each point is one conversation between a client and a server. The closer two points, the more alike the conversations. A dashed ring is how far a cluster reaches; what lies in none is <em>unknown</em>.</p>
${legend(colours)}
<div class="pair">${results.rounds.map((round) => clusterPlot(round, frame, colours))}</div>
${feedbackTable(results)}
${results.rounds.map(observationTable)}</section>
<section><h2>The network before and after isolation</h2>
<p>Crossed out: the rules let nothing through. Thick: open only between an isolated instance and the replayer, which plays the recorded servers. Dashed arrow: where an instance's volume went.</p>
${topologyFigures(results.topology)}</section>
<section><h2>From verdict to behaviour</h2>
<p>Recorded answers were given ${ANSWERED[results.replayWay]} (<code>replay.way: ${results.replayWay}</code>).</p>
${results.rounds.map(timelineTable)}
${conversationTable(results)}
${replayTable(results)}</section>
${
  probes.length > 0 &&
  html`<section><h2>Is there a way out?</h2>
<p>Probes were first sent while nothing held them back, to show that the tap can see them (the control), then again under the rules of isolation. A probe that the control did not see proves nothing.</p>${probes}</section>`
}
${reproduction(context)}
</main>
</body>
</html>`;
}

function keyFigures(results: Results): Markup {
  const last = results.rounds.at(-1);
  const suspects = results.rounds.flatMap((round) => round.suspects);
  const manifested = suspects.filter((s) => s.effectsInIsolation.length > 0).length;
  const contain = suspects.map((s) => s.timeToContainMs).filter((ms) => ms !== null);
  const figures: [string, string][] = [
    ["rounds", whole(results.rounds.length)],
    ["suspects", whole(suspects.length)],
    ["showed their behaviour in isolation", `${manifested} of ${suspects.length}`],
    [
      "longest time to contain",
      contain.length === 0 ? UNKNOWN : `${decimal(Math.max(...contain), 1)} ms`,
    ],
    ["silhouette, last round", decimal(last?.model.metrics.silhouette ?? null)],
    ["packets switched", whole(results.counts.packetsSwitched ?? null)],
    ["of the lab's time", seconds(results.counts.virtualSeconds ?? null)],
  ];
  const late = latest(results.rounds);
  if (late !== null)
    figures.push([
      `longest delay, of ${late.name} (may be ${milliseconds(late.allowedMs)})`,
      milliseconds(late.latestMs),
    ]);
  return html`<dl class="keys">${figures.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`;
}

/** What went wrong with the lab; nothing where nothing did. */
function incidentList(results: Results): Markup | false {
  const told = incidents(results);
  return (
    told.length > 0 &&
    html`<section><h2>What went wrong with the lab</h2><ul>${told.map((sentence) => html`<li>${sentence}</li>`)}</ul></section>
`
  );
}

function legend(colours: ReadonlyMap<string, string>): Markup {
  const item = (kind: string, shape: Markup, text: string) =>
    html`<li><svg viewBox="0 0 22 22" aria-hidden="true"><g class="point ${kind}">${shape}</g></svg>${text}</li>`;
  const dot = html`<circle cx="11" cy="11" r="5"/>`;
  return html`<ul class="legend">${[...colours].map(([label, kind]) => item(kind, dot, label))}
${item("unknown", dot, "unknown")}
${item("benign", html`<rect x="8" y="8" width="6" height="6"/>`, "benign")}
${item("none", dot, "recorded on private")}
${item("none", html`<path d="M11 4l7 7l-7 7l-7 -7z"/>`, "seen in isolation")}
${item("none", html`<circle class="ring" cx="11" cy="11" r="9"/><circle cx="11" cy="11" r="4"/>`, "judged otherwise than it was")}
<li><svg viewBox="0 0 22 22" aria-hidden="true"><g class="centre"><path d="M4 11h14M11 4v14"/></g></svg>centre</li></ul>`;
}

function reproduction({ command, provenance }: ReportContext): Markup {
  return html`<section><h2>Reproduce this run</h2>
<pre><code>${commandLine(command)}</code></pre>
${
  provenance !== null &&
  html`<dl class="keys">
<div><dt>isoreplay</dt><dd>${provenance.isoreplay}</dd></div>
<div><dt>commit</dt><dd>${provenance.commit?.slice(0, 12) ?? "not a git checkout"}${provenance.modified === true && " (modified)"}</dd></div>
<div><dt>Node</dt><dd>${provenance.versions.node}</dd></div>
<div><dt>Open vSwitch</dt><dd>${provenance.versions.ovs ?? "not installed"}</dd></div>
<div><dt>kernel</dt><dd>${provenance.versions.kernel}</dd></div></dl>`
}
<p>On the simulator the same seed gives the same <code>results.json</code> and captures, byte for byte. <code>isoreplay verify</code> checks the hashes of this folder.</p></section>`;
}
