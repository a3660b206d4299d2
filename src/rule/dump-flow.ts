import type { Action, ModName, Subfield } from "./action.ts";
import { fieldNamed, fullMask } from "./field.ts";
import { formatAction, formatMatch } from "./format.ts";
import { CT_STATE_BITS, type FieldMatch, type Match, TCP_FLAG_BITS } from "./match.ts";
import { formatPort, PORT } from "./port.ts";
import { meets } from "./prerequisite.ts";
import { withPushedTags } from "./pushed-tags.ts";
import { DEFAULT_PRIORITY, type Rule } from "./rule.ts";
import { flagWords, formatMasked, hex } from "./value.ts";

export interface FlowCounts {
  readonly packets: number;
  readonly bytes: number;
}

/**
 * A rule as `ovs-ofctl -O OpenFlow15 dump-flows` of Open vSwitch 3.1 prints it, but for durations and ages: its own
 * spelling of matches, and actions as OpenFlow 1.5 carries them (`load` and `mod_…` are `set_field` there).
 */
export function dumpFlow(rule: Rule, { packets, bytes }: FlowCounts): string {
  const match = dumpMatch(rule.match);
  const priority = rule.priority === DEFAULT_PRIORITY ? [] : [`priority=${rule.priority}`];
  const condition = [...priority, ...(match === "" ? [] : [match])].join(",");
  return [
    ` cookie=${hex(rule.cookie)}, table=${rule.table}, n_packets=${packets}, n_bytes=${bytes}, `,
    rule.idleTimeout ? `idle_timeout=${rule.idleTimeout}, ` : "",
    rule.hardTimeout ? `hard_timeout=${rule.hardTimeout}, ` : "",
    ...(rule.flags ?? []).map((flag) => `${flag} `),
    rule.importance ? `importance=${rule.importance}, ` : "",
    condition === "" ? "" : `${condition} `,
    `actions=${dumpActions(withPushedTags(rule.actions, rule.match), rule.match)}`,
  ].join("");
}

/** Fields that stand before the protocol. */
const FIRST = /^(?:pkt_mark|ct_\w+|conj_id)$/;
/** Fields between the protocol and the port. */
const SECOND = /^(?:reg\d+|tun_id|metadata)$/;

function dumpMatch(match: Match): string {
  const fields = match.fields;
  const part = (chosen: (name: string) => boolean) =>
    fields.filter(({ field }) => chosen(field.name));
  const conditions = (list: readonly FieldMatch[]) => list.flatMap(dumpCondition);
  // The protocol's word is decided by the whole match; `formatMatch` then writes nothing else.
  const protocol = formatMatch({
    inPort: null,
    fields: part((name) => name === "eth_type" || name === "nw_proto"),
  });
  const [word = "", ...unnamed] = protocol.split(",").filter((text) => text !== "");
  const isWord = !word.includes("=");
  const named = isWord && word !== "" ? [word] : [];
  const rest = part((name) => !FIRST.test(name) && !SECOND.test(name) && !isProtocol(name));
  const at = rest.findIndex(({ field }) => !BEFORE_TYPE.has(field.name));
  const [link, behind] = at < 0 ? [rest, []] : [rest.slice(0, at), rest.slice(at)];
  const addresses = behind.findIndex(({ field }) => !ADDRESSES.has(field.name));
  const split = addresses < 0 ? behind.length : addresses;
  const type = [...(isWord ? [] : [word]), ...unnamed];
  return [
    ...conditions(part((name) => FIRST.test(name))),
    ...named,
    ...conditions(part((name) => SECOND.test(name))),
    ...(match.inPort === null ? [] : [`in_port=${formatPort(match.inPort)}`]),
    ...conditions(link),
    ...type.filter((text) => text.startsWith("dl_type")),
    ...conditions(behind.slice(0, split)),
    ...type.filter((text) => !text.startsWith("dl_type")),
    ...conditions(behind.slice(split)),
  ].join(",");
}

const BEFORE_TYPE = new Set(["vlan_tci", "eth_src", "eth_dst"]);
const ADDRESSES = new Set([
  "ip_src",
  "ip_dst",
  "arp_spa",
  "arp_tpa",
  "ipv6_src",
  "ipv6_dst",
  "ipv6_label",
]);

function isProtocol(name: string): boolean {
  return name === "eth_type" || name === "nw_proto";
}

