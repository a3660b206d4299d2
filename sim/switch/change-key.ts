import type { Action } from "../../src/rule/action.ts";
import { fieldNamed } from "../../src/rule/field.ts";
import type { WalkKey } from "./walk-key.ts";

/** Actions that set fields of the packet or of the pipeline, and do nothing else. */
type ChangingKind = "set_field" | "move" | "load" | "mod" | "push_vlan" | "write_metadata";

const METADATA = fieldNamed("metadata");

export function changeKey(key: WalkKey, action: Extract<Action, { kind: ChangingKind }>): void {
  switch (action.kind) {
    case "set_field":
      key.setField(action.field, action.value, action.mask);
      return;
    case "move":
      if (key.has(action.source.field.prerequisite))
        key.load(action.target, key.read(action.source));
      return;
    case "load":
      key.load(action.target, action.value);
      return;
    case "mod":
      key.modify(action.name, action.value);
      return;
    case "push_vlan":
      key.pushTag(action.ethType);
      return;
    case "write_metadata":
      key.write(METADATA, action.value & action.mask, action.mask);
  }
}
