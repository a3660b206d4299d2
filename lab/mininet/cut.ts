import type { DropRule } from "../../src/openflow/flow-mod.ts";
import type { Rule } from "../../src/rule/rule.ts";

/**
 * Of a new rule set, the rules that do nothing but drop what one port sends or one MAC address gets. They can only narrow
 * what passes, so they may come into force ahead of the bundle that replaces everything, over a connection that stands:
 * an instance is cut off in a millisecond or two, and not after a program has been started.
 */
export function cuts(rules: readonly Rule[]): DropRule[] {
  return rules.flatMap(({ table, priority, match, actions }): DropRule[] => {
    if (actions.length > 0) return [];
    const [field, ...others] = match.fields;
    if (field === undefined) {
      return typeof match.inPort === "number"
        ? [{ table, priority, what: { inPort: match.inPort } }]
        : [];
    }
    const isWhole = field.mask === (1n << BigInt(field.field.bits)) - 1n;
    if (match.inPort !== null || others.length > 0 || field.field.name !== "eth_dst" || !isWhole)
      return [];
    return [{ table, priority, what: { ethDst: macBytes(field.value) } }];
  });
}

function macBytes(value: bigint): Uint8Array {
  return Uint8Array.from({ length: 6 }, (_, i) => Number((value >> BigInt(40 - 8 * i)) & 0xffn));
}
