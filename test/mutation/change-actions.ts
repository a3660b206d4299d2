import type { Action, CtAction } from "../../src/rule/action.ts";
import { formatAction } from "../../src/rule/format.ts";
import { PORT } from "../../src/rule/port.ts";
import type { Rule } from "../../src/rule/rule.ts";
import { OUTLET, STATIONS, UPLINK } from "./rule-sets.ts";

interface ChangedActions {
  readonly what: string;
  readonly actions: readonly Action[];
}

const output = (port: number): Action => ({ kind: "output", port });
const OUTPUTS: readonly Action[] = [
  ...[...STATIONS.map(({ port }) => port), OUTLET, UPLINK, PORT.controller].map(output),
  { kind: "local" },
  { kind: "in_port" },
  { kind: "flood" },
  { kind: "normal" },
  { kind: "all" },
];

/** What the rule does, changed in one thing. */
export function* changedActions(rule: Rule, rules: readonly Rule[]): Generator<ChangedActions> {
  const { actions } = rule;
  if (actions.length === 0) {
    const rest: Action[] = [{ kind: "resubmit", port: null, table: 1 }, ...passes(rules)];
    for (const action of [...OUTPUTS, ...(rule.table === 0 ? rest : [])])
      yield { what: `drop becomes ${formatAction(action)}`, actions: [action] };
    return;
  }
  yield { what: "drop", actions: [] };
  for (const added of OUTPUTS)
    yield { what: `+ ${formatAction(added)}`, actions: [...actions, added] };
  for (const [at, action] of actions.entries()) {
    const label = formatAction(action);
    const instead = (next: readonly Action[]) => actions.toSpliced(at, 1, ...next);
    if (actions.length > 1) yield { what: `without ${label}`, actions: instead([]) };
    if (isOutput(action))
      for (const other of OUTPUTS)
        yield { what: `${label} becomes ${formatAction(other)}`, actions: instead([other]) };
    if (action.kind === "ct")
      for (const { what, next } of changedCt(action))
        yield { what: `${label} ${what}`, actions: instead([next]) };
    if (action.kind === "set_field" || action.kind === "move") {
      const next = action.kind === "set_field" ? { ...action, value: action.value ^ 1n } : null;
      if (next !== null) yield { what: `${label} with another value`, actions: instead([next]) };
    }
  }
}

function isOutput({ kind }: Action): boolean {
  return ["output", "controller", "local", "in_port", "normal", "flood", "all"].includes(kind);
}

/** How the other rules of table 0 begin to track. */
function passes(rules: readonly Rule[]): readonly Action[] {
  const pass = rules.flatMap(({ actions }) => actions).find(({ kind }) => kind === "ct");
  return pass === undefined ? [] : [pass];
}

function* changedCt(action: CtAction): Generator<{ what: string; next: Action }> {
  const zone = typeof action.zone === "number" ? action.zone : 0;
  for (const other of [0, 1, 2, 3])
    if (other !== zone) yield { what: `zone ${other}`, next: { ...action, zone: other } };
  yield {
    what: action.commit ? "without commit" : "commit",
    next: { ...action, commit: !action.commit, exec: action.commit ? [] : action.exec },
  };
  if (action.commit) yield { what: "force", next: { ...action, force: true } };
  for (const table of [null, 0, 1, 2])
    if (table !== action.table) yield { what: `table ${table}`, next: { ...action, table } };
  if (action.exec.length > 0) yield { what: "without mark", next: { ...action, exec: [] } };
  for (const [at, mark] of action.exec.entries())
    if (mark.kind === "set_field")
      for (const value of [0n, mark.value | 1n, 9n << 4n]) {
        const exec = action.exec.toSpliced(at, 1, { ...mark, value });
        yield { what: `mark ${value}`, next: { ...action, exec } };
      }
}
