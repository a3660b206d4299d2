import type { Random } from "../../src/base/random.ts";
import { dumpFlow } from "../../src/rule/dump-flow.ts";
import { parseFlowMods } from "../../src/rule/flow-mod.ts";
import { formatRules } from "../../src/rule/format.ts";
import { parseGroups } from "../../src/rule/group.ts";
import { parseRules } from "../../src/rule/parse.ts";
import { parseDumpedFlows } from "../../src/rule/parse-dump.ts";
import { mutateText } from "../mutate/text.ts";
import { CHANGES, DUMPS, GROUPS, RULE_WORDS, RULES } from "../seeds/rules.ts";
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

/** What `ovs-ofctl` changes and prints: flows as they are changed, groups, and the text of dump-flows. */
export const changes: Target = {
  name: "flow-mods",
  share: 8,
  make: (random) => makeLines(random, CHANGES),
  run: (input) => {
    parseFlowMods(Buffer.from(input).toString());
  },
};

export const groups: Target = {
  name: "groups",
  share: 4,
  make: (random) => makeLines(random, GROUPS),
  run: (input) => {
    parseGroups(Buffer.from(input).toString());
  },
};

export const dumps: Target = {
  name: "dumps",
  share: 8,
  make: (random) => makeLines(random, DUMPS),
  run(input) {
    const read = parseDumpedFlows(Buffer.from(input).toString());
    for (const rule of read) dumpFlow(rule, { packets: 0, bytes: 0 });
    const written = formatRules(read);
    expectSame("dumped flows written and read", formatRules(parseRules(written)), written);
  },
};

function makeLines(random: Random, lines: readonly string[]): Uint8Array {
  const chosen = Array.from({ length: random.int(1, 4) }, () => random.pick(lines));
  const words = [...RULE_WORDS, ...CHANGE_WORDS];
  return Buffer.from(mutateText(random, chosen.join("\n"), words, random.pick(lines)));
}

const CHANGE_WORDS = ["delete ", "modify_strict ", "out_port=", "bucket=", "group_id=", "/-1"];
