import type { CaseResult } from "./play.ts";

/** One case's result for the terminal: a line, and below it what differs. */
export function renderResult(file: string, { name, steps, difference }: CaseResult): string[] {
  const title = file === "" ? name : file;
  if (difference === null)
    return [`✔ ${title}: ${steps === 1 ? "1 step agrees" : `all ${steps} steps agree`}`];
  const place =
    difference.step === 0
      ? "its rules"
      : `step ${difference.step} of ${steps} (${difference.op}) differs`;
  return [`✘ ${title}: ${place}`, ...difference.lines.map((line) => `    ${line}`)];
}
