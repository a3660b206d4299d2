import { UsageError } from "../base/errors.ts";
import type { Action } from "../rule/action.ts";
import { type Field, fieldNamed } from "../rule/field.ts";
import type { Match } from "../rule/match.ts";
import { parseRule } from "../rule/parse.ts";
import type { PortNames } from "../rule/parse-match.ts";
import { bitsOf } from "./bits.ts";
import { type PortNumber, portNumber } from "./egress.ts";

/**
 * Ports that a frame may leave through only translated: by ingress port and by the port that it leaves through, what it is
 * then, as any of these matches in ovs-ofctl's words. Such a port is guarded if whatever may leave there went through `ct`
 * with `nat`, and the rule that sends it asks for one of these matches itself. It narrows a declared egress.
 */
export type Doors = ReadonlyMap<PortNumber, ReadonlyMap<PortNumber, readonly string[]>>;

/**
 * What was declared with `--door IN=OUT:MATCH`, each a match of its own; several for the same two ports are alternatives.
 * Throws UsageError for what is no such declaration, InputError for what is no match.
 */
export function parseDoors(declarations: readonly string[], names: PortNames = new Map()): Doors {
  const doors = new Map<PortNumber, Map<PortNumber, string[]>>();
  for (const text of declarations) {
    const [, from, to, match] = /^([^=:]+)=([^=:]+):(.+)$/.exec(text) ?? [];
    if (from === undefined || to === undefined || match === undefined)
      throw new UsageError(`--door ${text}: expected IN=OUT:MATCH`, {
        mend: "--door 1=4:tcp,ct_state=+trk-rpl,nw_dst=10.20.0.9",
      });
    doorMatch(match);
    const ways = doors.get(portNumber(from, names)) ?? new Map<PortNumber, string[]>();
    const way = portNumber(to, names);
    ways.set(way, [...(ways.get(way) ?? []), match]);
    doors.set(portNumber(from, names), ways);
  }
  return doors;
}

/** Throws InputError for what is no match, UsageError for one that asks for the ingress port or for nothing. */
export function doorMatch(text: string): Match {
  const { match } = parseRule(`${text},actions=drop`, { origin: "door" });
  if (match.inPort === null && match.fields.length > 0) return match;
  throw new UsageError(`a door ${text} asks for nothing, or for the ingress port, which is known`);
}

/** The fields that one action changes in what its list sends afterwards; null: nobody can say which. */
export function changedBy(action: Action): readonly Field[] | null {
  switch (action.kind) {
    case "set_field":
      return [action.field];
    case "load":
    case "move":
      return [action.target.field];
    case "mod":
      return action.name.startsWith("mod_dl_")
        ? [fieldNamed("eth_src"), fieldNamed("eth_dst")]
        : null;
    case "output":
    case "in_port":
    case "local":
    case "controller":
    case "note":
    case "dec_ttl":
      return [];
    default:
      // `ct` takes back what conntrack has said; a rule that is asked by `resubmit` may do anything.
      return null;
  }
}

/**
 * Whether every packet that the match takes is one of those that may pass, also after these fields were changed. Matches of
 * earlier rules do not count: a guard must not depend on every way to it.
 */
export function isGuarded(
  match: Match,
  doors: readonly Match[],
  changed: readonly Field[] | null,
): boolean {
  if (changed === null) return false;
  const changedBits = new Set(changed.flatMap((field) => [...bitsOf(field)]));
  return doors.some((door) =>
    door.fields.every(
      ({ field, mask, value }) =>
        !bitsOf(field).some((bit) => changedBits.has(bit)) &&
        match.fields.some(
          (own) =>
            own.field === field && (own.mask & mask) === mask && (own.value & mask) === value,
        ),
    ),
  );
}
