import { REPORT_LIMITS } from "../base/limits.ts";
import type { TopologyLink, TopologyNode, TopologyResult } from "../run/results.ts";
import { html, type Markup } from "./markup.ts";

const ROW = 40;
const TOP = 44;
const WIDTH = 760;
const BOX = { width: 158, height: 32 };
const BAR = 14;

/** Where each network stands: its hosts in a column, its bridge as an upright bar beside them. */
const COLUMNS: Readonly<Record<string, { readonly hosts: number; readonly bar: number }>> = {
  outside: { hosts: 4, bar: 192 },
  private: { hosts: 360, bar: 314 },
  isolation: { hosts: 598, bar: 552 },
};

interface Box {
  readonly title: string;
  readonly detail: string;
  readonly kind: string;
  readonly column: string;
  readonly row: number;
  readonly names: readonly string[];
}

/** The network before and after isolation, side by side. */
export function topologyFigures(topology: TopologyResult): Markup {
  const boxes = layOut(topology);
  return html`<div class="pair">${drawing(topology, boxes, "before")}${drawing(topology, boxes, "after")}</div>`;
}

function drawing(
  topology: TopologyResult,
  boxes: readonly Box[],
  when: "before" | "after",
): Markup {
  const links = topology[when];
  const rows = Math.max(1, ...boxes.map((box) => box.row + 1));
  const height = TOP + rows * ROW + 10;
  const id = `topology-${when}`;
  return html`<figure>
<svg class="topology" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-labelledby="${id}-t ${id}-d">
<title id="${id}-t">The network ${when} isolation</title>
<desc id="${id}-d">${described(links)}</desc>
<defs><marker id="${id}-a" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto"><path class="head" d="M0 0L8 4L0 8z"/></marker></defs>
${bars(topology.nodes, height)}
${links.filter((l) => l.state !== "move").map((l) => cable(l, topology.nodes, boxes))}
${boxes.map(drawnBox)}
${links.filter((l) => l.state === "move").map((l, i) => moveArrow(l, boxes, `${id}-a`, i))}
</svg>
<figcaption>${when === "before" ? "Before isolation" : "After isolation"}</figcaption>
</figure>`;
}

/** Every box has the same place in both drawings, so that the eye finds the difference. */
function layOut(topology: TopologyResult): Box[] {
  const nextRow = new Map<string, number>();
  const groups = new Map<string, TopologyNode[]>();
  for (const node of topology.nodes) {
    if (node.bridge === null || COLUMNS[node.bridge] === undefined) continue;
    const key = `${node.bridge}|${node.role}|${stateOf(topology.before, node)}|${stateOf(topology.after, node)}`;
    groups.set(key, [...(groups.get(key) ?? []), node]);
  }
  const boxes: Box[] = [];
  for (const nodes of groups.values()) {
    const moving = nodes.some((n) =>
      topology.after.some((l) => l.state === "move" && touches(l, n)),
    );
    const alike = nodes.length > REPORT_LIMITS.alikeHostsMax && !moving;
    for (const part of alike ? [nodes] : nodes.map((node) => [node])) {
      const first = part[0] as TopologyNode;
      const column = first.bridge as string;
      const row = nextRow.get(column) ?? 0;
      nextRow.set(column, row + 1);
      boxes.push({
        title: alike ? `${part.length} × ${first.role}` : first.name,
        detail: alike ? `${first.name} …` : (first.address ?? first.role),
        kind: first.kind === "host" ? first.role : first.kind,
        column,
        row,
        names: part.map((node) => node.name),
      });
    }
  }
  return boxes;
}

const touches = (link: TopologyLink, node: TopologyNode) =>
  link.from === node.name || link.to === node.name;

function stateOf(links: readonly TopologyLink[], node: TopologyNode): string {
  return links.find((link) => link.state !== "move" && touches(link, node))?.state ?? "";
}

