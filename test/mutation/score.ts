import { EXPLAINED } from "./explained.ts";
import { OPERATORS } from "./generate.ts";
import { type Judged, type RuleSetJudged, survives } from "./judge.ts";

/** The score of a rule set as lines of text. */
export function score({ set, packets, mutants }: RuleSetJudged): string[] {
  const count = (test: (m: Judged) => boolean, from = mutants) => from.filter(test).length;
  const row = (title: string, from: readonly Judged[]) => {
    const safety = from.filter(({ kind }) => kind === "safety");
    const caught = (who: keyof Judged["isCaught"]) => count((m) => m.isCaught[who], safety);
    const kinds = (["function", "cautious", "lax", "equivalent"] as const).map(
      (kind) => `${kind} ${count((m) => m.kind === kind, [...from])}`,
    );
    return (
      `${title}: ${from.length} mutants; safety ${safety.length} (static ${caught("static")}, probes ${caught("probes")}, ` +
      `exact alone ${count((m) => m.isCaught.exact && !m.isCaught.static && !m.isCaught.probes, safety)}); ${kinds.join(", ")}`
    );
  };
  return [
    row(`${set.name} (${packets} packets each)`, mutants),
    ...OPERATORS.map((operator) =>
      row(
        `  ${operator}`,
        mutants.filter((m) => m.mutant.operator === operator),
      ),
    ),
  ];
}

/** Survivors of these rule sets that nobody has explained, and explanations of what does not survive. */
export function unexplained(judged: readonly RuleSetJudged[]): {
  survivors: string[];
  stale: string[];
} {
  const names = judged.flatMap(({ mutants }) => mutants.filter(survives).map((m) => m.mutant.name));
  const survivors = new Set(names);
  const ofThese = (name: string) => judged.some(({ set }) => name.startsWith(`${set.name} `));
  return {
    survivors: names.filter((name) => !EXPLAINED.has(name)),
    stale: [...EXPLAINED.keys()].filter((name) => ofThese(name) && !survivors.has(name)),
  };
}
