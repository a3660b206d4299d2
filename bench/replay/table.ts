import type { Measured } from "./measure.ts";

export interface Row {
  readonly name: string;
  /** At least one. */
  readonly rounds: readonly Measured[];
}

const COLUMNS: readonly [head: string, cell: (best: Measured, row: Row) => string][] = [
  ["sessions/s", ({ sessionsPerSecond }) => sessionsPerSecond.toFixed(0)],
  ["p50 ms", ({ p50Ms }) => p50Ms.toFixed(2)],
  ["p99 ms", ({ p99Ms }) => p99Ms.toFixed(2)],
  ["errors", (_, { rounds }) => String(rounds.reduce((sum, { errors }) => sum + errors, 0))],
  ["CPU s/1000", ({ cpuPerThousand }) => cpuPerThousand.toFixed(3)],
  ["switch", ({ switchPerThousand }) => switchPerThousand.toFixed(3)],
  ["client", ({ clientPerThousand }) => clientPerThousand.toFixed(3)],
  ["machine", ({ machinePerThousand }) => machinePerThousand.toFixed(3)],
  ["peak MB", ({ peakMegabytes }) => peakMegabytes.toFixed(0)],
  ["sockets", ({ reach }) => String(reach.sockets)],
  ["processes", ({ reach }) => String(reach.processes)],
];

/** The round that took the least processor time: other work on the machine only ever makes one dearer. */
function best({ rounds }: Row): Measured {
  return rounds.reduce((a, b) => (b.cpuPerThousand < a.cpuPerThousand ? b : a));
}

/** How the processor time of one path is to that of another, each in its best round. */
export function cpuRatio(of: Row, to: Row): number {
  return best(of).cpuPerThousand / best(to).cpuPerThousand;
}

/** A table in Markdown, so that it can go into a page as it is: each path in its best round, and its errors in all. */
export function formatTable(rows: readonly Row[]): string {
  const head = ["path", ...COLUMNS.map(([name]) => name)];
  const body = rows.map((row) => [row.name, ...COLUMNS.map(([, cell]) => cell(best(row), row))]);
  const widths = head.map((_, i) => Math.max(...[head, ...body].map((cells) => cells[i]!.length)));
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join(" | ")} |`;
  const rule = `|${widths.map((width, i) => (i === 0 ? "-".repeat(width + 2) : `${"-".repeat(width + 1)}:`)).join("|")}|`;
  return [line(head), rule, ...body.map(line)].join("\n");
}
