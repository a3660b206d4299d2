import { html, type Markup } from "../base/markup.ts";
import type { Effect, PacketTrace, Step, Visit } from "./record.ts";
import { portWords } from "./words.ts";

/*
 * The picture of a packet's road, from top to bottom: tables on the left as boxes with a row for each action; beside
 * the rows, on the right, what they lead to: conntrack, ports, the end. A loop leads from conntrack back to the next table.
 */
const WIDTH = 430;
const BOX_X = 8;
const BOX_WIDTH = 222;
const SIDE_X = 272;
const SIDE_WIDTH = 150;
const ROAD_X = BOX_X + 24;
const GAP = 30;
const TITLE = 40;
const ROW = 21;
const CHIP = 17;
const PILL = 24;
/** Characters that fit, at 10.5 pixels of a fixed-width font. */
const BOX_CHARACTERS = 33;
const ROW_CHARACTERS = 29;
const SIDE_CHARACTERS = 22;

/** Places in the picture, in pixels, as it grows. */
interface Canvas {
  y: number;
  readonly parts: Markup[];
  /** Where the loop starts that leads to the next table; `null`: the road leads straight on. */
  loop: { readonly x: number; readonly y: number } | null;
  /** Where the last box ends. */
  end: number;
}

/** The picture of a packet's road. */
export function road(packet: PacketTrace): Markup {
  const canvas: Canvas = { y: 4, parts: [], loop: null, end: 0 };
  pill(
    canvas,
    BOX_X,
    canvas.y,
    BOX_WIDTH,
    "box",
    `in: ${portWords(packet.inPort, packet.inPortName)}`,
    "bold",
  );
  canvas.end = canvas.y + PILL;
  canvas.y = canvas.end + GAP;
  for (const pass of packet.passes) {
    for (const visit of pass.visits) drawVisit(canvas, visit, pass.number);
    if (pass.actionSet.length > 0)
      drawBox(canvas, `pass ${pass.number}: action set`, "", pass.actionSet, "");
  }
  const height = Math.max(canvas.y - GAP + 6, canvas.end + 6);
  return html`<svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${spoken(packet)}">${canvas.parts}</svg>`;
}

function spoken(packet: PacketTrace): string {
  const tables = packet.passes
    .flatMap(({ visits }) => flat(visits))
    .map(({ table }) => `table ${table}`);
  const end =
    packet.dropped === null
      ? packet.outputs.map(({ port, name }) => portWords(port, name)).join(" and ")
      : "dropped";
  return `The packet's road: ${[portWords(packet.inPort, packet.inPortName), ...tables, end].join(", ")}`;
}

function flat(visits: readonly Visit[]): Visit[] {
  return visits.flatMap((visit) => [visit, ...flat(visitsIn(visit.steps))]);
}

/** Tables that these steps lead to, in order. */
function visitsIn(steps: readonly Step[]): Visit[] {
  return steps.flatMap((step) => [...step.visits, ...visitsIn(step.steps)]);
}

function drawVisit(canvas: Canvas, visit: Visit, pass: number): void {
  const { rule } = visit;
  const title = `table ${visit.table}`;
  const place =
    rule === null
      ? `pass ${pass}`
      : `pass ${pass} · ${rule.line === null ? "learned" : `line ${rule.line}`}`;
  const match = rule === null ? "no rule matches" : rule.match === "" ? "every packet" : rule.match;
  drawBox(canvas, title, match, visit.steps, place);
  for (const inner of visitsIn(visit.steps)) drawVisit(canvas, inner, pass);
}

function drawBox(
  canvas: Canvas,
  title: string,
  match: string,
  steps: readonly Step[],
  place: string,
): void {
  const top = canvas.y;
  entry(canvas, top);
  const rows = flatSteps(steps);
  const contents: Markup[] = [];
  let y = top + TITLE;
  if (rows.length === 0) {
    y += stopRow(canvas, contents, y, match === "no rule matches" ? "miss" : "drop");
  }
  for (const step of rows) y += drawRow(canvas, contents, step, y);
  const height = y - top + 4;
  canvas.parts.push(
    html`<g><title>${`${title}: ${match}`}</title><rect class="box" x="${BOX_X}" y="${top}" width="${BOX_WIDTH}" height="${height}" rx="6"/>
<text class="bold" x="${BOX_X + 10}" y="${top + 17}">${title}</text><text class="faint" x="${BOX_X + BOX_WIDTH - 8}" y="${top + 17}" text-anchor="end">${place}</text>
<text class="code faint" x="${BOX_X + 10}" y="${top + 32}">${cut(match, BOX_CHARACTERS)}</text></g>${contents}`,
  );
  canvas.end = top + height;
  canvas.y = canvas.end + GAP;
}

/** The road, or the loop of conntrack, that leads into the next box. */
function entry(canvas: Canvas, top: number): void {
  const { loop } = canvas;
  if (loop !== null) {
    const turn = top - GAP / 2;
    const x = BOX_X + BOX_WIDTH - 40;
    canvas.parts.push(
      html`<path class="loop" d="M${loop.x} ${loop.y} V${turn - 8} Q${loop.x} ${turn} ${loop.x - 8} ${turn} H${x + 8} Q${x} ${turn} ${x} ${turn + 8} V${top - 6}"/>${tip("loop-tip", x, top)}`,
    );
  } else if (canvas.end > 0) {
    canvas.parts.push(
      html`<path class="road" d="M${ROAD_X} ${canvas.end} V${top - 6}"/>${tip("tip", ROAD_X, top)}`,
    );
  }
  canvas.loop = null;
}

/** An arrow's point that looks down. */
function tip(kind: string, x: number, y: number): Markup {
  return html`<path class="${kind}" d="M${x} ${y} l-5 -9 h10 z"/>`;
}

