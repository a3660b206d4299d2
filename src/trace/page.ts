import { html, type Markup } from "../base/markup.ts";
import { packetSteps } from "./page-steps.ts";
import type { PacketTrace, Trace } from "./record.ts";
import { road } from "./road.ts";
import { STYLE } from "./style.ts";
import { portWords } from "./words.ts";

/**
 * The trace as one page for teaching: no script, nothing loaded from anywhere, light and dark, fit to be printed. The same
 * trace gives the same bytes.
 */
export function renderPage(trace: Trace): string {
  return `${page(trace)}\n`;
}

function page(trace: Trace): Markup {
  const count = trace.packets.length;
  const name = trace.rules.split("/").at(-1) ?? trace.rules;
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${name}: the road of ${count} ${count === 1 ? "packet" : "packets"} (isoreplay trace)</title>
<style>${STYLE}</style>
</head>
<body>
<header><h1>The road of ${count === 1 ? "a packet" : `${count} packets`} through <code>${name}</code></h1>
<p>Each packet goes through the tables of the bridge. Conntrack remembers conversations, so what one packet leaves behind decides about the next.</p></header>
<main>
${overview(trace.packets)}
${howToRead()}
${trace.packets.map((packet) => packetSection(packet, trace.packets))}
</main>
<footer><p>Made by <code>isoreplay trace</code> on the simulated switch, which behaves as Open vSwitch does. The kernel's functions are those of Linux, <code>net/openvswitch</code>.</p></footer>
</body>
</html>`;
}

function overview(packets: readonly PacketTrace[]): Markup {
  return html`<div class="scroll"><table class="overview"><thead><tr><th></th><th>packet</th><th>comes in</th><th>state</th><th>result</th></tr></thead>
<tbody>${packets.map(
    (packet) => html`<tr><td class="n"><a href="#packet-${packet.number}">${packet.number}</a></td>
<td>${packet.summary}</td><td>${portWords(packet.inPort, packet.inPortName)}</td><td>${states(packet)}</td><td>${result(packet)}</td></tr>`,
  )}</tbody></table></div>`;
}

/** The last state that conntrack gave. */
function states({ passes }: PacketTrace): Markup | string {
  const found = passes.at(-1)?.flow.match(/^ct_state=([^,]*)/)?.[1];
  return found === undefined ? "untracked" : html`<code>${found}</code>`;
}

function result({ outputs, dropped }: PacketTrace): Markup {
  if (dropped !== null)
    return html`<span class="badge dropped">✕ dropped</span> <small>${dropped}</small>`;
  return html`${outputs.map(
    ({ port, name, changes }) =>
      html`<span class="badge sent">→ ${portWords(port, name)}</span>${changes.length > 0 && html` <small><mark>${changes.map(({ field }) => field).join(", ")}</mark> changed</small>`} `,
  )}`;
}

function howToRead(): Markup {
  return html`<section class="help"><h2>How to read this</h2>
<dl>
<div><dt>table</dt><dd>A list of rules. Of those that match, the one with the highest priority decides; its actions are done in order. No match: dropped.</dd></div>
<div><dt>conntrack loop</dt><dd><code>ct(…)</code> shows the packet to connection tracking. With <code>table=N</code> a copy comes back, knows its state, and is looked up again from table N: a new <em>pass</em>.</dd></div>
<div><dt>state</dt><dd><code>trk</code> conntrack has seen it · <code>new</code> begins a connection · <code>est</code> belongs to one that was answered · <code>rpl</code> comes from the side that answers · <code>rel</code> is an error about one · <code>inv</code> fits nowhere · <code>snat</code>/<code>dnat</code> its source/destination was translated</dd></div>
<div><dt><mark>marked</mark></dt><dd>A field that has another value than before.</dd></div>
</dl></section>`;
}

function packetSection(packet: PacketTrace, all: readonly PacketTrace[]): Markup {
  const time = packet.timeMs === 0 ? "" : `, ${seconds(packet.timeMs)} after the first`;
  return html`<section class="packet" id="packet-${packet.number}">
<h2><span class="count">packet ${packet.number} of ${all.length}</span>${packet.summary}</h2>
<p class="given"><code>${packet.given}</code>${time}</p>
<p class="result">${result(packet)}</p>
<div class="pair">
<figure>${road(packet)}<figcaption>The numbers are those of the steps.</figcaption></figure>
<div class="story">${packetSteps(packet)}</div>
</div>
</section>`;
}

function seconds(ms: number): string {
  return ms < 1_000 ? `${Number(ms.toFixed(3))} ms` : `${Number((ms / 1_000).toFixed(3))} s`;
}
