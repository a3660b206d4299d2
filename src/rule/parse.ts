import type { Action } from "./action.ts";
import { parseActionList, parseTable } from "./parse-action.ts";
import { type MatchToken, type PortNames, parseMatch } from "./parse-match.ts";
import { Piece, splitList } from "./piece.ts";
import { DEFAULT_PRIORITY, type Rule } from "./rule.ts";
import { parseNumber } from "./value.ts";

export interface ParseOptions {
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
  "idle_age",
  "hard_age",
  "send_flow_rem",
  "reset_counts",
  "no_packet_counts",
  "no_byte_counts",
  "check_overlap",
  "importance",
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
  return parseActionList(piece, { match: null, table: -1, ports: options.ports });
}

function withoutComment(line: string): string {
  const at = line.indexOf("#");
  return at < 0 ? line : line.slice(0, at);
}

function parseLine(piece: Piece, options: ParseOptions): Rule {
  const start = /(^|[\s,])actions?\s*=/i.exec(piece.text);
  if (start === null) {
    throw piece.slice(piece.text.length).error("the rule has no actions=…");
  }
  const matchPart = piece.slice(0, start.index);
  const actionPart = piece.slice(start.index + start[0].length).trim();
  const header = { table: 0, priority: DEFAULT_PRIORITY, cookie: 0n };
  const timeouts: { idleTimeout?: number; hardTimeout?: number } = {};
  const tokens: MatchToken[] = [];
  for (const token of splitList(matchPart)) {
    const [key, value] = token.cut("=") ?? [token, null];
    const needed = (): Piece => value ?? token.slice(token.text.length);
    switch (key.text) {
      case "table":
        header.table = parseTable(needed());
        break;
      case "priority":
        header.priority = Number(parseNumber(needed(), 16, "a priority"));
        break;
      case "cookie":
        header.cookie = parseNumber(needed(), 64, "a cookie");
        break;
      case "idle_timeout":
        timeouts.idleTimeout = Number(parseNumber(needed(), 16, "seconds"));
        break;
      case "hard_timeout":
        timeouts.hardTimeout = Number(parseNumber(needed(), 16, "seconds"));
        break;
      default:
        if (!STATISTICS.has(key.text)) tokens.push({ key, value });
    }
  }
  const match = parseMatch(tokens, options.ports);
  const actions = parseActionList(actionPart, {
    match,
    table: header.table,
    ports: options.ports,
  });
  if (actions.length === 0 && actionPart.text.toLowerCase() !== "drop" && actionPart.text !== "") {
    throw actionPart.expected("an action");
  }
  return { ...header, ...timeouts, match, actions };
}