function dumpCondition(condition: FieldMatch): string[] {
  const { field, value, mask } = condition;
  const words = (bits: readonly (readonly [string, number])[]) =>
    flagWords(value, bits)
      .map(([word]) => word)
      .join("|") || "0";
  switch (field.name) {
    case "ct_state":
      if ((mask & 0xffn) === 0xffn) return [`ct_state=${words(CT_STATE_BITS)}`];
      break;
    case "tcp_flags":
      if (mask === fullMask(field)) return [`tcp_flags=${words(TCP_FLAG_BITS)}`];
      break;
    case "ipv6_label": {
      const five = (bits: bigint) => `0x${bits.toString(16).padStart(5, "0")}`;
      return [`ipv6_label=${five(value)}${mask === fullMask(field) ? "" : `/${five(mask)}`}`];
    }
    case "vlan_tci":
      return dumpTci(value, mask);
  }
  return [formatMatch({ inPort: null, fields: [condition] })];
}

function dumpTci(value: bigint, mask: bigint): string[] {
  const four = (bits: bigint) => `0x${bits.toString(16).padStart(4, "0")}`;
  const tagged = value & mask & 0x1000n;
  const [vid, pcp] = [mask & 0xfffn, mask & 0xe000n];
  const whole = (vid === 0n || vid === 0xfffn) && (pcp === 0n || pcp === 0xe000n);
  if (tagged && whole && (vid || pcp)) {
    return [
      ...(vid ? [`dl_vlan=${value & 0xfffn}`] : []),
      ...(pcp ? [`dl_vlan_pcp=${value >> 13n}`] : []),
    ];
  }
  return [`vlan_tci=${four(value)}/${four(mask)}`];
}

function dumpActions(actions: readonly Action[], match: Match): string {
  if (actions.length === 0) return "drop";
  const texts = actions.flatMap((action) => dumpAction(action, match));
  return texts.length === 0 ? "drop" : texts.join(",");
}

function dumpAction(action: Action, match: Match): string[] {
  switch (action.kind) {
    case "output":
      if (action.maxLength !== undefined) break;
      if (action.port === PORT.controller) return ["CONTROLLER:65535"];
      if (typeof action.port === "number" && action.port >= PORT.max)
        return [formatPort(action.port)];
      break;
    case "load":
      return [setField(action.target, action.value)];
    case "mod":
      return [dumpMod(action.name, action.value, match)];
    case "ct": {
      const exec = action.exec.map((inner): Action => asSetField(inner));
      const text = formatAction({ ...action, exec });
      return [text === "ct" ? "ct()" : text];
    }
    case "clone":
    case "write_actions":
      // An empty set is no instruction at all.
      if (action.kind === "write_actions" && action.actions.length === 0) return [];
      return [`${action.kind}(${dumpActions(action.actions, match)})`];
    case "note": {
      // An action is a multiple of 8 bytes long; 10 come before the note.
      const length = Math.ceil((action.bytes.length + 10) / 8) * 8 - 10;
      return [
        formatAction({
          kind: "note",
          bytes: [...action.bytes, ...new Array<number>(length - action.bytes.length).fill(0)],
        }),
      ];
    }
  }
  return [formatAction(action)];
}

/** As OpenFlow 1.2 and later carry it. */
function asSetField(action: Action): Action {
  if (action.kind !== "load") return action;
  const { field, start, bits } = action.target;
  const by = BigInt(start);
  return {
    kind: "set_field",
    field,
    value: action.value << by,
    mask: ((1n << BigInt(bits)) - 1n) << by,
  };
}

function setField(target: Subfield, value: bigint): string {
  const text = formatAction(asSetField({ kind: "load", value, target }));
  const { field, bits } = target;
  // A field that fills no whole number of bytes is never written as a whole.
  return bits === field.bits && bits % 8 !== 0
    ? text.replace("->", `/${hex(fullMask(field))}->`)
    : text;
}

function dumpMod(name: ModName, value: bigint, match: Match): string {
  const set = (field: string, bits: bigint) =>
    `set_field:${formatMasked(fieldNamed(field), bits, fullMask(fieldNamed(field)))}->${field}`;
  const transport = meets(match, "udp") ? "udp" : meets(match, "sctp") ? "sctp" : "tcp";
  switch (name) {
    case "mod_dl_src":
      return set("eth_src", value);
    case "mod_dl_dst":
      return set("eth_dst", value);
    case "mod_nw_src":
      return set("ip_src", value);
    case "mod_nw_dst":
      return set("ip_dst", value);
    case "mod_nw_tos":
      return set("ip_dscp", value >> 2n);
    case "mod_nw_ecn":
      return set("nw_ecn", value);
    case "mod_nw_ttl":
      return `mod_nw_ttl:${value}`;
    case "mod_tp_src":
    case "mod_tp_dst":
      return set(`${transport}_${name.slice(-3)}`, value);
    case "mod_vlan_vid":
      return set("vlan_vid", value | 0x1000n);
    case "mod_vlan_pcp":
      return set("vlan_pcp", value);
  }
}
