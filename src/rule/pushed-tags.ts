import type { Action } from "./action.ts";
import type { Match } from "./match.ts";
import { meets } from "./prerequisite.ts";

/**
 * Actions as OpenFlow 1.1 and later carry them: there nothing but `push_vlan` gives a packet a tag, so `mod_vlan_vid` and
 * `mod_vlan_pcp` become two actions where the packet is not known to have one.
 */
export function withPushedTags(
  actions: readonly Action[],
  match: Match,
  tagged = { is: meets(match, "vlan") },
): readonly Action[] {
  return actions.flatMap((action): readonly Action[] => {
    switch (action.kind) {
      case "push_vlan":
        tagged.is = true;
        return [action];
      case "pop_vlan":
        tagged.is = false;
        return [action];
      case "clone":
      case "write_actions":
        return [{ ...action, actions: withPushedTags(action.actions, match, { ...tagged }) }];
      case "mod": {
        const pushes = /vlan/.test(action.name) && !tagged.is;
        tagged.is ||= pushes;
        return pushes ? [{ kind: "push_vlan", ethType: 0x8100 }, action] : [action];
      }
      default:
        return [action];
    }
  });
}
