import type { Action } from "./action.ts";
import type { Match } from "./match.ts";
import { meets } from "./prerequisite.ts";

/** Tags that Open vSwitch knows of. */
const TAGS_MAX = 2;
const IS_TAG = 0x1000n;

/**
 * Actions as OpenFlow 1.1 and later carry them: there nothing but `push_vlan` gives a packet a tag, so `mod_vlan_vid` and
 * `mod_vlan_pcp` become two actions where the packet is not known to have one. The very list where nothing changes.
 */
export function withPushedTags(
  actions: readonly Action[],
  match: Match,
  tagsBefore = tagsOf(match),
): readonly Action[] {
  let tags = tagsBefore;
  const carried = actions.flatMap((action): readonly Action[] => {
    const pushes = isTagMod(action) && tags === 0;
    const inner = innerOf(action);
    const changed = inner === null ? null : withPushedTags(inner.actions, match, tags);
    tags = tagsAfter(action, tags);
    if (pushes) return [{ kind: "push_vlan", ethType: 0x8100 }, action];
    if (inner === null || changed === null || changed === inner.actions) return [action];
    return [{ ...inner, actions: changed }];
  });
  const isSame = carried.length === actions.length && carried.every((a, i) => a === actions[i]);
  return isSame ? actions : carried;
}

/** Whether a tag is popped that the packet is not known to have; that OpenFlow 1.1 and later do not take. */
export function popsUnknownTag(
  actions: readonly Action[],
  match: Match,
  tagsBefore = tagsOf(match),
): boolean {
  let tags = tagsBefore;
  for (const action of actions) {
    if (action.kind === "pop_vlan" && tags === 0) return true;
    if (action.kind === "clone" && popsUnknownTag(action.actions, match, tags)) return true;
    tags = tagsAfter(action, tags);
  }
  return false;
}

function tagsOf(match: Match): number {
  return meets(match, "vlan") ? 1 : 0;
}

/** How many tags the packet has for sure after an action. */
function tagsAfter(action: Action, tags: number): number {
  switch (action.kind) {
    case "push_vlan":
      return Math.min(TAGS_MAX, tags + 1);
    case "pop_vlan":
      return Math.max(0, tags - 1);
    case "mod":
      return isTagMod(action) ? tags || 1 : tags;
    case "set_field":
      if (action.field.name !== "vlan_tci" || (action.mask & IS_TAG) === 0n) return tags;
      return (action.value & IS_TAG) === 0n ? 0 : tags || 1;
    default:
      return tags;
  }
}

function isTagMod(action: Action): boolean {
  return action.kind === "mod" && /vlan/.test(action.name);
}

function innerOf(action: Action) {
  return action.kind === "clone" || action.kind === "write_actions" ? action : null;
}
