import type { Action } from "../rule/action.ts";
import { PORT, type PortRef } from "../rule/port.ts";
import type { Rule } from "../rule/rule.ts";

/** The highest number for a port that only has a name; no bridge gives its ports so high ones by itself. */
const FIRST_NUMBER = PORT.max - 1;

export interface NumberedRules {
  readonly rules: readonly Rule[];
  /** The numbers that named ports got. Which it is does not matter to the proof. */
  readonly names: ReadonlyMap<string, number>;
  /** By numbered rule, the rule as it was written. */
  readonly written: ReadonlyMap<Rule, Rule>;
}

/** Rules in which every port is a number. */
export function withNumbers(rules: readonly Rule[]): NumberedRules {
  const names = new Map<string, number>();
  const written = new Map<Rule, Rule>();
  const number = (port: PortRef): number => {
    if (typeof port === "number") return port;
    const given = names.get(port) ?? FIRST_NUMBER - names.size;
    names.set(port, given);
    return given;
  };
  const renumbered = (actions: readonly Action[]): Action[] =>
    actions.map((action): Action => {
      switch (action.kind) {
        case "output":
          return { ...action, port: number(action.port) };
        case "resubmit":
          return action.port === null ? action : { ...action, port: number(action.port) };
        case "clone":
        case "write_actions":
          return { ...action, actions: renumbered(action.actions) };
        default:
          return action;
      }
    });
  const numbered = rules.map((rule): Rule => {
    const { inPort } = rule.match;
    const result = {
      ...rule,
      match: { ...rule.match, inPort: inPort === null ? null : number(inPort) },
      actions: renumbered(rule.actions),
    };
    written.set(result, rule);
    return result;
  });
  return { rules: numbered, names, written };
}

/** The ports that rules name as the ones that packets come in through, or send to. */
export function portsIn(rules: readonly Rule[]): Set<number> {
  const ports = new Set<number>();
  const add = (port: PortRef | null) => {
    if (typeof port === "number" && port < PORT.max) ports.add(port);
  };
  const visit = (actions: readonly Action[]) => {
    for (const action of actions) {
      if (action.kind === "output" || action.kind === "resubmit") add(action.port);
      if (action.kind === "clone" || action.kind === "write_actions") visit(action.actions);
    }
  };
  for (const { match, actions } of rules) {
    add(match.inPort);
    visit(actions);
  }
  return ports;
}
