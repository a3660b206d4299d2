import { FIELDS, type Field, fieldNamed } from "../../src/rule/field.ts";
import { CT_STATE_BITS, ETH_TYPE } from "../../src/rule/match.ts";
import { formatPort } from "../../src/rule/port.ts";
import { formatMasked } from "../../src/rule/value.ts";
import { CT_STATE, readBits, W } from "../switch/layout.ts";
import type { PacketIn } from "../switch/output.ts";

/** As `ovs-ofctl monitor` prints a packet-in (ofp-packet.c, match.c), from the table to the reason. */
export function packetInMeta({ reason, table, cookie, totalBytes, key }: PacketIn): string {
  return [
    ...(table === 0 ? [] : [`table_id=${table}`]),
    ...(cookie === null ? [] : [`cookie=0x${cookie.toString(16)}`]),
    `total_len=${totalBytes}`,
    metadata(key).join(","),
    `(via ${reason})`,
  ].join(" ");
}

/** What is not zero of the fields that do not come from the packet's bytes. */
function metadata(key: Int32Array): string[] {
  const state = key[W.ctState]!;
  return [
    ...present(key, ["pkt_mark"]),
    ...(state === 0 ? [] : [`ct_state=${stateWords(state)}`]),
    ...(key[W.ctZone] === 0 ? [] : [`ct_zone=${key[W.ctZone]}`]),
    ...present(key, ["ct_mark", "ct_label"]),
    ...(state === 0 ? [] : tuple(key)),
    ...present(key, REGISTERS),
    ...present(key, ["tun_id", "metadata"]),
    `in_port=${formatPort(key[W.inPort]!)}`,
    ...(state === 0 || protocolWord(key) !== null ? [] : [typeText(key)]),
  ];
}

/** A word for the type, which stands where the protocol's fields end. */
function protocolWord(key: Int32Array): string | null {
  const family = key[W.ethType];
  return family === ETH_TYPE.ipv4 ? "ip" : family === ETH_TYPE.ipv6 ? "ipv6" : null;
}

function typeText(key: Int32Array): string {
  return `dl_type=0x${key[W.ethType]!.toString(16).padStart(4, "0")}`;
}

const REGISTERS = FIELDS.filter(({ name }) => /^reg\d+$/.test(name)).map(({ name }) => name);

const CT_VALID = CT_STATE.new | CT_STATE.est | CT_STATE.rpl;

/** The original direction of the packet's connection, and the protocol that gives it its meaning. */
function tuple(key: Int32Array): string[] {
  const word = protocolWord(key);
  const protocol = word === null ? [] : [word];
  // Open vSwitch takes it that one of these is there when there is a connection (flow.h, is_ct_valid): of an error about
  // its original direction that is not so.
  if (key[W.ctProto] === 0 || (key[W.ctState]! & CT_VALID) === 0) return protocol;
  const names = word === "ipv6" ? ["ct_ipv6_src", "ct_ipv6_dst"] : ["ct_nw_src", "ct_nw_dst"];
  return [
    ...[...names, "ct_nw_proto", "ct_tp_src", "ct_tp_dst"].map((name) =>
      shown(key, fieldNamed(name)),
    ),
    ...protocol,
  ];
}

function present(key: Int32Array, names: readonly string[]): string[] {
  return names
    .map(fieldNamed)
    .filter((field) => readBits(key, field, 0, field.bits) !== 0n)
    .map((field) => shown(key, field));
}

function shown(key: Int32Array, field: Field): string {
  const mask = (1n << BigInt(field.bits)) - 1n;
  return `${field.name}=${formatMasked(field, readBits(key, field, 0, field.bits), mask)}`;
}

function stateWords(state: number): string {
  return CT_STATE_BITS.filter(([, bit]) => (state & bit) !== 0)
    .map(([word]) => word)
    .join("|");
}
