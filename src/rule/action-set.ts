import type { Action } from "./action.ts";

/** The order in which an action set is done, whatever the order in which it was written (OpenFlow 1.5, 5.6). */
const ONCE: readonly Action["kind"][] = ["pop_vlan", "push_vlan", "dec_ttl"];
/** All of them, in the order in which they were written. */
const CHANGES: readonly Action["kind"][] = ["set_field", "load", "mod", "move"];
const CHANGES_RANK = ONCE.length;
const QUEUE_RANK = CHANGES_RANK + 1;
/** The last action of the set; where there are several, the first of these kinds that there is. */
const ENDS: readonly (readonly Action["kind"][])[] = [
  ["group"],
  ["output", "in_port", "normal", "flood", "all", "local", "controller"],
  ["resubmit"],
  ["ct"],
];
const END_RANK = QUEUE_RANK + 1;

/** The set with `action` added, in the order in which it is done. One of the same kind gives way, changes excepted. */
export function intoActionSet(set: readonly Action[], action: Action): Action[] {
  const place = rank(action);
  if (place === null) return [...set];
  const kept = set.filter((old) => {
    const other = rank(old);
    // Of two ends the one that counts stays, so that nothing that is never done is in the set.
    if (place >= END_RANK) return other === null || other < END_RANK || other < place;
    return place === CHANGES_RANK || other !== place;
  });
  const isOutdone = place >= END_RANK && kept.some((old) => (rank(old) ?? 0) >= END_RANK);
  return (isOutdone ? kept : [...kept, action]).sort((a, b) => (rank(a) ?? 0) - (rank(b) ?? 0));
}

/** Whether the set does anything: without an end nothing comes of it. */
export function hasEnd(set: readonly Action[]): boolean {
  return set.some((action) => (rank(action) ?? 0) >= END_RANK);
}

/** `null`: it has no place in the set, and is not done. */
function rank({ kind }: Action): number | null {
  const once = ONCE.indexOf(kind);
  if (once >= 0) return once;
  if (CHANGES.includes(kind)) return CHANGES_RANK;
  if (kind === "set_queue") return QUEUE_RANK;
  const end = ENDS.findIndex((kinds) => kinds.includes(kind));
  return end < 0 ? null : END_RANK + end;
}
