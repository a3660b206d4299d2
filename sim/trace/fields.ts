import { FIELDS, type Field, fullMask } from "../../src/rule/field.ts";
import { formatMatch } from "../../src/rule/format.ts";
import { CT_STATE_BITS, type FieldMatch, TCP_FLAG_BITS } from "../../src/rule/match.ts";
import type { Change, CtView } from "../../src/trace/record.ts";
import { hasFields } from "../switch/has-fields.ts";
import { extractKey } from "../switch/key.ts";
import { readBits, W, WORDS } from "../switch/layout.ts";
import { Packet } from "../switch/packet.ts";

/** Shown by other names: parts of another field, or (conntrack's) beside the flow. */
const NOT_SHOWN = /^(xreg|xxreg|ct_)|^(vlan_vid|vlan_pcp|ip_dscp|in_port|in_port_oxm|tcp_flags)$/;
const SHOWN: readonly Field[] = FIELDS.filter(({ name }) => !NOT_SHOWN.test(name));

/** Which never change, because no action can. */
const FIXED: ReadonlySet<string> = new Set(["eth_type", "nw_proto", "ip_frag"]);

/** Worth a word even where they are zero. */
const ALWAYS: ReadonlySet<string> = new Set([
  "eth_type",
  "nw_proto",
  "eth_src",
  "eth_dst",
  "ip_src",
  "ip_dst",
  "arp_op",
]);

/** The key of a packet of which nothing but its bytes is known. */
export function keyOf(bytes: Uint8Array): Int32Array {
  const key = new Int32Array(WORDS);
  extractKey(new Packet(bytes), key);
  return key;
}

/** A key in ovs-ofctl's words, as `ofproto/trace` prints it: conntrack's fields first, zero fields left out. */
export function flowText(key: Int32Array): string {
  const fields: FieldMatch[] = [];
  for (const field of SHOWN) {
    if (!hasFields(key, field.prerequisite)) continue;
    const value = readBits(key, field, 0, field.bits);
    if (value !== 0n || ALWAYS.has(field.name))
      fields.push({ field, value, mask: fullMask(field) });
  }
  const flow = formatMatch({ inPort: key[W.inPort] ?? 0, fields });
  const flags = hasFields(key, "tcp") ? `,tcp_flags=${tcpFlags(key[W.tcpFlags] ?? 0)}` : "";
  return [...ctWords(viewOfKey(key)), flow].join(",") + flags;
}

function ctWords({ state, zone, mark, label }: CtView): string[] {
  if (state === UNTRACKED) return [];
  const words = [`ct_state=${state}`];
  if (zone !== 0) words.push(`ct_zone=${zone}`);
  if (mark !== "0x0") words.push(`ct_mark=${mark}`);
  if (label !== "0x0") words.push(`ct_label=${label}`);
  return words;
}

/** `syn|ack`. */
function tcpFlags(flags: number): string {
  const words = TCP_FLAG_BITS.filter(([, bit]) => (flags & bit) !== 0).map(([name]) => name);
  return words.length === 0 ? "0" : words.join("|");
}

/** Fields of the second key that have other values than in the first; fields that only one of the two has, too. */
export function changes(before: Int32Array, after: Int32Array): Change[] {
  const found: Change[] = [];
  for (const field of SHOWN) {
    if (FIXED.has(field.name)) continue;
    const was = valueText(before, field);
    const is = valueText(after, field);
    if (was !== is)
      found.push({
        field: (is ?? was)?.[0] ?? field.name,
        before: was?.[1] ?? "",
        after: is?.[1] ?? "",
      });
  }
  return found.filter((change) => change.before !== change.after);
}

/** Name and value as a match has them; `null`: the packet has no such field. */
function valueText(key: Int32Array, field: Field): readonly [name: string, value: string] | null {
  if (!hasFields(key, field.prerequisite)) return null;
  const value = readBits(key, field, 0, field.bits);
  if (field.name === "vlan_tci")
    return (value & 0x1000n) === 0n ? null : ["dl_vlan", vlanText(value)];
  const text = formatMatch({ inPort: null, fields: [{ field, value, mask: fullMask(field) }] });
  const at = text.indexOf("=");
  return [text.slice(0, at), text.slice(at + 1)];
}

function vlanText(tci: bigint): string {
  const priority = tci >> 13n;
  return `${tci & 0xfffn}${priority === 0n ? "" : ` (priority ${priority})`}`;
}

export const UNTRACKED = "untracked";

/** What conntrack says of the packet now. */
export function viewOfPacket({ ctState, ctZone, ctMark, ctLabel }: Packet): CtView {
  return view(ctState, ctZone, ctMark, ctLabel ?? new Int32Array(4));
}

function viewOfKey(key: Int32Array): CtView {
  const label = key.subarray(W.ctLabel, W.ctLabel + 4);
  return view(key[W.ctState] ?? 0, key[W.ctZone] ?? 0, key[W.ctMark] ?? 0, label);
}

function view(state: number, zone: number, mark: number, label: Int32Array): CtView {
  const wide = label.reduce((sum, word) => (sum << 32n) | BigInt(word >>> 0), 0n);
  return {
    state: state === 0 ? UNTRACKED : stateText(state),
    zone,
    mark: `0x${(mark >>> 0).toString(16)}`,
    label: `0x${wide.toString(16)}`,
  };
}

/** `+trk+new`: "tracked" first, as everything else follows from it. */
function stateText(state: number): string {
  const words = CT_STATE_BITS.filter(([, bit]) => (state & bit) !== 0).map(([name]) => `+${name}`);
  return [
    ...words.filter((word) => word === "+trk"),
    ...words.filter((word) => word !== "+trk"),
  ].join("");
}
