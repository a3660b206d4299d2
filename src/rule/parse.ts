import type { Action } from "./action.ts";
import { parseActionList } from "./parse-action.ts";
import {
  type MatchOptions,
  type MatchToken,
  type PortNames,
  parseMatch,
  parseTable,
} from "./parse-match.ts";
import { closed, Piece, splitList } from "./piece.ts";
import { DEFAULT_PRIORITY, FLOW_FLAGS, type FlowFlag, type Rule } from "./rule.ts";
import { parseNumber } from "./value.ts";

/**
 * `version` "2.5": what that Open vSwitch did not have is an error, which says since when there is. `lenient`: as
 * ovs-ofctl, which leaves out a condition that cannot be (`tp_dst=80` without `tcp`) and so matches more, and closes
 * the brackets that are open at a line's end; without it such a rule is an error.
 */
export interface ParseOptions extends MatchOptions {
  /** Where the text is from, for errors: a file's name. */
  readonly origin?: string;
  /** The bridge's ports. Given, names become numbers at once, and an unknown name is an error. */
  readonly ports?: PortNames;
}

/** What `ovs-ofctl dump-flows` prints beside a rule; read over. */
const STATISTICS = new Set([
  "duration",
  "n_packets",
  "n_bytes",
  "n_offload_packets",
  "n_offload_bytes",
  "idle_age",
  "hard_age",
]);

/**
 * The rules of a text in the form of `ovs-ofctl add-flows`: one a line, blank lines and `#` comments allowed.
 * Throws InputError with origin, line and column.
 */
export function parseRules(text: string, options: ParseOptions = {}): Rule[] {
  const rules: Rule[] = [];
  for (const [i, line] of text.split(/\r?\n/).entries()) {
    const piece = new Piece(withoutComment(line), `${options.origin ?? "rules"}:${i + 1}`).trim();
    if (piece.text !== "") rules.push(parseLine(piece, options));
  }
  return rules;
}

/** One rule. Throws InputError with the column. */
export function parseRule(line: string, options: ParseOptions = {}): Rule {
  return parseLine(new Piece(line, options.origin ?? "rule").trim(), options);
}

/** A list of actions for a packet of which nothing is known (`packet-out`). */
export function parseActions(text: string, options: ParseOptions = {}): Action[] {
  const piece = new Piece(text, options.origin ?? "actions").trim();
  const { ports, version } = options;
  return parseActionList(piece, { match: null, table: -1, ports, version });
}

function withoutComment(line: string): string {
  const at = line.indexOf("#");
  return at < 0 ? line : line.slice(0, at);
}

/** A line that is one rule. `hidden`: the switch may have made it itself, with a priority that no user can give. */
export function parseLine(piece: Piece, options: ParseOptions, hidden = false): Rule {
  const [matchPart, actionPart] = splitActions(piece);
  const { table, tokens, ...header } = parseHeader(matchPart, { hidden });
  if (table === null) throw matchPart.error("a rule is in one table");
  const { ports, version } = options;
  const match = parseMatch(tokens, ports, options);
  const actions = parseActionList(options.lenient === true ? closed(actionPart) : actionPart, {
    match,
    table,
    ports,
    version,
    dumped: hidden,
  });
  if (actions.length === 0 && actionPart.text.toLowerCase() !== "drop" && actionPart.text !== "") {
    throw actionPart.expected("an action");
  }
  const { priority, cookie, idleTimeout, hardTimeout, importance, flags } = header;
  return {
    table,
    priority,
    cookie: cookie ?? 0n,
    ...(idleTimeout === undefined ? {} : { idleTimeout }),
    ...(hardTimeout === undefined ? {} : { hardTimeout }),
    ...(importance === undefined ? {} : { importance }),
    ...(flags.length === 0 ? {} : { flags }),
    match,
    actions,
  };
}

/** What stands before and behind the first `action=` or `actions=`. Throws InputError where there is none. */
export function splitActions(piece: Piece): readonly [Piece, Piece] {
  const start = /actions?\s*=/.exec(piece.text);
  if (start === null) throw piece.slice(piece.text.length).error("the rule has no actions=…");
  return [piece.slice(0, start.index), piece.slice(start.index + start[0].length).trim()];
}

/** What stands before the actions and is no part of the match. */
export interface FlowHeader {
  /** `null`: all tables, which only a filter may say. */
  readonly table: number | null;
  readonly priority: number;
  /** Absent where the text has none. */
  readonly cookie?: bigint;
  readonly idleTimeout?: number;
  readonly hardTimeout?: number;
  readonly importance?: number;
  readonly flags: readonly FlowFlag[];
  /** The rest: the match, and what only filters know. */
  readonly tokens: readonly MatchToken[];
}

interface HeaderOptions {
  /** Without `table=` it means all. */
  readonly anyTable?: boolean;
  /** The words of `bridge/dump-flows` are known, too. */
  readonly hidden?: boolean;
}

/** Takes apart what stands before `actions=`. */
export function parseHeader(
  piece: Piece,
  { anyTable = false, hidden = false }: HeaderOptions = {},
): FlowHeader {
  const header: { -readonly [K in keyof FlowHeader]: FlowHeader[K] } = {
    table: anyTable ? null : 0,
    priority: DEFAULT_PRIORITY,
    flags: [],
    tokens: [],
  };
  const tokens: MatchToken[] = [];
  const flags = new Set<string>();
  const seconds = (value: Piece) => Number(parseNumber(value, 16, "seconds"));
  for (const token of splitList(piece)) {
    const [key, value] = token.cut("=") ?? [token, null];
    const needed = (): Piece => value ?? token.slice(token.text.length);
    switch (hidden && key.text === "table_id" ? "table" : key.text) {
      case "table":
        header.table = anyTable && isAnyTable(needed()) ? null : parseTable(needed());
        break;
      case "priority":
        header.priority = Number(parseNumber(needed(), hidden ? 31 : 16, "a priority"));
        break;
      case "cookie":
        if (needed().text.includes("/")) tokens.push({ key, value });
        else header.cookie = parseNumber(needed(), 64, "a cookie");
        break;
      case "idle_timeout":
        header.idleTimeout = seconds(needed());
        break;
      case "hard_timeout":
        header.hardTimeout = seconds(needed());
        break;
      case "importance":
        header.importance = Number(parseNumber(needed(), 16, "an importance"));
        break;
      default:
        if (isFlag(key.text) && value === null) flags.add(key.text);
        else if (!STATISTICS.has(key.text)) tokens.push({ key, value });
    }
  }
  return { ...header, tokens, flags: FLOW_FLAGS.filter((flag) => flags.has(flag)) };
}

function isAnyTable({ text }: Piece): boolean {
  return text.toLowerCase() === "all" || text === "255";
}

function isFlag(word: string): word is FlowFlag {
  return (FLOW_FLAGS as readonly string[]).includes(word);
}
