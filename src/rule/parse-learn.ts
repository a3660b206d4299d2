import type { Action, LearnSource, LearnSpec } from "./action.ts";
import { type ActionContext, type Call, parseSubfield, parseTable } from "./parse-action.ts";
import { type Piece, splitList } from "./piece.ts";
import { parseNumber, parseValue } from "./value.ts";

/** `learn(…)`, ovs-actions(7). Prerequisites are not checked here: the learned flow carries its own. */
export function parseLearn(call: Call, context: ActionContext): Action {
  if (!call.parentheses || call.argument === null) throw call.name.error("learn needs (…)");
  const free: ActionContext = { ...context, match: null };
  const header = { table: 1, priority: 32768, cookie: 0n, idleTimeout: 0, hardTimeout: 0 };
  const specs: LearnSpec[] = [];
  for (const part of splitList(call.argument)) {
    const [key, value] = part.cut("=") ?? [part, null];
    switch (key.text) {
      case "table":
        header.table = parseTable(value ?? key);
        break;
      case "priority":
        header.priority = Number(parseNumber(value ?? key, 16));
        break;
      case "cookie":
        header.cookie = parseNumber(value ?? key, 64);
        break;
      case "idle_timeout":
        header.idleTimeout = Number(parseNumber(value ?? key, 16));
        break;
      case "hard_timeout":
        header.hardTimeout = Number(parseNumber(value ?? key, 16));
        break;
      case "fin_idle_timeout":
      case "fin_hard_timeout":
      case "send_flow_rem":
      case "delete_learned":
      case "limit":
      case "result_dst":
        throw part.error(`${key.text} of learn is not supported`);
      default:
        specs.push(parseSpec(part, key, value, free));
    }
  }
  return { kind: "learn", ...header, specs };
}

function parseSpec(part: Piece, key: Piece, value: Piece | null, free: ActionContext): LearnSpec {
  if (part.text.startsWith("output:")) {
    return { kind: "output", source: parseSubfield(part.slice(7), free) };
  }
  if (part.text.startsWith("load:")) {
    const arrow = part.slice(5).cut("->");
    if (arrow === null) throw part.expected("load:VALUE->FIELD[]");
    const target = parseSubfield(arrow[1], free, true);
    return { kind: "load", target, source: parseSource(arrow[0], target.bits, free) };
  }
  const target = parseSubfield(key, free);
  if (value === null) return { kind: "match", target, source: target };
  if (/^[a-z_]+[a-z0-9_]*\[/i.test(value.text)) {
    return { kind: "match", target, source: parseSource(value, target.bits, free) };
  }
  return { kind: "match", target, source: { value: parseValue(target.field, value) } };
}

function parseSource(piece: Piece, bits: number, free: ActionContext): LearnSource {
  if (/^[\d]/.test(piece.text)) return { value: parseNumber(piece, bits) };
  const source = parseSubfield(piece, free);
  if (source.bits !== bits) throw piece.error(`${source.bits} bits do not fit ${bits}`);
  return source;
}
