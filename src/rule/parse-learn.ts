import type { Action, LearnAction, LearnSource, LearnSpec } from "./action.ts";
import type { ActionContext, Call } from "./call.ts";
import { FIELDS, type Field, fullMask } from "./field.ts";
import type { FieldMatch, Match } from "./match.ts";
import { parsePort, parseTable } from "./parse-match.ts";
import { parseSubfield } from "./parse-subfield.ts";
import { type Piece, splitList } from "./piece.ts";
import { meets, prerequisiteWords } from "./prerequisite.ts";
import { parseNumber, parseValue } from "./value.ts";

/** Parts of `learn` that the simulator does not do. */
const UNSUPPORTED = new Set(
  "fin_idle_timeout fin_hard_timeout delete_learned limit result_dst".split(" "),
);

/** What the specs so far say of packets that match the learned rule. */
class Learned {
  readonly #fields = new Map<Field, FieldMatch>();

  get match(): Match {
    return { inPort: null, fields: FIELDS.flatMap((field) => this.#fields.get(field) ?? []) };
  }

  add(field: Field, value: bigint): void {
    this.#fields.set(field, { field, value, mask: fullMask(field) });
  }
}

/** `learn(…)`, ovs-actions(7). Throws InputError. */
export function parseLearn(call: Call, context: ActionContext): Action {
  if (!call.parentheses || call.argument === null) throw call.name.error("learn needs (…)");
  const learned = new Learned();
  const learn: { -readonly [K in keyof LearnAction]: LearnAction[K] } = {
    kind: "learn",
    table: 1,
    priority: 32768,
    cookie: 0n,
    idleTimeout: 0,
    hardTimeout: 0,
    specs: [],
  };
  const specs: LearnSpec[] = [];
  for (const part of splitList(call.argument)) {
    const [key, value] = part.cut("=") ?? [part, null];
    switch (key.text) {
      case "table":
        learn.table = parseTable(value ?? key);
        break;
      case "priority":
        learn.priority = Number(parseNumber(value ?? key, 16));
        break;
      case "cookie":
        learn.cookie = parseNumber(value ?? key, 64);
        break;
      case "idle_timeout":
        learn.idleTimeout = Number(parseNumber(value ?? key, 16));
        break;
      case "hard_timeout":
        learn.hardTimeout = Number(parseNumber(value ?? key, 16));
        break;
      case "send_flow_rem":
        learn.sendFlowRem = true;
        break;
      default:
        if (UNSUPPORTED.has(key.text))
          throw part.error(`${key.text} of learn is not supported here`);
        specs.push(parseSpec(part, key, value, context, learned));
    }
  }
  return { ...learn, specs };
}

function parseSpec(
  part: Piece,
  key: Piece,
  value: Piece | null,
  context: ActionContext,
  learned: Learned,
): LearnSpec {
  if (part.text.startsWith("output:")) {
    return { kind: "output", source: parseSubfield(part.slice("output:".length), context) };
  }
  const target: ActionContext = { ...context, match: learned.match, within: "ct" };
  if (part.text.startsWith("load:")) {
    const arrow = part.slice("load:".length).cut("->");
    if (arrow === null) throw part.expected("load:VALUE->FIELD[]");
    const to = parseSubfield(arrow[1], { ...target, match: null }, true);
    needs(arrow[1], to.field, learned.match);
    return { kind: "load", target: to, source: parseSource(arrow[0], to.bits, context) };
  }
  const to = parseSubfield(key, { ...target, match: null, version: undefined });
  needs(key, to.field, learned.match);
  if (value === null) return { kind: "match", target: to, source: parseSubfield(key, context) };
  const isPort = to.field.format === "port" && !/[[_]/.test(value.text);
  if (/^[a-z_]\w*(?:\[.*\])?$/i.test(value.text) && !isPort) {
    return { kind: "match", target: to, source: parseSource(value, to.bits, context) };
  }
  const whole = to.bits === to.field.bits;
  const bits = whole ? parseWhole(to.field, value, context) : parseNumber(value, to.bits);
  if (whole) learned.add(to.field, bits);
  return { kind: "match", target: to, source: { value: bits } };
}

/** The learned rule must match on what gives a field its meaning, and in an earlier spec. */
function needs(at: Piece, field: Field, match: Match): void {
  if (meets(match, field.prerequisite)) return;
  throw at.error(`${at.text} needs ${prerequisiteWords(field)} in an earlier part of learn`);
}

function parseWhole(field: Field, piece: Piece, { ports }: ActionContext): bigint {
  if (field.format !== "port") return parseValue(field, piece);
  const port = parsePort(piece, ports);
  if (typeof port === "string") throw piece.expected("a port number");
  return BigInt(port);
}

function parseSource(piece: Piece, bits: number, context: ActionContext): LearnSource {
  if (/^\d/.test(piece.text)) return { value: parseNumber(piece, bits) };
  const source = parseSubfield(piece, context);
  if (source.bits !== bits) throw piece.error(`${source.bits} bits do not fit ${bits}`);
  return source;
}
