import type { Action } from "./action.ts";
import {
  type ActionContext,
  type ActionParser,
  type Call,
  needArgument,
  parseCall,
} from "./call.ts";
import { parseChanges } from "./parse-change.ts";
import { parseCt } from "./parse-ct.ts";
import { parseLearn } from "./parse-learn.ts";
import { OUTPUTS, parseOutput } from "./parse-output.ts";
import { nearest, type Piece, splitList } from "./piece.ts";
import { meets } from "./prerequisite.ts";
import { requireVersion } from "./since.ts";
import { parseNumber } from "./value.ts";

/** The list after `actions=`. `drop` is the empty list. Throws InputError. */
export function parseActionList(
  piece: Piece,
  context: Omit<ActionContext, "packet" | "within">,
): Action[] {
  const { match } = context;
  return parseNested(piece, {
    ...context,
    packet: { tags: match !== null && meets(match, "vlan") ? 1 : 0, pushed: false },
  });
}

/** A list within another action, or the whole of it. */
export function parseNested(piece: Piece, context: ActionContext): Action[] {
  const tokens = splitList(piece);
  if (tokens.length === 1 && tokens[0]?.text.toLowerCase() === "drop") return [];
  const found: { readonly action: Action; readonly token: Piece }[] = [];
  for (const token of tokens) {
    const parsed = parseAction(token, context);
    const actions = "kind" in parsed ? [parsed] : parsed;
    if (context.within === "write_actions" && actions.some(isNoSetAction))
      throw token.error(`${token.text} cannot stand within write_actions`);
    found.push(...actions.map((action) => ({ action, token })));
  }
  checkOrder(found, context);
  return found.map(({ action }) => action);
}

/** What an action set cannot hold (OpenFlow 1.5, 5.6, and what Open vSwitch allows besides). */
const NO_SET_ACTIONS = new Set<Action["kind"]>([
  "clone",
  "exit",
  "learn",
  "note",
  "output_field",
  "pop",
  "pop_queue",
  "push",
]);

function isNoSetAction(action: Action): boolean {
  if (action.kind === "output") return action.maxLength !== undefined;
  if (action.kind === "controller")
    return (action.reason ?? action.id ?? action.userdata) !== undefined;
  return NO_SET_ACTIONS.has(action.kind);
}

/** Instructions stand behind the actions, in this order, each once (OpenFlow 1.5, 5.5). */
const INSTRUCTIONS: readonly Action["kind"][] = [
  "clear_actions",
  "write_actions",
  "write_metadata",
  "goto_table",
];

function checkOrder(
  found: readonly { readonly action: Action; readonly token: Piece }[],
  { within }: ActionContext,
): void {
  let last: Action["kind"] | null = null;
  for (const { action, token } of found) {
    const rank = INSTRUCTIONS.indexOf(action.kind);
    const lastRank = last === null ? -1 : INSTRUCTIONS.indexOf(last);
    if (rank >= 0 && within !== undefined)
      throw token.error(`${action.kind} cannot stand within ${within}`);
    if (rank < lastRank) {
      throw last === "goto_table"
        ? token.error("goto_table must be the last action")
        : token.error(`${token.text} must stand before ${last}`);
    }
    if (rank >= 0 && rank === lastRank) throw token.error(`${action.kind} is given twice`);
    last = action.kind;
  }
}

function parseAction(token: Piece, context: ActionContext): Action | readonly Action[] {
  const call = parseCall(token);
  const parser = call === null ? undefined : PARSERS.get(call.name.text.toLowerCase());
  if (call !== null && parser !== undefined) return parser(call, context);
  if (/^(\d+|0x[0-9a-f]+|".+")$/i.test(token.text) || context.ports?.has(token.text)) {
    return parseOutput(token, context);
  }
  const name = /^\w*/.exec(token.text)?.[0]?.toLowerCase() ?? "";
  if (name === "drop") throw token.error("drop must be the only action");
  if (UNSUPPORTED.has(name)) throw token.error(`${name} is not supported here`);
  const near = nearest(call?.name.text ?? token.text, PARSERS.keys());
  throw token.expected(
    near === null
      ? 'an action or a port (number, or name in quotes: output:"name")'
      : `an action or a port (nearest: ${near})`,
  );
}

/** Actions of Open vSwitch that neither the labs nor the simulator know. */
const UNSUPPORTED = new Set(
  `bundle bundle_load check_pkt_larger conjunction decap dec_mpls_ttl dec_nsh_ttl delete_field encap fin_timeout
   meter multipath pop_mpls push_mpls sample set_mpls_label set_mpls_tc set_mpls_ttl`.split(/\s+/),
);

function simple(
  kind: "ct_clear" | "clear_actions" | "exit",
  since: string | null = null,
): ActionParser {
  return (call, { version }) => {
    if (since !== null) requireVersion(call.name, version, since);
    if (call.argument !== null && call.argument.text !== "")
      throw call.argument.error(`${call.name.text} takes no argument`);
    return { kind };
  };
}

function parseNote(call: Call): Action {
  const text = call.argument?.text ?? "";
  // Points between the bytes are for readers.
  if (!/^(?:[0-9a-f]{2}\.?)*$/i.test(text))
    throw call.argument!.expected("bytes in hexadecimal, such as 01.ab");
  const bytes = text.match(/[0-9a-f]{2}/gi) ?? [];
  return { kind: "note", bytes: bytes.map((byte) => Number.parseInt(byte, 16)) };
}

function parseList(kind: "clone" | "write_actions", since: string | null = null): ActionParser {
  return (call, context) => {
    if (since !== null) requireVersion(call.name, context.version, since);
    if (!call.parentheses || call.argument === null) {
      throw call.name.error(`${kind} needs a list: ${kind}(output:2)`);
    }
    const actions = parseNested(call.argument, {
      ...context,
      within: kind,
      packet: { ...context.packet },
    });
    return { kind, actions };
  };
}

function parseWriteMetadata(call: Call): Action {
  const argument = needArgument(call, "write_metadata:0x1/0xff");
  const [valueText, maskText] = argument.cut("/") ?? [argument, null];
  const mask = maskText === null ? (1n << 64n) - 1n : parseNumber(maskText, 64);
  return { kind: "write_metadata", value: parseNumber(valueText, 64), mask };
}

const PARSERS: ReadonlyMap<string, ActionParser> = new Map<string, ActionParser>([
  ...OUTPUTS,
  ...parseChanges,
  ["ct", parseCt],
  ["ct_clear", simple("ct_clear", "2.7")],
  ["clear_actions", simple("clear_actions")],
  ["exit", simple("exit")],
  ["learn", parseLearn],
  ["note", parseNote],
  ["clone", parseList("clone", "2.7")],
  ["write_actions", parseList("write_actions")],
  ["write_metadata", parseWriteMetadata],
]);
