import type { Action } from "../../src/rule/action.ts";

/** The order in which an action set is done, whatever the order in which it was written (OpenFlow 1.5, 5.6). */
const SET_ORDER: readonly Action["kind"][] = [
  "pop_vlan",
  "push_vlan",
  "dec_ttl",
  "set_field",
  "load",
  "mod",
  "move",
];

/** The set with `action` added; one of the same kind (and field) gives way. Outputs come last, and only one stays. */
export function intoActionSet(set: readonly Action[], action: Action): Action[] {
  const rank = (a: Action): number => {
    const at = SET_ORDER.indexOf(a.kind);
    return at < 0 ? SET_ORDER.length : Math.min(at, 3);
  };
  const replaces = (old: Action): boolean => {
    if (rank(old) !== rank(action)) return false;
    if (old.kind === "set_field" && action.kind === "set_field") return old.field === action.field;
    return rank(action) !== 3;
  };
  return [...set.filter((old) => !replaces(old)), action].sort((a, b) => rank(a) - rank(b));
}
