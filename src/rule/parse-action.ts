import type { Action, ModName, Subfield } from "./action.ts";
import { type Field, fieldNames, findField, fullMask } from "./field.ts";
import { type Match, SHORTHANDS } from "./match.ts";
import { parseCt } from "./parse-ct.ts";
import { parseLearn } from "./parse-learn.ts";
import { type PortNames, parsePort } from "./parse-match.ts";
import { nearest, type Piece, splitList } from "./piece.ts";
import { meets, prerequisiteWords } from "./prerequisite.ts";
import { MAX_TABLE } from "./rule.ts";
import { parseIpv4, parseMac, parseMasked, parseNumber } from "./value.ts";

/** What an action list is checked against. */
export interface ActionContext {
  /** `null`: nothing is known of the packet (`packet-out`), so prerequisites are left to the switch. */
  readonly match: Match | null;
  /** The rule's table, for `goto_table`. */
  readonly table: number;
  readonly ports?: PortNames | undefined;
}

/** `name`, `name:argument` or `name(argument)`. */
export interface Call {
  readonly name: Piece;
  readonly argument: Piece | null;
  readonly parentheses: boolean;
}

type Parser = (call: Call, context: ActionContext) => Action;

/** The list after `actions=`. `drop` is the empty list. Throws InputError. */
export function parseActionList(piece: Piece, context: ActionContext): Action[] {
  const tokens = splitList(piece);
  if (tokens.length === 1 && tokens[0]?.text.toLowerCase() === "drop") return [];
  const actions = tokens.map((token) => parseAction(token, context));
  for (const [i, action] of actions.entries()) {
    const token = tokens[i];
    if (action.kind === "goto_table" && i < actions.length - 1 && token !== undefined) {
      throw token.error("goto_table must be the last action");
    }
  }
  return actions;
}

function parseAction(token: Piece, context: ActionContext): Action {
  const call = parseCall(token);
  const parser = call === null ? undefined : PARSERS.get(call.name.text.toLowerCase());
  if (call !== null && parser !== undefined) return parser(call, context);
  if (/^(\d+|0x[0-9a-f]+|".+")$/i.test(token.text) || context.ports?.has(token.text)) {
    return output(token, context);
  }
  if (token.text.toLowerCase() === "drop") throw token.error("drop must be the only action");
  const near = nearest(call?.name.text ?? token.text, PARSERS.keys());
  throw token.expected(
    near === null
      ? 'an action or a port (number, or name in quotes: output:"name")'
      : `an action or a port (nearest: ${near})`,
  );
}

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

function output(piece: Piece, context: ActionContext): Action {
  if (/\[.*\]$/.test(piece.text)) {
    return { kind: "output_field", source: parseSubfield(piece, context) };
  }
  return { kind: "output", port: parsePort(piece, context.ports) };
}

/** `FIELD`, `FIELD[]`, `FIELD[n]` or `FIELD[a..b]`; its prerequisites are checked against the match. */
export function parseSubfield(piece: Piece, context: ActionContext, write = false): Subfield {
  const parts = /^([a-z0-9_]+)(\[(?:(\d+)(?:\.\.(\d+))?)?\])?$/i.exec(piece.text);
  if (parts === null) throw piece.expected("a field such as NXM_NX_REG0[0..15]");
  const name = piece.slice(0, parts[1]?.length ?? 0);
  const field = parseFieldName(name, context, write);
  const start = Number(parts[3] ?? 0);
  const end = Number(parts[4] ?? parts[3] ?? field.bits - 1);
  if (end < start) throw piece.error(`bit ${end} is below bit ${start}`);
  if (end >= field.bits) throw piece.error(`${field.name} has bits 0 to ${field.bits - 1} only`);
  return { field, start, bits: end - start + 1 };
}

export function parseFieldName(name: Piece, context: ActionContext, write: boolean): Field {
  const alias = protocolAlias(name.text.toLowerCase(), context);
  const field = findField(alias);
  if (field === undefined) {
    const near = nearest(name.text, [...fieldNames(), ...SHORTHANDS.keys()]);
    throw name.expected(`a field${near === null ? "" : ` (nearest: ${near})`}`);
  }
  if (write && !field.writable) throw name.error(`${field.name} cannot be changed`);
  if (context.match !== null && !meets(context.match, field.prerequisite)) {
    throw name.error(`${name.text} needs ${prerequisiteWords(field)} in the rule's match`);
  }
  return field;
}

function protocolAlias(name: string, context: ActionContext): string {
  if (name !== "tp_src" && name !== "tp_dst") return name;
  const proto = (["tcp", "udp", "sctp"] as const).find(
    (p) => context.match && meets(context.match, p),
  );
  return `${proto ?? "tcp"}_${name.slice(3)}`;
}