/** One that looks to the right. */
function rightTip(kind: string, x: number, y: number): Markup {
  return html`<path class="${kind}" d="M${x} ${y} l-9 -5 v10 z"/>`;
}

function flatSteps(steps: readonly Step[]): Step[] {
  return steps.flatMap((step) => [step, ...flatSteps(step.steps)]);
}

/** Gives the row's height. */
function drawRow(canvas: Canvas, contents: Markup[], step: Step, y: number): number {
  contents.push(
    html`<g><title>${step.action}</title><circle class="disc" cx="${BOX_X + 17}" cy="${y + 8}" r="7.5"/><text class="disc-text" x="${BOX_X + 17}" y="${y + 11.5}">${step.number}</text>
<text class="code" x="${BOX_X + 30}" y="${y + 12}">${cut(step.action, ROW_CHARACTERS)}</text></g>`,
  );
  let left = ROW;
  for (const { field, after } of step.changes) {
    contents.push(chip(BOX_X + 30, y + left, `${field} → ${after || "none"}`, ROW_CHARACTERS));
    left += CHIP;
  }
  let right = 0;
  const leaves = step.effects.some(({ kind }) => kind === "recirculate");
  for (const effect of step.effects)
    right += drawEffect(canvas, contents, effect, y + right, leaves);
  return Math.max(left, right + (right > 0 ? 4 : 0));
}

function chip(x: number, y: number, text: string, characters: number): Markup {
  const shown = cut(text, characters);
  return html`<g><title>${text}</title><rect class="chip" x="${x}" y="${y - 2}" width="${shown.length * 6.35 + 8}" height="15" rx="3"/><text class="code chip-text" x="${x + 4}" y="${y + 9}">${shown}</text></g>`;
}

/** What an action leads to, beside its row (`leaves`: on to another table); gives the height that it takes. */
function drawEffect(
  canvas: Canvas,
  contents: Markup[],
  effect: Effect,
  y: number,
  leaves: boolean,
): number {
  switch (effect.kind) {
    case "ct": {
      const height = 52 + CHIP * effect.changes.length;
      const edge = BOX_X + BOX_WIDTH;
      const back = y + height - 10;
      contents.push(
        html`<path class="loop" d="M${edge} ${y + 8} H${SIDE_X - 7}"/>${rightTip("loop-tip", SIDE_X, y + 8)}
<g><title>${effect.why}</title><rect class="station" x="${SIDE_X}" y="${y - 4}" width="${SIDE_WIDTH}" height="${height}" rx="14"/>
<text class="station-name" x="${SIDE_X + 10}" y="${y + 11}">conntrack, zone ${effect.zone}${effect.committed && " ✓"}</text>
<text class="code faint" x="${SIDE_X + 10}" y="${y + 25}">${cut(effect.before.state, SIDE_CHARACTERS)}</text>
${chip(SIDE_X + 7, y + 32, `→ ${effect.after.state}`, SIDE_CHARACTERS)}</g>
${effect.changes.map(({ field, after }, i) => chip(SIDE_X + 7, y + 32 + CHIP * (i + 1), `${field} → ${after}`, SIDE_CHARACTERS))}`,
      );
      canvas.loop = null;
      // Without a table the list goes on; the loop leads back to where it came from.
      if (!leaves)
        contents.push(html`<path class="loop back" d="M${SIDE_X} ${back} H${edge + 4}"/>`);
      return height + 4;
    }
    case "recirculate": {
      if (effect.pass === null) return stopPill(contents, y, "too many passes");
      // The station above it is where the loop starts.
      canvas.loop = { x: SIDE_X + SIDE_WIDTH / 2, y: y - 8 };
      return 0;
    }
    case "output":
      contents.push(
        html`<path class="way" d="M${BOX_X + BOX_WIDTH} ${y + 8} H${SIDE_X - 7}"/>${rightTip("way-tip", SIDE_X, y + 8)}`,
        pillMarkup(
          SIDE_X,
          y - 4,
          SIDE_WIDTH,
          "exit",
          portWords(effect.port, effect.name),
          "exit-name",
        ),
      );
      return PILL + 4;
    case "note":
      return effect.stops ? stopPill(contents, y, "goes nowhere") : 0;
    case "learn":
      return 0;
  }
}

function stopRow(canvas: Canvas, contents: Markup[], y: number, word: string): number {
  contents.push(html`<text class="code" x="${BOX_X + 10}" y="${y + 12}">${word}</text>`);
  canvas.loop = null;
  return stopPill(contents, y, "dropped") + 2;
}

function stopPill(contents: Markup[], y: number, text: string): number {
  contents.push(
    html`<path class="stop-way" d="M${BOX_X + BOX_WIDTH} ${y + 8} H${SIDE_X}"/>`,
    pillMarkup(SIDE_X, y - 4, SIDE_WIDTH, "stopped", `✕ ${text}`, "stopped-name"),
  );
  return PILL;
}

function pill(
  canvas: Canvas,
  x: number,
  y: number,
  width: number,
  kind: string,
  text: string,
  name: string,
): void {
  canvas.parts.push(pillMarkup(x, y, width, kind, text, name));
}

function pillMarkup(
  x: number,
  y: number,
  width: number,
  kind: string,
  text: string,
  name: string,
): Markup {
  return html`<g><title>${text}</title><rect class="${kind}" x="${x}" y="${y}" width="${width}" height="${PILL}" rx="12"/><text class="${name}" x="${x + 12}" y="${y + 16}">${cut(text, SIDE_CHARACTERS)}</text></g>`;
}

function cut(text: string, characters: number): string {
  return text.length <= characters ? text : `${text.slice(0, characters - 1)}…`;
}
