import type { Measured } from "./measure.ts";
import { median } from "./usage.ts";

/** A path's rounds, each figure its median. */
export interface Row {
  readonly name: string;
  readonly rounds: readonly Measured[];
}

const COLUMNS: readonly [head: string, cell: (rounds: readonly Measured[]) => string][] = [
  ["sessions/s", (rounds) => middle(rounds, (m) => m.sessionsPerSecond).toFixed(0)],
  ["p50 ms", (rounds) => middle(rounds, (m) => m.p50Ms).toFixed(2)],
  ["p99 ms", (rounds) => middle(rounds, (m) => m.p99Ms).toFixed(2)],
  ["errors", (rounds) => String(rounds.reduce((sum, { errors }) => sum + errors, 0))],
  ["CPU s/1000", (rounds) => middle(rounds, (m) => m.cpuPerThousand).toFixed(3)],
  ["switch", (rounds) => middle(rounds, (m) => m.switchPerThousand).toFixed(3)],
  ["client", (rounds) => middle(rounds, (m) => m.clientPerThousand).toFixed(3)],
  ["machine", (rounds) => middle(rounds, (m) => m.machinePerThousand).toFixed(3)],
  ["peak MB", (rounds) => middle(rounds, (m) => m.peakMegabytes).toFixed(0)],
  ["sockets", (rounds) => String(Math.max(...rounds.map(({ reach }) => reach.sockets)))],
  ["processes", (rounds) => String(Math.max(...rounds.map(({ reach }) => reach.processes)))],
];

/**
 * How the processor time of one path is to that of another: the median over the rounds, because what else the machine does
 * changes from round to round and the two are neighbours in each.
 */
export function cpuRatio(of: Row, to: Row): number {
  const ratios = of.rounds.map(
    ({ cpuPerThousand }, i) => cpuPerThousand / (to.rounds[i]?.cpuPerThousand ?? Number.NaN),
  );
  return median(ratios);
}

function middle(rounds: readonly Measured[], figure: (measured: Measured) => number): number {
  return median(rounds.map(figure));
}

/** A table in Markdown, so that it can go into a page as it is. */
export function formatTable(rows: readonly Row[]): string {
  const head = ["path", ...COLUMNS.map(([name]) => name)];
  const body = rows.map(({ name, rounds }) => [name, ...COLUMNS.map(([, cell]) => cell(rounds))]);
  const widths = head.map((_, i) => Math.max(...[head, ...body].map((cells) => cells[i]!.length)));
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join(" | ")} |`;
  const rule = `|${widths.map((width, i) => (i === 0 ? "-".repeat(width + 2) : `${"-".repeat(width + 1)}:`)).join("|")}|`;
  return [line(head), rule, ...body.map(line)].join("\n");
}