function needArgument(call: Call, example: string): Piece {
  if (call.argument !== null && call.argument.text !== "") return call.argument;
  throw call.name.error(`${call.name.text} needs an argument: ${example}`);
}

function arrow(piece: Piece): readonly [Piece, Piece] {
  const parts = piece.cut("->");
  if (parts === null) throw piece.expected("value->field");
  return [parts[0].trim(), parts[1].trim()];
}

export function parseTable(piece: Piece): number {
  const table = Number(parseNumber(piece, 8, "a table number"));
  if (table > MAX_TABLE) throw piece.expected(`a table number of at most ${MAX_TABLE}`);
  return table;
}

function needMatch(call: Call, context: ActionContext, field: Field["prerequisite"]): void {
  if (context.match === null || meets(context.match, field)) return;
  throw call.name.error(`${call.name.text} needs ${field} in the rule's match`);
}

function simple(
  kind:
    | "in_port"
    | "normal"
    | "flood"
    | "all"
    | "local"
    | "pop_vlan"
    | "ct_clear"
    | "clear_actions"
    | "exit",
): Parser {
  return (call) => {
    if (call.argument !== null) throw call.argument.error(`${call.name.text} takes no argument`);
    return { kind };
  };
}

function mod(
  name: ModName,
  parse: (piece: Piece) => bigint,
  prerequisites: readonly Field["prerequisite"][],
): Parser {
  return (call, context) => {
    const { match } = context;
    if (match !== null && prerequisites.length > 0 && !prerequisites.some((p) => meets(match, p))) {
      throw call.name.error(`${name} needs ${prerequisites.join(" or ")} in the rule's match`);
    }
    return { kind: "mod", name, value: parse(needArgument(call, `${name}:VALUE`)) };
  };
}

function bits(count: number): (piece: Piece) => bigint {
  return (piece) => parseNumber(piece, count);
}

const PARSERS: ReadonlyMap<string, Parser> = new Map<string, Parser>([
  ["output", (call, context) => output(needArgument(call, "output:2"), context)],
  ["in_port", simple("in_port")],
  ["normal", simple("normal")],
  ["flood", simple("flood")],
  ["all", simple("all")],
  ["local", simple("local")],
  ["strip_vlan", simple("pop_vlan")],
  ["pop_vlan", simple("pop_vlan")],
  ["ct_clear", simple("ct_clear")],
  ["clear_actions", simple("clear_actions")],
  ["exit", simple("exit")],
  ["controller", parseController],
  ["group", parseGroupAction],
  ["resubmit", parseResubmit],
  ["goto_table", parseGoto],
  ["set_field", parseSetField],
  ["move", parseMove],
  ["load", parseLoad],
  ["push", (call, context) => parseStack("push", call, context)],
  ["pop", (call, context) => parseStack("pop", call, context)],
  ["mod_dl_src", mod("mod_dl_src", parseMac, [])],
  ["mod_dl_dst", mod("mod_dl_dst", parseMac, [])],
  ["mod_nw_src", mod("mod_nw_src", parseIpv4, ["ipv4", "arp"])],
  ["mod_nw_dst", mod("mod_nw_dst", parseIpv4, ["ipv4", "arp"])],
  ["mod_nw_tos", mod("mod_nw_tos", bits(8), ["ip"])],
  ["mod_nw_ecn", mod("mod_nw_ecn", bits(2), ["ip"])],
  ["mod_nw_ttl", mod("mod_nw_ttl", bits(8), ["ip"])],
  ["mod_tp_src", mod("mod_tp_src", bits(16), ["tcp", "udp", "sctp"])],
  ["mod_tp_dst", mod("mod_tp_dst", bits(16), ["tcp", "udp", "sctp"])],
  ["mod_vlan_vid", mod("mod_vlan_vid", bits(12), [])],
  ["mod_vlan_pcp", mod("mod_vlan_pcp", bits(3), [])],
  ["dec_ttl", parseDecTtl],
  ["push_vlan", parsePushVlan],
  ["ct", parseCt],
  ["learn", parseLearn],
  ["note", parseNote],
  ["clone", (call, context) => parseNested("clone", call, context)],
  ["write_actions", (call, context) => parseNested("write_actions", call, context)],
  ["write_metadata", parseWriteMetadata],
]);

function parseController(call: Call): Action {
  let maxLength = 65535;
  if (call.argument !== null) {
    for (const part of splitList(call.argument)) {
      const text = call.parentheses ? (part.cut("=") ?? [part, part]) : [part, part];
      if (!call.parentheses || text[0].text === "max_len") {
        maxLength = Number(parseNumber(text[1], 16));
      } else if (!["reason", "id"].includes(text[0].text)) {
        throw part.expected("max_len=, reason= or id=");
      }
    }
  }
  return { kind: "controller", maxLength };
}

