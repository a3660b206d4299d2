import type { Action, ModName } from "./action.ts";
import {
  type ActionContext,
  type ActionParser,
  arrow,
  type Call,
  hasPrerequisite,
  needArgument,
} from "./call.ts";
import { type Field, fieldNamed, fullMask, type Prerequisite } from "./field.ts";
import { parsePort } from "./parse-match.ts";
import { parseFieldName, parseSubfield } from "./parse-subfield.ts";
import { type Piece, splitList } from "./piece.ts";
import { parseIpv4, parseMac, parseMasked, parseNumber } from "./value.ts";

/** Actions that change the packet or what is known of it. */
export const parseChanges: readonly (readonly [string, ActionParser])[] = [
  ["set_field", parseSetField],
  ["move", parseMove],
  ["load", parseLoad],
  ["push", (call, context) => parseStack("push", call, context)],
  ["pop", (call, context) => parseStack("pop", call, context)],
  ["mod_dl_src", mod("mod_dl_src", parseMac, [])],
  ["mod_dl_dst", mod("mod_dl_dst", parseMac, [])],
  ["mod_nw_src", mod("mod_nw_src", parseIpv4, ["ipv4"])],
  ["mod_nw_dst", mod("mod_nw_dst", parseIpv4, ["ipv4"])],
  ["mod_nw_tos", mod("mod_nw_tos", parseTos, ["ip"])],
  ["mod_nw_ecn", mod("mod_nw_ecn", bits(2), ["ip"])],
  ["mod_nw_ttl", mod("mod_nw_ttl", bits(8), ["ip"])],
  ["mod_tp_src", mod("mod_tp_src", bits(16), ["tcp", "udp", "sctp"])],
  ["mod_tp_dst", mod("mod_tp_dst", bits(16), ["tcp", "udp", "sctp"])],
  ["mod_vlan_vid", mod("mod_vlan_vid", bits(12), [], true)],
  ["set_vlan_vid", mod("mod_vlan_vid", bits(12), [], true)],
  ["mod_vlan_pcp", mod("mod_vlan_pcp", bits(3), [], true)],
  ["set_vlan_pcp", mod("mod_vlan_pcp", bits(3), [], true)],
  ["strip_vlan", parsePopVlan],
  ["pop_vlan", parsePopVlan],
  ["push_vlan", parsePushVlan],
  ["dec_ttl", parseDecTtl],
  ["set_tunnel", parseSetTunnel],
  ["set_tunnel64", parseSetTunnel],
];

function mod(
  name: ModName,
  parse: (piece: Piece) => bigint,
  prerequisites: readonly Prerequisite[],
  tags = false,
): ActionParser {
  return (call, context) => {
    const met =
      prerequisites.length === 0 || prerequisites.some((p) => hasPrerequisite(context, p));
    if (!met)
      throw call.name.error(`${name} needs ${prerequisites.join(" or ")} in the rule's match`);
    const value = parse(needArgument(call, `${name}:VALUE`));
    if (tags) context.packet.tags ||= 1;
    return { kind: "mod", name, value };
  };
}

function bits(count: number): (piece: Piece) => bigint {
  return (piece) => parseNumber(piece, count);
}

/** The two lowest bits are ECN's. */
function parseTos(piece: Piece): bigint {
  const value = parseNumber(piece, 8);
  if ((value & 3n) !== 0n) throw piece.expected("a multiple of 4: the two lowest bits are nw_ecn");
  return value;
}

function parseSetField(call: Call, context: ActionContext): Action {
  const [text, name] = arrow(needArgument(call, "set_field:VALUE->FIELD"));
  const field = parseFieldName(name, context, true);
  if (field.format === "port") {
    const port = parsePort(text, context.ports, context.version);
    if (typeof port === "string") throw text.expected("a port number");
    return { kind: "set_field", field, value: BigInt(port), mask: fullMask(field) };
  }
  const { value, mask } = parseMasked(field, text, field.maskable || context.dumped);
  if ((value & ~mask) !== 0n) throw text.error("the value has bits outside its mask");
  if (mask === 0n) throw text.error("the mask has no bit");
  if (field.name === "vlan_vid") {
    if (!hasPrerequisite(context, "vlan"))
      throw name.error("vlan_vid needs a VLAN tag, from the rule's match or push_vlan");
    if ((value & 0x1000n) === 0n)
      throw text.error("vlan_vid needs the bit 0x1000, which says that there is a tag");
  }
  checkTos(field, value, text);
  seeTag(field, value, mask, context);
  return { kind: "set_field", field, value, mask };
}

function checkTos({ name }: Field, value: bigint, at: Piece): void {
  if (name === "nw_tos" && (value & 3n) !== 0n)
    throw at.expected("a multiple of 4: the two lowest bits are nw_ecn");
}

function seeTag({ name }: Field, value: bigint, mask: bigint, { packet }: ActionContext): void {
  if (name !== "vlan_tci" || (mask & 0x1000n) === 0n) return;
  packet.tags = (value & 0x1000n) === 0n ? 0 : packet.tags || 1;
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
  const value = parseNumber(text, target.bits);
  const { field, start, bits: count } = target;
  const by = BigInt(start);
  if (field.name === "vlan_vid")
    throw to.error("vlan_vid needs the bit 0x1000, which only set_field gives it");
  checkTos(field, value << by, text);
  seeTag(field, value << by, ((1n << BigInt(count)) - 1n) << by, context);
  return { kind: "load", value, target };
}

function parseStack(kind: "push" | "pop", call: Call, context: ActionContext): Action {
  const argument = needArgument(call, `${kind}:FIELD[]`);
  return { kind, subfield: parseSubfield(argument, context, kind === "pop") };
}

function parseDecTtl(call: Call, context: ActionContext): Action {
  if (!hasPrerequisite(context, "ip"))
    throw call.name.error(`${call.name.text} needs ip or ipv6 in the rule's match`);
  if (call.argument === null || call.argument.text === "") return { kind: "dec_ttl" };
  const ids = splitList(call.argument).map((id) =>
    Number(parseNumber(id, 16, "a controller's id")),
  );
  return { kind: "dec_ttl", controllers: ids };
}

function parsePopVlan(call: Call, context: ActionContext): Action {
  if (call.argument !== null) throw call.argument.error(`${call.name.text} takes no argument`);
  const { packet } = context;
  if (packet.tags === 0 && packet.pushed)
    throw call.name.error(`${call.name.text} without a VLAN tag left`);
  packet.tags = Math.max(0, packet.tags - 1);
  return { kind: "pop_vlan" };
}

/** Open vSwitch knows two. */
const TAGS_MAX = 2;

function parsePushVlan(call: Call, context: ActionContext): Action {
  const argument = needArgument(call, "push_vlan:0x8100");
  const ethType = Number(parseNumber(argument, 16));
  if (ethType !== 0x8100 && ethType !== 0x88a8) throw argument.expected("0x8100 or 0x88a8");
  const { packet } = context;
  if (packet.tags >= TAGS_MAX) throw call.name.error(`a packet has ${TAGS_MAX} VLAN tags at most`);
  packet.tags++;
  packet.pushed = true;
  return { kind: "push_vlan", ethType };
}

function parseSetTunnel(call: Call): Action {
  const field = fieldNamed("tun_id");
  const value = parseNumber(needArgument(call, "set_tunnel:1"), 64);
  return { kind: "set_field", field, value, mask: fullMask(field) };
}
