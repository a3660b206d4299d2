import type { Action } from "../rule/action.ts";
import { parseRule } from "../rule/parse.ts";
import { PORT, type PortRef } from "../rule/port.ts";
import type { Rule } from "../rule/rule.ts";

/** Where a rule stands. */
export interface RuleSource {
  readonly line: number;
  readonly text: string;
}

export interface RuleFile {
  readonly file: string;
  readonly rules: readonly Rule[];
  readonly sources: ReadonlyMap<Rule, RuleSource>;
  /** Every port that a rule names, or may name: numbers with their names. */
  readonly ports: ReadonlyMap<number, string | null>;
}

/**
 * The rules of a file in the form of `ovs-ofctl add-flows`, with the lines that they stand on. Ports named by rules only
 * get the lowest numbers that nobody else has, unless `named` says which. Throws InputError with line and column.
 */
export function readRuleFile(
  text: string,
  file: string,
  named: ReadonlyMap<string, number> = new Map(),
): RuleFile {
  const rules: Rule[] = [];
  const sources = new Map<Rule, RuleSource>();
  for (const [i, whole] of text.split(/\r?\n/).entries()) {
    const comment = whole.indexOf("#");
    const line = comment < 0 ? whole : whole.slice(0, comment);
    if (line.trim() === "") continue;
    const rule = parseRule(line, { origin: `${file}:${i + 1}` });
    rules.push(rule);
    sources.set(rule, { line: i + 1, text: line.trim() });
  }
  return { file, rules, sources, ports: numberPorts(rules.flatMap(portsOfRule), named) };
}

function numberPorts(
  refs: readonly PortRef[],
  named: ReadonlyMap<string, number>,
): ReadonlyMap<number, string | null> {
  const ports = new Map<number, string | null>();
  for (const [name, number] of named) ports.set(number, name);
  for (const ref of refs) if (typeof ref === "number" && !ports.has(ref)) ports.set(ref, null);
  let next = 1;
  const known = new Set(named.keys());
  for (const ref of refs) {
    if (typeof ref === "number" || known.has(ref)) continue;
    while (ports.has(next)) next++;
    ports.set(next, ref);
    known.add(ref);
  }
  return new Map([...ports].sort(([a], [b]) => a - b));
}

function portsOfRule({ match, actions }: Rule): PortRef[] {
  const refs = match.inPort === null ? [] : [match.inPort];
  return [...refs, ...actions.flatMap(portsOfAction)].filter(isReal);
}

function portsOfAction(action: Action): PortRef[] {
  switch (action.kind) {
    case "output":
      return [action.port];
    case "resubmit":
      return action.port === null ? [] : [action.port];
    case "clone":
    case "write_actions":
      return action.actions.flatMap(portsOfAction);
    default:
      return [];
  }
}

/** Not one of OpenFlow's reserved numbers. */
function isReal(port: PortRef): boolean {
  return typeof port === "string" || (port >= 1 && port < PORT.max);
}
