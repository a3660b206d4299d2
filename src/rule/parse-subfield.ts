import type { Subfield } from "./action.ts";
import { type ActionContext, hasPrerequisite } from "./call.ts";
import { type Field, fieldNames, findField } from "./field.ts";
import { SHORTHANDS } from "./match.ts";
import { nearest, type Piece } from "./piece.ts";
import { prerequisiteWords } from "./prerequisite.ts";
import { fieldSince, requireVersion } from "./since.ts";

/** `FIELD`, `FIELD[]`, `FIELD[n]` or `FIELD[a..b]`; its prerequisites are checked against the match. */
export function parseSubfield(piece: Piece, context: ActionContext, write = false): Subfield {
  const parts = /^([a-z0-9_]+)(\[(?:(\d+)(?:\.\.(\d+))?)?\])?$/i.exec(piece.text);
  if (parts === null) throw piece.expected("a field such as NXM_NX_REG0[0..15]");
  const name = piece.slice(0, parts[1]?.length ?? 0);
  if (!/^(?:NXM|OXM)_/i.test(name.text) || parts[2] === undefined)
    requireVersion(piece, context.version, "2.7", `a part of a field written as "${piece.text}"`);
  const field = parseFieldName(name, context, write);
  // The bit that says "there is a tag" belongs to no part of vlan_vid.
  const bits = field.name === "vlan_vid" ? 12 : field.bits;
  const start = Number(parts[3] ?? 0);
  const end = Number(parts[4] ?? parts[3] ?? bits - 1);
  if (end < start) throw piece.error(`bit ${end} is below bit ${start}`);
  if (end >= bits) throw piece.error(`${field.name} has bits 0 to ${bits - 1} only`);
  return { field, start, bits: end - start + 1 };
}

/** A field that an action reads, or changes (`write`). Throws InputError. */
export function parseFieldName(name: Piece, context: ActionContext, write: boolean): Field {
  const field = findField(name.text);
  if (field === undefined) {
    const near = nearest(name.text, [...fieldNames(), ...SHORTHANDS.keys()]);
    throw name.expected(`a field${near === null ? "" : ` (nearest: ${near})`}`);
  }
  const since = fieldSince(field);
  if (since !== null) requireVersion(name, context.version, since);
  if (write && !field.writable) throw name.error(`${field.name} cannot be changed`);
  if (write && context.within !== "ct" && /^ct_/.test(field.name)) {
    throw name.error(`${field.name} can be changed only within ct(commit,exec(…))`);
  }
  if (!hasPrerequisite(context, field.prerequisite)) {
    throw name.error(`${name.text} needs ${prerequisiteWords(field)} in the rule's match`);
  }
  return field;
}
