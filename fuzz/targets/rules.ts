import type { Random } from "../../src/base/random.ts";
import { formatRules } from "../../src/rule/format.ts";
import { parseRules } from "../../src/rule/parse.ts";
import { mutateText } from "../mutate/text.ts";
import { RULE_WORDS, RULES } from "../seeds/rules.ts";
import { expectSame, type Target } from "../target.ts";

/** One to four rules, mutated. */
export function makeRules(random: Random): string {
  const chosen = Array.from({ length: random.int(1, 4) }, () => random.pick(RULES));
  return mutateText(random, chosen.join("\n"), RULE_WORDS, random.pick(RULES));
}

/** What is accepted can be written, and read again as the same. */
export const rules: Target = {
  name: "rules",
  share: 16,
  make: (random) => Buffer.from(makeRules(random)),
  run(input) {
    const parsed = parseRules(Buffer.from(input).toString());
    const written = formatRules(parsed);
    expectSame("rules written and read", formatRules(parseRules(written)), written);
  },
};
