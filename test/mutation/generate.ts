import { IsoreplayError } from "../../src/base/errors.ts";
import { fullMask } from "../../src/rule/field.ts";
import { formatMatch, formatRules } from "../../src/rule/format.ts";
import { CT_STATE_BITS, type FieldMatch, TCP_FLAG_BITS } from "../../src/rule/match.ts";
import { overlaps } from "../../src/rule/overlap.ts";
import { parseRules } from "../../src/rule/parse.ts";
import { formatPort } from "../../src/rule/port.ts";
import type { Rule } from "../../src/rule/rule.ts";
import { changedActions } from "./change-actions.ts";
import type { RuleSet } from "./rule-sets.ts";

export const OPERATORS = [
  "delete",
  "drop field",
  "widen field",
  "priority",
  "swap",
  "action",
] as const;
export type Operator = (typeof OPERATORS)[number];

export interface Mutant {
  readonly operator: Operator;
  /** The rule as it was, and what was done to it: stable, as long as the rule is. */
  readonly name: string;
  readonly rules: readonly Rule[];
}

/** Every mutant of the rule set that a switch would take and that is not the rule set itself. */
export function mutantsOf({ name, rules }: RuleSet): Mutant[] {
  const text = formatRules(rules);
  const mutants = new Map<string, Mutant>();
  for (const rule of rules)
    for (const { operator, what, changed } of changes(rule, rules)) {
      const taken = accepted(changed);
      if (taken === null || formatRules(taken) === text) continue;
      const full = `${name} ${label(rule)} | ${operator}: ${what}`;
      mutants.set(full, { operator, name: full, rules: taken });
    }
  return [...mutants.values()];
}

/** Table, priority and match: no two rules have the same. */
function label({ table, priority, match }: Rule): string {
  return `${table}/${priority} ${formatMatch(match) || "everything"}`;
}

/** What a switch makes of the rules; null where it refuses them, or where chance would say which rule wins. */
function accepted(rules: readonly Rule[]): readonly Rule[] | null {
  try {
    const taken = parseRules(formatRules(rules));
    return overlaps(taken).length === 0 ? taken : null;
  } catch (error) {
    if (error instanceof IsoreplayError) return null;
    throw error;
  }
}

interface Change {
  readonly operator: Operator;
  readonly what: string;
  readonly changed: readonly Rule[];
}

function* changes(rule: Rule, rules: readonly Rule[]): Generator<Change> {
  const withRule = (next: Rule) => rules.map((r) => (r === rule ? next : r));
  yield { operator: "delete", what: "the rule", changed: rules.filter((r) => r !== rule) };

  const { fields, inPort } = rule.match;
  if (inPort !== null)
    yield {
      operator: "drop field",
      what: `in_port=${formatPort(inPort)}`,
      changed: withRule({ ...rule, match: { ...rule.match, inPort: null } }),
    };
  for (const found of fields) {
    const kept = fields.filter((other) => other !== found && !needs(other, found));
    yield {
      operator: "drop field",
      what: found.field.name,
      changed: withRule({ ...rule, match: { ...rule.match, fields: kept } }),
    };
    for (const [what, mask] of widerMasks(found)) {
      const wider = { ...found, mask, value: found.value & mask };
      const next = fields.map((other) => (other === found ? wider : other));
      yield {
        operator: "widen field",
        what: `${found.field.name} ${what}`,
        changed: withRule({ ...rule, match: { ...rule.match, fields: next } }),
      };
    }
  }

  const rivals = rules.filter(({ table }) => table === rule.table).map((r) => r.priority);
  const levels = [...new Set(rivals)].filter((level) => level !== rule.priority);
  // Beside each other level: above the highest, below the lowest, and between.
  for (const level of new Set(levels.flatMap((l) => [l + 1, l - 1]).filter((l) => l >= 0)))
    if (!rivals.includes(level))
      yield {
        operator: "priority",
        what: `${level}`,
        changed: withRule({ ...rule, priority: level }),
      };
  for (const other of rules) {
    if (other.table !== rule.table || other.priority >= rule.priority) continue;
    const changed = rules.map((r) => {
      if (r === rule) return { ...r, priority: other.priority };
      return r === other ? { ...r, priority: rule.priority } : r;
    });
    const what = `with ${other.priority}, ${formatMatch(other.match) || "everything"}`;
    yield { operator: "swap", what, changed };
  }

  for (const { what, actions } of changedActions(rule, rules))
    yield { operator: "action", what, changed: withRule({ ...rule, actions }) };
}

/** Whether a match on the one field makes no sense without the other one. */
function needs({ field }: FieldMatch, on: FieldMatch): boolean {
  if (field.prerequisite === "none") return false;
  if (on.field.name === "eth_type") return true;
  return on.field.name === "nw_proto" && field.prerequisite === "tcp";
}

/** Masks with fewer bits. Flags: each in turn. Others: the last bit, the last byte, the second half, the lowest one. */
function widerMasks({ field, mask, value }: FieldMatch): [string, bigint][] {
  const flags = { ct_state: CT_STATE_BITS, tcp_flags: TCP_FLAG_BITS }[field.name];
  if (flags !== undefined)
    return flags
      .filter(([, bit]) => (mask & BigInt(bit)) !== 0n && mask !== BigInt(bit))
      .map(([flag, bit]) => [`without ${flag}`, mask & ~BigInt(bit)]);
  if (!field.maskable) return [];
  const bits = BigInt(field.bits);
  const lowest = value & -value;
  const masks: [string, bigint][] = [
    ["without the last bit", fullMask(field) & ~1n],
    ["without the last byte", fullMask(field) & ~0xffn],
    ["without the second half", fullMask(field) & ~((1n << (bits / 2n)) - 1n)],
    ["without its lowest one", fullMask(field) & ~lowest],
  ];
  return masks.map(([what, wider]) => [what, wider & mask]);
}