function bars(nodes: readonly TopologyNode[], height: number): Markup[] {
  const drawn = nodes
    .filter((node) => node.kind === "bridge" && COLUMNS[node.name] !== undefined)
    .map((node) => {
      const { bar } = COLUMNS[node.name] as { bar: number };
      return html`<rect class="bar ${node.name}" x="${bar}" y="${TOP - 8}" width="${BAR}" height="${height - TOP}" rx="3"/><text class="bridge" x="${bar + BAR / 2}" y="18" text-anchor="middle">${node.name}</text>`;
    });
  if (!nodes.some((node) => node.kind === "router")) return drawn;
  const left = (COLUMNS.outside as { bar: number }).bar + BAR;
  const right = (COLUMNS.private as { bar: number }).bar;
  const y = TOP + BOX.height / 2;
  return [
    html`<line class="cable up" x1="${left}" y1="${y}" x2="${right}" y2="${y}"/>`,
    ...drawn,
    html`<g class="box router"><rect x="${(left + right) / 2 - 32}" y="${y - 14}" width="64" height="28" rx="14"/><text class="title" x="${(left + right) / 2}" y="${y + 5}" text-anchor="middle">router</text></g>`,
  ];
}

function drawnBox(box: Box): Markup {
  const x = COLUMNS[box.column]?.hosts ?? 0;
  const y = TOP + box.row * ROW;
  return html`<g class="box ${box.kind}"><title>${box.names.join(", ")} (${box.kind})</title><rect x="${x}" y="${y}" width="${BOX.width}" height="${BOX.height}" rx="4"/><text class="title" x="${x + 8}" y="${y + 14}">${cut(box.title)}</text><text class="detail" x="${x + 8}" y="${y + 27}">${cut(box.detail)}</text></g>`;
}

function cable(
  link: TopologyLink,
  nodes: readonly TopologyNode[],
  boxes: readonly Box[],
): Markup | null {
  const ends = [link.from, link.to];
  const box = boxes.find((b) => b.names[0] !== undefined && ends.includes(b.names[0]));
  const bridge = nodes.find((node) => node.kind === "bridge" && ends.includes(node.name));
  if (box === undefined || bridge === undefined || bridge.name !== box.column) return null;
  const { hosts, bar } = COLUMNS[box.column] as { hosts: number; bar: number };
  const y = TOP + box.row * ROW + BOX.height / 2;
  const [from, to] = hosts < bar ? [hosts + BOX.width, bar] : [bar + BAR, hosts];
  const middle = (from + to) / 2;
  return html`<g class="cable ${link.state}"><title>${link.from} – ${link.to}: ${meaning(link.state)}</title><line x1="${from}" y1="${y}" x2="${to}" y2="${y}"/>${
    link.state === "cut" &&
    html`<path class="cross" d="M${middle - 5} ${y - 5}l10 10M${middle + 5} ${y - 5}l-10 10"/>`
  }</g>`;
}

function moveArrow(
  link: TopologyLink,
  boxes: readonly Box[],
  marker: string,
  index: number,
): Markup | null {
  const from = boxes.find((box) => box.names.includes(link.from));
  const to = boxes.find((box) => box.names.includes(link.to));
  if (from === undefined || to === undefined) return null;
  const x1 = (COLUMNS[from.column]?.hosts ?? 0) + BOX.width;
  const x2 = COLUMNS[to.column]?.hosts ?? 0;
  const y1 = TOP + from.row * ROW + BOX.height / 2;
  const y2 = TOP + to.row * ROW + BOX.height / 2 + 9;
  const bend = 18 + index * 3;
  return html`<path class="move" marker-end="url(#${marker})" d="M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend - 30} ${y2} ${x2 - 2} ${y2}"><title>the volume of ${link.from} goes to ${link.to}</title></path>`;
}

function meaning(state: TopologyLink["state"]): string {
  switch (state) {
    case "up":
      return "connected";
    case "cut":
      return "the rules let nothing through";
    case "replay":
      return "only between the instance and the replayer";
    case "move":
      return "the volume goes there";
  }
}

function described(links: readonly TopologyLink[]): string {
  const of = (state: TopologyLink["state"]) =>
    links.filter((link) => link.state === state).map((link) => `${link.from} – ${link.to}`);
  const parts = (["up", "cut", "replay", "move"] as const)
    .map((state) => ({ state, list: of(state) }))
    .filter(({ list }) => list.length > 0)
    .map(({ state, list }) => `${meaning(state)}: ${list.join(", ")}`);
  return `${parts.join(". ")}.`;
}

/** What fits into a box. */
function cut(text: string): string {
  return text.length > 21 ? `${text.slice(0, 20)}…` : text;
}
