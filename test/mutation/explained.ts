import { readFileSync } from "node:fs";

/** Mutants that nothing notices, because nothing is to be noticed: by reason and by rule, what was done to the rule. */
const REASONS = JSON.parse(
  readFileSync(new URL("explained.json", import.meta.url), "utf8"),
) as Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;

/** By a mutant's name, why nobody needs to notice it. */
export const EXPLAINED: ReadonlyMap<string, string> = new Map(
  Object.entries(REASONS).flatMap(([because, rules]) =>
    Object.entries(rules).flatMap(([rule, changes]) =>
      changes.map((change) => [`${rule} | ${change}`, because] as const),
    ),
  ),
);
