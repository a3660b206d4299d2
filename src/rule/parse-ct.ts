import type { Action, CtAction, Subfield } from "./action.ts";
import { type ActionContext, type Call, hasPrerequisite, parseCall } from "./call.ts";
import { findFieldMatch, type Match } from "./match.ts";
import { parseNested } from "./parse-action.ts";
import { parseTable } from "./parse-match.ts";
import { parseNat } from "./parse-nat.ts";
import { parseSubfield } from "./parse-subfield.ts";
import { nearest, type Piece, splitList } from "./piece.ts";
import { isIp } from "./prerequisite.ts";
import { requireVersion } from "./since.ts";
import { parseNumber } from "./value.ts";

const KEYS = ["commit", "force", "zone", "table", "nat", "exec", "alg"];

/** `ct(…)`, ovs-actions(7). Throws InputError. */
export function parseCt(call: Call, context: ActionContext): Action {
  if (context.match !== null && !isIp(context.match)) {
    throw call.name.error("ct needs ip or ipv6 in the rule's match");
  }
  const ct: { -readonly [K in keyof CtAction]: CtAction[K] } = {
    kind: "ct",
    commit: false,
    force: false,
    zone: 0,
    table: null,
    nat: null,
    exec: [],
  };
  let natAt: Piece | null = null;
  let execAt: Piece | null = null;
  const setNat = (part: Piece, value: Piece | null, isLast: boolean): void => {
    requireVersion(part, context.version, "2.6", "nat");
    if (natAt !== null) throw part.error("nat is given twice");
    natAt = part;
    ct.nat = parseNat(value, context);
    if (isLast) ct.natLast = true;
  };
  for (const part of call.argument === null ? [] : splitList(call.argument)) {
    const inner = parseCall(part);
    const value = inner?.argument ?? null;
    switch (inner?.name.text) {
      case "commit":
        ct.commit = true;
        break;
      case "force":
        requireVersion(part, context.version, "2.8");
        ct.force = true;
        break;
      case "zone":
        ct.zone = parseZone(need(part, value), context);
        break;
      case "table":
        ct.table = parseTable(need(part, value));
        break;
      case "nat":
        setNat(part, value, ct.exec.length > 0);
        break;
      case "exec":
        execAt = part;
        ct.exec = [...ct.exec, ...parseExec(need(part, value), context, setNat)];
        break;
      case "alg":
        ct.alg = parseAlg(need(part, value), context);
        break;
      default: {
        const near = nearest(inner?.name.text ?? part.text, KEYS);
        throw part.expected(near === null ? KEYS.join(", ") : `a part of ct (nearest: ${near})`);
      }
    }
  }
  if (ct.commit && context.match !== null && isInvalid(context.match))
    throw call.name.error("ct(commit) commits nothing where the match has ct_state=+inv");
  if (ct.force && !ct.commit) throw call.name.error("force needs commit");
  if (execAt && ct.exec.length > 0 && !ct.commit)
    throw (execAt as Piece).error("exec needs commit");
  if (natAt && ct.nat?.kind && !ct.commit)
    throw (natAt as Piece).error(`nat(${ct.nat.kind}) needs commit`);
  return ct;
}

function isInvalid(match: Match): boolean {
  return ((findFieldMatch(match, "ct_state")?.value ?? 0n) & 0x10n) !== 0n;
}

function need(part: Piece, value: Piece | null): Piece {
  if (value === null) throw part.error(`${part.text} needs a value`);
  return value;
}

function parseZone(piece: Piece, context: ActionContext): number | Subfield {
  if (!/^[a-z]/i.test(piece.text)) return Number(parseNumber(piece, 16, "a zone"));
  const source = parseSubfield(piece, context);
  if (source.bits !== 16) throw piece.expected("16 bits of a field");
  return source;
}

/** Only mark and label of the connection can be changed here, and `nat` may stand here, too. */
function parseExec(
  piece: Piece,
  context: ActionContext,
  setNat: (part: Piece, value: Piece | null, isLast: boolean) => void,
): readonly Action[] {
  const actions: Action[] = [];
  for (const part of splitList(piece)) {
    const call = parseCall(part);
    if (call?.name.text === "nat") setNat(part, call.argument, actions.length > 0);
    else actions.push(...parseNested(part, { ...context, within: "ct" }));
  }
  for (const action of actions) {
    const field =
      action.kind === "set_field"
        ? action.field
        : action.kind === "move" || action.kind === "load"
          ? action.target.field
          : null;
    if (field?.name !== "ct_mark" && field?.name !== "ct_label") {
      throw piece.error("exec can only set ct_mark or ct_label");
    }
  }
  return actions;
}

/** Helpers, and the protocol that each is for. */
const ALGS = { ftp: "tcp", tftp: "udp" } as const;

function parseAlg(piece: Piece, context: ActionContext): "ftp" | "tftp" {
  const { text } = piece;
  if (text !== "ftp" && text !== "tftp") throw piece.expected("ftp or tftp");
  if (text === "tftp") requireVersion(piece, context.version, "2.7", "alg=tftp");
  if (!hasPrerequisite(context, ALGS[text]))
    throw piece.error(`alg=${text} needs ${ALGS[text]} in the rule's match`);
  return text;
}
