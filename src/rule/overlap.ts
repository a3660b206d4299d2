import { formatActions } from "./format.ts";
import type { FieldMatch, Match } from "./match.ts";
import type { Rule } from "./rule.ts";

/** Two rules of the same table and priority that both match some packet, and do different things with it. */
export interface Overlap {
  readonly first: Rule;
  readonly second: Rule;
}

interface Entry {
  readonly rule: Rule;
  readonly index: number;
}

/** Rules whose matches look at the same bits. */
interface Group {
  readonly conditions: ReadonlyMap<string, bigint>;
  readonly entries: Entry[];
}

/**
 * Pairs of rules between which OpenFlow leaves the choice to the switch: a rule set with such a pair does not say what
 * it does. Pairs with the same actions are no ambiguity. In the order of the first rule, then of the second.
 */
export function overlaps(rules: readonly Rule[]): Overlap[] {
  const entries = rules.map((rule, index) => ({ rule, index }));
  const levels = Map.groupBy(entries, ({ rule }) => `${rule.table}|${rule.priority}`);
  const found: [Entry, Entry][] = [];
  for (const level of levels.values()) {
    const groups = [...Map.groupBy(level, ({ rule }) => signature(rule.match)).values()].map(
      (list): Group => ({ conditions: masks(list[0]!.rule.match), entries: list }),
    );
    for (const [i, group] of groups.entries()) {
      for (const other of groups.slice(i)) found.push(...between(group, other));
    }
  }
  return found
    .sort(([a, b], [c, d]) => a.index - c.index || b.index - d.index)
    .map(([a, b]) => ({ first: a.rule, second: b.rule }));
}

/** A join over the bits that both groups look at: only rules that agree in them can match the same packet. */
function between(group: Group, other: Group): [Entry, Entry][] {
  const common = new Map<string, bigint>();
  for (const [name, mask] of group.conditions) {
    const both = mask & (other.conditions.get(name) ?? 0n);
    if (both !== 0n) common.set(name, both);
  }
  const byValue = Map.groupBy(other.entries, ({ rule }) => commonValue(rule.match, common));
  const found: [Entry, Entry][] = [];
  for (const a of group.entries) {
    for (const b of byValue.get(commonValue(a.rule.match, common)) ?? []) {
      const once = group !== other || a.index < b.index;
      if (once && portsMeet(a.rule, b.rule) && actionsDiffer(a.rule, b.rule)) {
        found.push(a.index < b.index ? [a, b] : [b, a]);
      }
    }
  }
  return found;
}

function actionsDiffer(a: Rule, b: Rule): boolean {
  return formatActions(a.actions) !== formatActions(b.actions);
}

/** A name and a number may be the same port. */
function portsMeet(a: Rule, b: Rule): boolean {
  const [p, q] = [a.match.inPort, b.match.inPort];
  return p === null || q === null || p === q || typeof p !== typeof q;
}

function commonValue(match: Match, common: ReadonlyMap<string, bigint>): string {
  const values: string[] = [];
  for (const { field, value } of match.fields) {
    const mask = common.get(field.name);
    if (mask !== undefined) values.push(`${field.name}=${value & mask}`);
  }
  return values.join();
}

function masks(match: Match): ReadonlyMap<string, bigint> {
  return new Map(match.fields.map(({ field, mask }: FieldMatch) => [field.name, mask]));
}

function signature(match: Match): string {
  return match.fields.map(({ field, mask }) => `${field.name}/${mask}`).join();
}
