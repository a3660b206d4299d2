import type { Assertion, Outcome, Results } from "../run/results.ts";
import { incidents } from "./incidents.ts";
import { visible } from "./markup.ts";
import { counted, milliseconds, seconds, whole } from "./number.ts";
import { effects, judged, SIGN } from "./words.ts";

export interface TextOptions {
  /** Whether colour may be used: a terminal, and no NO_COLOR (https://no-color.org). */
  readonly colour: boolean;
  /** Columns to wrap at; null in a pipe, where each thing stays on its line. */
  readonly width: number | null;
  /** The run folder, shown at the end; null when there is none. */
  readonly path: string | null;
}

const CODES: Readonly<Record<Outcome | "bold" | "dim", string>> = {
  pass: "32",
  fail: "31",
  inconclusive: "33",
  bold: "1",
  dim: "2",
};

/** A finished run for the terminal: assertions first, then what happened to each suspect, then where everything is. */
export function renderText(results: Results, options: TextOptions): string {
  const paint = (style: keyof typeof CODES, text: string) =>
    options.colour ? `\u001b[${CODES[style]}m${text}\u001b[0m` : text;
  const title = [results.scenario, results.lab, `seed ${results.seed}`, results.capture]
    .concat(results.replayWay === "packet" ? [] : [`replay by ${results.replayWay}`])
    .filter((part) => part !== undefined)
    .map(visible)
    .join(" · ");
  const lines = [
    `${paint("bold", title)}  ${paint(results.overall, `${SIGN[results.overall]} ${results.overall}`)}`,
    "",
    ...assertionLines(results.assertions, options.width, paint),
    "",
  ];
  for (const round of results.rounds) {
    const { metrics, clusters } = round.model;
    lines.push(
      paint("bold", `round ${round.round}`) +
        `: ${counted(round.observations.length, "observation")}, ${counted(clusters.length, "cluster")}` +
        (metrics.silhouette === null ? "" : `, silhouette ${metrics.silhouette.toFixed(2)}`) +
        (metrics.ari === null ? "" : `, ARI ${metrics.ari.toFixed(2)}`),
    );
    if (round.suspects.length > 0) lines.push(...suspectLines(round.suspects), "");
  }
  lines.push(...incidents(results).map((sentence) => `! ${sentence}`));
  const { packetsSwitched, virtualSeconds } = results.counts;
  if (packetsSwitched !== undefined && virtualSeconds !== undefined)
    lines.push(
      `${whole(packetsSwitched)} packets switched in ${seconds(virtualSeconds)} of the lab's time`,
    );
  if (options.path !== null) lines.push(`${paint("dim", "run folder:")} ${options.path}`);
  return `${lines.join("\n")}\n`;
}

function assertionLines(
  assertions: readonly Assertion[],
  width: number | null,
  paint: (style: Outcome, text: string) => string,
): string[] {
  const nameWidth = Math.max(0, ...assertions.map((a) => visible(a.name).length));
  const indent = 2 + 2 + nameWidth + 2;
  return assertions.flatMap((a) => {
    const [first = "", ...more] = wrap(
      visible(a.evidence),
      width === null ? null : Math.max(30, width - indent),
    );
    return [
      `  ${paint(a.verdict, SIGN[a.verdict])} ${visible(a.name).padEnd(nameWidth)}  ${first}`,
      ...more.map((line) => " ".repeat(indent) + line),
    ];
  });
}

function suspectLines(suspects: Results["rounds"][number]["suspects"]): string[] {
  return textTable(
    [
      "suspect",
      "judged",
      "detected",
      "contained",
      "open then",
      "moved",
      "replayed",
      "in isolation",
    ],
    suspects.map((s) => [
      s.name,
      judged(s),
      seconds(s.timeToDetectS),
      milliseconds(s.timeToContainMs),
      openThen(s.conversations),
      s.move === null ? "no" : `${s.move.method} ${seconds(s.move.durationS)}`,
      s.replay === null
        ? "no"
        : `${counted(s.replay.answers, "answer")}, ${counted(s.replay.misses, "miss", "misses")}`,
      effects(s.effectsInIsolation),
    ]),
  );
}

/** What it had open at the verdict: `3 tcp, 1 udp, 1 dns`. */
function openThen(conversations: SuspectConversations): string {
  if (conversations === null) return "–";
  const open = conversations.filter((c) => c.open);
  const counts = (["tcp", "udp", "dns"] as const).map((protocol) => {
    return { protocol, count: open.filter((c) => c.protocol === protocol).length };
  });
  const held = counts.filter(({ count }) => count > 0);
  return held.length === 0 ? "nothing" : held.map((h) => `${h.count} ${h.protocol}`).join(", ");
}

type SuspectConversations = Results["rounds"][number]["suspects"][number]["conversations"];

/** Columns aligned with blanks, two spaces apart and two from the left. Control characters are made visible. */
export function textTable(
  heads: readonly string[],
  rows: readonly (readonly string[])[],
): string[] {
  const cells = [heads, ...rows.map((row) => row.map(visible))];
  const widths = heads.map((_, i) => Math.max(...cells.map((row) => (row[i] ?? "").length)));
  return cells.map((row) =>
    `  ${row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join("  ")}`.trimEnd(),
  );
}

function wrap(text: string, width: number | null): string[] {
  if (width === null) return [text];
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
