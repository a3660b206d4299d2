import type { Action, LearnAction, Subfield } from "../../src/rule/action.ts";
import { FIELDS, type Field } from "../../src/rule/field.ts";
import type { FieldMatch } from "../../src/rule/match.ts";
import type { Rule } from "../../src/rule/rule.ts";

/** The rule that `learn` makes of a packet, whose fields `read` reads (ovs-actions(7)). */
export function learnedRule(action: LearnAction, read: (source: Subfield) => bigint): Rule {
  let inPort: number | null = null;
  const conditions = new Map<Field, FieldMatch>();
  const actions: Action[] = [];
  for (const spec of action.specs) {
    const value = "value" in spec.source ? spec.source.value : read(spec.source);
    if (spec.kind === "output") actions.push({ kind: "output", port: Number(value) });
    else if (spec.kind === "load") actions.push({ kind: "load", value, target: spec.target });
    else if (/^in_port/.test(spec.target.field.name))
      // What is left of a port in 32 bits when it is one of the reserved.
      inPort = Number(value & 0xffffn);
    else {
      const { field, start, bits } = spec.target;
      const old = conditions.get(field);
      const mask = ((1n << BigInt(bits)) - 1n) << BigInt(start);
      conditions.set(field, {
        field,
        value: (old?.value ?? 0n) | (value << BigInt(start)),
        mask: (old?.mask ?? 0n) | mask,
      });
    }
  }
  return {
    table: action.table,
    priority: action.priority,
    cookie: action.cookie,
    match: { inPort, fields: FIELDS.flatMap((field) => conditions.get(field) ?? []) },
    actions,
    idleTimeout: action.idleTimeout,
    hardTimeout: action.hardTimeout,
    ...(action.sendFlowRem ? { flags: ["send_flow_rem"] } : {}),
  };
}
