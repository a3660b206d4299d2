import { compare, type SharedCapture, sharedCaptures } from "../test/captures.fixture.ts";

/**
 * What tshark pairs in captures that others recorded, and how much of it is found here. Exit status 1 where they differ
 * and nobody has explained why.
 */
const HEADINGS = ["capture", "tshark", "found", "found in all"] as const;

interface Row {
  readonly cells: readonly [name: string, expected: number, found: number, all: number];
  readonly remark: string;
  readonly isUnexplained: boolean;
}

async function rowOf(capture: SharedCapture): Promise<Row> {
  const { missing, found } = await compare(capture);
  const { expected, explained } = capture;
  const isUnexplained = missing.length !== (explained?.missing ?? 0);
  const differences = `${missing.length} ${missing.length === 1 ? "difference" : "differences"}`;
  const remark = isUnexplained
    ? `${differences}, ${explained?.missing ?? 0} explained; the first: ${JSON.stringify(missing[0] ?? null)}`
    : explained === undefined
      ? ""
      : `${differences} on purpose: ${explained.reason}`;
  const present = expected.length - missing.length;
  return { cells: [capture.name, expected.length, present, found], remark, isUnexplained };
}

function line(cells: readonly (string | number)[], width: number): string {
  const [name = "", ...numbers] = cells;
  const columns = numbers.map((cell, i) => String(cell).padStart(HEADINGS[i + 1]?.length ?? 0));
  return [String(name).padEnd(width), ...columns].join("  ");
}

const percent = (part: number, whole: number) =>
  `${whole === 0 ? 100 : Number(((100 * part) / whole).toFixed(3))} %`;

const captures = sharedCaptures();
if (captures === null) {
  console.log("Nothing to compare: the captures of others are not there (../shared/captures).");
} else {
  const width = Math.max(...captures.map(({ name }) => name.length));
  const sums: [number, number, number] = [0, 0, 0];
  let explained = 0;
  let unexplained = 0;
  console.log(line(HEADINGS, width));
  for (const capture of captures) {
    const { cells, remark, isUnexplained } = await rowOf(capture);
    console.log(line(cells, width));
    if (remark !== "") console.log(`  ${remark}`);
    const [, expected, found, all] = cells;
    sums[0] += expected;
    sums[1] += found;
    sums[2] += all;
    if (isUnexplained) unexplained++;
    else explained += expected - found;
  }
  const [expected, found] = sums;
  console.log(line([`${captures.length} captures`, ...sums], width));
  console.log(
    `${percent(found, expected)} of what tshark pairs is found, ` +
      `${percent(found + explained, expected)} but for the ${explained} explained differences.`,
  );
  if (unexplained > 0) {
    console.log(`${unexplained} captures differ, and nobody has explained why.`);
    process.exitCode = 1;
  }
}
