import type { Action } from "./action.ts";
import type { Prerequisite } from "./field.ts";
import type { Match } from "./match.ts";
import type { PortNames } from "./parse-match.ts";
import type { Piece } from "./piece.ts";
import { meets } from "./prerequisite.ts";
import type { OvsVersion } from "./since.ts";

/** What a list of actions is checked against. */
export interface ActionContext {
  /** `null`: nothing is known of the packet (`packet-out`), so prerequisites are left to the switch. */
  readonly match: Match | null;
  /** The rule's table, for `goto_table`. */
  readonly table: number;
  readonly ports?: PortNames | undefined;
  readonly version?: OvsVersion | undefined;
  /** A switch printed it: it gives masks to fields that have none where somebody writes them. */
  readonly dumped?: boolean | undefined;
  /** The action in whose brackets the list stands. */
  readonly within?: "clone" | "write_actions" | "ct" | "group";
  /** What earlier actions of the list did to the packet. */
  readonly packet: PacketSoFar;
}

export interface PacketSoFar {
  /** VLAN tags that it is known to have. */
  tags: number;
  pushed: boolean;
}

/** `name`, `name:argument` or `name(argument)`. */
export interface Call {
  readonly name: Piece;
  readonly argument: Piece | null;
  readonly parentheses: boolean;
}

export type ActionParser = (call: Call, context: ActionContext) => Action | readonly Action[];

export function parseCall(token: Piece): Call | null {
  const name = /^[a-z_][a-z0-9_]*/i.exec(token.text)?.[0];
  if (name === undefined) return null;
  const head = token.slice(0, name.length);
  const rest = token.slice(name.length);
  if (rest.text === "") return { name: head, argument: null, parentheses: false };
  if (rest.text.startsWith("(") && rest.text.endsWith(")")) {
    return { name: head, argument: rest.slice(1, rest.text.length - 1), parentheses: true };
  }
  if (rest.text.startsWith(":") || rest.text.startsWith("=")) {
    return { name: head, argument: rest.slice(1), parentheses: false };
  }
  return null;
}

/** The argument of a call that must have one. Throws InputError. */
export function needArgument(call: Call, example: string): Piece {
  if (call.argument !== null && call.argument.text.trim() !== "") return call.argument;
  throw call.name.error(`${call.name.text} needs an argument: ${example}`);
}

/** The two sides of `value->field`. Throws InputError. */
export function arrow(piece: Piece): readonly [Piece, Piece] {
  const parts = piece.cut("->");
  if (parts === null) throw piece.expected("value->field");
  return [parts[0].trim(), parts[1].trim()];
}

/** Whether the packet has fields with that prerequisite where the action stands. */
export function hasPrerequisite(context: ActionContext, prerequisite: Prerequisite): boolean {
  if (context.match === null) return true;
  if (prerequisite === "vlan") return context.packet.tags > 0;
  // A port of the connection is there to be read whatever its protocol.
  return meets(context.match, prerequisite === "ct_ports" ? "ct" : prerequisite);
}
