import type { Action, Nat, Subfield } from "./action.ts";
import {
  type ActionContext,
  type Call,
  parseActionList,
  parseCall,
  parseSubfield,
  parseTable,
} from "./parse-action.ts";
import { isIp } from "./parse-match.ts";
import { nearest, type Piece, splitList } from "./piece.ts";
import { parseIpv4, parseIpv6, parseNumber } from "./value.ts";

const KEYS = ["commit", "force", "zone", "table", "nat", "exec", "alg"];
const NAT_KEYS = ["src", "dst", "persistent", "hash", "random"];

/** `ct(…)`, ovs-actions(7). Throws InputError. */
export function parseCt(call: Call, context: ActionContext): Action {
  if (context.match !== null && !isIp(context.match)) {
    throw call.name.error("ct needs ip or ipv6 in the rule's match");
  }
  let commit = false;
  let force = false;
  let zone: number | Subfield = 0;
  let table: number | null = null;
  let nat: Nat | null = null;
  let exec: readonly Action[] = [];
  let natAt: Piece | null = null;
  let execAt: Piece | null = null;
  for (const part of call.argument === null ? [] : splitList(call.argument)) {
    const inner = parseCall(part);
    const value = inner?.argument ?? null;
    switch (inner?.name.text) {
      case "commit":
        commit = true;
        break;
      case "force":
        force = true;
        break;
      case "zone":
        zone = parseZone(need(part, value), context);
        break;
      case "table":
        table = parseTable(need(part, value));
        break;
      case "nat":
        natAt = part;
        nat = parseNat(value);
        break;
      case "exec":
        execAt = part;
        exec = parseExec(need(part, value), context);
        break;
      case "alg":
        throw part.error("alg is not supported");
      default: {
        const near = nearest(inner?.name.text ?? part.text, KEYS);
        throw part.expected(near === null ? KEYS.join(", ") : `a part of ct (nearest: ${near})`);
      }
    }
  }
  if (force && !commit) throw call.name.error("force needs commit");
  if (execAt && !commit) throw execAt.error("exec needs commit");
  if (natAt && nat?.kind && !commit) throw natAt.error(`nat(${nat.kind}) needs commit`);
  return { kind: "ct", commit, force, zone, table, nat, exec };
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

/** Only mark and label of the connection can be changed here. */
function parseExec(piece: Piece, context: ActionContext): readonly Action[] {
  const actions = parseActionList(piece, context);
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

function parseNat(piece: Piece | null): Nat {
  let kind: Nat["kind"] = null;
  let range: Pick<Nat, "address" | "ports"> = { address: null, ports: null };
  let persistent = false;
  let choice: Nat["choice"] = null;
  for (const part of piece === null ? [] : splitList(piece)) {
    const [key, value] = part.cut("=") ?? [part, null];
    switch (key.text) {
      case "src":
      case "dst":
        if (kind !== null) throw part.error("nat takes one of src and dst");
        kind = key.text;
        if (value !== null) range = parseNatRange(value);
        break;
      case "persistent":
        persistent = true;
        break;
      case "hash":
      case "random":
        if (choice !== null) throw part.error("nat takes one of hash and random");
        choice = key.text;
        break;
      default: {
        const near = nearest(key.text, NAT_KEYS);
        throw part.expected(
          near === null ? NAT_KEYS.join(", ") : `a part of nat (nearest: ${near})`,
        );
      }
    }
  }
  if (piece !== null && kind === null && (persistent || choice !== null)) {
    throw piece.error("persistent, hash and random need src or dst");
  }
  return { kind, ...range, persistent, choice };
}

/** `ADDRESS[-ADDRESS][:PORT[-PORT]]`; an IPv6 address with ports stands in brackets. */
function parseNatRange(piece: Piece): Pick<Nat, "address" | "ports"> {
  const bracketed = /^(\[[^\]]*\](?:-\[[^\]]*\])?)(:.*)?$/.exec(piece.text);
  const v6 = bracketed !== null || (piece.text.match(/:/g)?.length ?? 0) > 1;
  const addressLength =
    bracketed?.[1]?.length ?? (v6 ? piece.text.length : piece.text.indexOf(":"));
  const addresses = piece.slice(0, addressLength < 0 ? piece.text.length : addressLength);
  const portsAt = addressLength < 0 ? piece.text.length : addressLength + 1;
  const address = addresses.text === "" ? null : parseAddressRange(addresses, v6);
  const portText = piece.slice(Math.min(portsAt, piece.text.length));
  return { address, ports: portText.text === "" ? null : parsePortRange(portText) };
}

function parseAddressRange(piece: Piece, v6: boolean): NonNullable<Nat["address"]> {
  const [first, last] = piece.cut("-") ?? [piece, piece];
  const parse = (p: Piece): bigint => {
    const bare = p.text.startsWith("[") ? p.slice(1, p.text.length - 1) : p;
    return v6 ? parseIpv6(bare) : parseIpv4(bare);
  };
  const range = { family: v6 ? 6 : 4, first: parse(first), last: parse(last) } as const;
  if (range.last < range.first) throw last.error("the last address is below the first");
  return range;
}

function parsePortRange(piece: Piece): NonNullable<Nat["ports"]> {
  const [firstText, lastText] = piece.cut("-") ?? [piece, piece];
  const first = Number(parseNumber(firstText, 16, "a port"));
  const last = Number(parseNumber(lastText, 16, "a port"));
  if (last < first) throw lastText.error("the last port is below the first");
  return { first, last };
}
