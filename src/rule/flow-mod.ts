import type { Action } from "./action.ts";
import type { Match } from "./match.ts";
import { type ParseOptions, parseHeader, parseRule, splitActions } from "./parse.ts";
import { parseActionList } from "./parse-action.ts";
import { parseMatch, parsePort } from "./parse-match.ts";
import { Piece } from "./piece.ts";
import type { PortRef } from "./port.ts";
import type { FlowFlag, Rule } from "./rule.ts";
import { parseNumber } from "./value.ts";

/** Which rules of a bridge are meant. */
export interface FlowFilter {
  /** `null`: all. */
  readonly table: number | null;
  /** Strict: exactly this match and priority. Otherwise: every rule whose match is at least as narrow. */
  readonly strict: boolean;
  readonly priority: number;
  readonly match: Match;
  readonly cookie: bigint;
  /** Bits of the cookie that must be equal; 0: any. */
  readonly cookieMask: bigint;
  /** Only rules that output there; `null`: any. */
  readonly outPort: PortRef | null;
  readonly outGroup: number | null;
}

/** One change of a bridge's rules (OpenFlow 1.5, 6.4). */
export type FlowMod =
  | { readonly kind: "add"; readonly rule: Rule }
  | {
      readonly kind: "modify";
      readonly filter: FlowFilter;
      readonly actions: readonly Action[];
      /** The new one, which only OpenFlow 1.0 sets; `null`: none was given. */
      readonly cookie: bigint | null;
      readonly flags: readonly FlowFlag[];
      /** What OpenFlow 1.0 and 1.1 add where nothing matches. */
      readonly rule: Rule;
    }
  | { readonly kind: "delete"; readonly filter: FlowFilter };

/** OpenFlow's names for the commands, as they may begin a line of a file. */
const COMMANDS = ["add", "modify", "modify_strict", "delete", "delete_strict"] as const;

export type FlowCommand = (typeof COMMANDS)[number];

/** The changes in a file of `ovs-ofctl add-flows`: a line may begin with a command, and adds without. Throws InputError. */
export function parseFlowMods(text: string, options: ParseOptions = {}): FlowMod[] {
  const origin = options.origin ?? "rules";
  return text.split(/\r?\n/).flatMap((line, i) => {
    const content = line.replace(/#.*$/, "").trim();
    if (content === "") return [];
    const found = /^(\w+)(?:\s+|$)(.*)$/.exec(content);
    const command = COMMANDS.find((name) => name === found?.[1]);
    const rest = command === undefined ? content : (found?.[2] ?? "");
    return [parseFlowMod(command ?? "add", rest, { ...options, origin: `${origin}:${i + 1}` })];
  });
}

/** One change. Throws InputError with the column. */
export function parseFlowMod(
  command: FlowCommand,
  text: string,
  options: ParseOptions = {},
): FlowMod {
  switch (command) {
    case "add":
      return { kind: "add", rule: parseRule(text, options) };
    case "modify":
    case "modify_strict":
      return parseModify(text, command === "modify_strict", options);
    case "delete":
    case "delete_strict":
      return { kind: "delete", filter: parseFilter(text, command === "delete_strict", options) };
  }
}

/** Which rules a text such as `table=1,cookie=0x5/-1,out_port=2,tcp` means. Throws InputError. */
function parseFilter(text: string, strict: boolean, options: ParseOptions): FlowFilter {
  const piece = new Piece(text, options.origin ?? "filter").trim();
  const { table, priority, cookie, tokens } = parseHeader(piece, { anyTable: true });
  if (cookie !== undefined) throw piece.error("cookie= needs a mask here: cookie=VALUE/-1");
  let [cookieValue, cookieMask] = [0n, 0n];
  let outPort: PortRef | null = null;
  let outGroup: number | null = null;
  const rest = tokens.filter(({ key, value }) => {
    const needed = value ?? key.slice(key.text.length);
    switch (key.text) {
      case "cookie": {
        const [bits, mask] = needed.cut("/") ?? [needed, needed];
        cookieMask = mask.text === "-1" ? (1n << 64n) - 1n : parseNumber(mask, 64, "a mask");
        cookieValue = parseNumber(bits, 64, "a cookie") & cookieMask;
        return false;
      }
      case "out_port":
        outPort = parsePort(needed, options.ports);
        return false;
      case "out_group":
        outGroup = Number(parseNumber(needed, 32, "a group"));
        return false;
      default:
        return true;
    }
  });
  const match = parseMatch(rest, options.ports, options);
  return { table, strict, priority, match, cookie: cookieValue, cookieMask, outPort, outGroup };
}

function parseModify(text: string, strict: boolean, options: ParseOptions): FlowMod {
  const piece = new Piece(text, options.origin ?? "rule").trim();
  const [head, list] = splitActions(piece);
  const { cookie, flags } = parseHeader(head, { anyTable: true });
  // In a change a cookie without a mask is the new one, and no part of the filter.
  const filterText = head.text.replace(/(^|[\s,])cookie=[^/,\s]+(?=$|[\s,])/, "$1");
  const filter = parseFilter(filterText, strict, options);
  const { ports, version } = options;
  const actions = parseActionList(list, {
    match: filter.match,
    table: filter.table ?? 0,
    ports,
    version,
  });
  const { match, priority, table } = filter;
  const rule = { table: table ?? 0, priority, cookie: cookie ?? 0n, match, actions };
  return {
    kind: "modify",
    filter,
    actions,
    cookie: cookie ?? null,
    flags,
    rule: flags.length === 0 ? rule : { ...rule, flags },
  };
}