function parseGroupAction(call: Call): Action {
  const number = parseNumber(needArgument(call, "group:1"), 32, "a group's number");
  return { kind: "group", group: Number(number) };
}

function parseResubmit(call: Call, context: ActionContext): Action {
  const argument = needArgument(call, "resubmit(,1)");
  if (!call.parentheses) {
    return { kind: "resubmit", port: parsePort(argument, context.ports), table: null };
  }
  const [portText, tableText] = argument.cut(",") ?? [
    argument,
    argument.slice(argument.text.length),
  ];
  const port = portText.trim().text === "" ? null : parsePort(portText.trim(), context.ports);
  const table = tableText.trim().text === "" ? null : parseTable(tableText.trim());
  if (port === null && table === null) throw argument.expected("a port, a table or both");
  return { kind: "resubmit", port, table };
}

function parseGoto(call: Call, context: ActionContext): Action {
  const argument = needArgument(call, "goto_table:1");
  const table = parseTable(argument);
  if (table <= context.table) {
    throw argument.error(`goto_table goes only forward, from ${context.table} to a higher table`);
  }
  return { kind: "goto_table", table };
}

function parseSetField(call: Call, context: ActionContext): Action {
  const [text, name] = arrow(needArgument(call, "set_field:VALUE->FIELD"));
  const field = parseFieldName(name, context, true);
  if (field.format === "port") {
    const port = parsePort(text, context.ports);
    if (typeof port === "string") throw text.expected("a port number");
    return { kind: "set_field", field, value: BigInt(port), mask: fullMask(field) };
  }
  const { value, mask } = parseMasked(field, text);
  return { kind: "set_field", field, value, mask };
}

function parseMove(call: Call, context: ActionContext): Action {
  const [from, to] = arrow(needArgument(call, "move:FIELD[]->FIELD[]"));
  const source = parseSubfield(from, context);
  const target = parseSubfield(to, context, true);
  if (source.bits !== target.bits) {
    throw to.error(`${source.bits} bits cannot move into ${target.bits}`);
  }
  return { kind: "move", source, target };
}

function parseLoad(call: Call, context: ActionContext): Action {
  const [text, to] = arrow(needArgument(call, "load:VALUE->FIELD[]"));
  const target = parseSubfield(to, context, true);
  const value = text.text.includes(".") ? parseIpv4(text) : parseNumber(text, target.bits);
  return { kind: "load", value, target };
}

function parseStack(kind: "push" | "pop", call: Call, context: ActionContext): Action {
  const argument = needArgument(call, `${kind}:FIELD[]`);
  return { kind, subfield: parseSubfield(argument, context, kind === "pop") };
}

function parseDecTtl(call: Call, context: ActionContext): Action {
  needMatch(call, context, "ip");
  if (call.argument !== null)
    throw call.argument.error("dec_ttl with controller ids is not supported");
  return { kind: "dec_ttl" };
}

function parsePushVlan(call: Call): Action {
  const argument = needArgument(call, "push_vlan:0x8100");
  const ethType = Number(parseNumber(argument, 16));
  if (ethType !== 0x8100 && ethType !== 0x88a8) throw argument.expected("0x8100 or 0x88a8");
  return { kind: "push_vlan", ethType };
}

function parseNote(call: Call): Action {
  const argument = call.argument;
  if (argument === null || argument.text === "") return { kind: "note", bytes: [] };
  const bytes = argument.text.split(".");
  if (!bytes.every((byte) => /^[0-9a-f]{2}$/i.test(byte))) {
    throw argument.expected("bytes in hexadecimal, such as 01.ab");
  }
  return { kind: "note", bytes: bytes.map((byte) => Number.parseInt(byte, 16)) };
}

function parseNested(kind: "clone" | "write_actions", call: Call, context: ActionContext): Action {
  if (!call.parentheses || call.argument === null) {
    throw call.name.error(`${kind} needs a list: ${kind}(output:2)`);
  }
  return { kind, actions: parseActionList(call.argument, context) };
}

function parseWriteMetadata(call: Call): Action {
  const argument = needArgument(call, "write_metadata:0x1/0xff");
  const [valueText, maskText] = argument.cut("/") ?? [argument, null];
  const mask = maskText === null ? (1n << 64n) - 1n : parseNumber(maskText, 64);
  return { kind: "write_metadata", value: parseNumber(valueText, 64) & mask, mask };
}
