import type { Action, CtAction, LearnAction, LearnSource, Nat, Subfield } from "./action.ts";
import { exactValue, type FieldMatch, type Match, SHORTHANDS } from "./match.ts";
import { formatPort } from "./port.ts";
import { DEFAULT_PRIORITY, type Rule } from "./rule.ts";
import { formatIpv4, formatIpv6, formatMac, formatMasked, hex } from "./value.ts";

/** A rule as `ovs-ofctl` reads it: `parseRule` gives the same rule back. */
export function formatRule(rule: Rule): string {
  const parts = [`table=${rule.table}`];
  if (rule.cookie !== 0n) parts.push(`cookie=${hex(rule.cookie)}`);
  if (rule.idleTimeout) parts.push(`idle_timeout=${rule.idleTimeout}`);
  if (rule.hardTimeout) parts.push(`hard_timeout=${rule.hardTimeout}`);
  if (rule.priority !== DEFAULT_PRIORITY) parts.push(`priority=${rule.priority}`);
  if (rule.importance) parts.push(`importance=${rule.importance}`);
  parts.push(...(rule.flags ?? []));
  const match = formatMatch(rule.match);
  if (match !== "") parts.push(match);
  return `${parts.join(",")},actions=${formatActions(rule.actions)}`;
}

/** One rule a line. */
export function formatRules(rules: readonly Rule[]): string {
  return rules.map((rule) => `${formatRule(rule)}\n`).join("");
}

/** The match in ovs-ofctl's words, `""` for every packet. */
export function formatMatch(match: Match): string {
  const parts: string[] = [];
  const [shorthand, implied] = protocolOf(match);
  if (shorthand !== null) parts.push(shorthand);
  if (match.inPort !== null) parts.push(`in_port=${formatPort(match.inPort)}`);
  for (const condition of match.fields) {
    if (!implied.includes(condition.field.name)) parts.push(...formatCondition(condition));
  }
  return parts.join(",");
}

/** The shortest word for the protocol, and the fields that it stands for. */
function protocolOf(match: Match): readonly [string | null, readonly string[]] {
  const ethType = exactValue(match, "eth_type");
  if (ethType === null) return [null, []];
  const ipProto = exactValue(match, "nw_proto");
  let best: readonly [string | null, readonly string[]] = [null, []];
  for (const [word, [type, proto]] of SHORTHANDS) {
    if (type !== ethType) continue;
    if (proto === ipProto && proto !== null) return [word, ["eth_type", "nw_proto"]];
    if (proto === null && best[0] === null) best = [word, ["eth_type"]];
  }
  return best;
}

/** Names that dump-flows writes instead of the field's own. */
const MATCH_NAMES: Readonly<Record<string, string>> = {
  eth_src: "dl_src",
  eth_dst: "dl_dst",
  eth_type: "dl_type",
  ip_src: "nw_src",
  ip_dst: "nw_dst",
  ip_frag: "nw_frag",
  tcp_src: "tp_src",
  tcp_dst: "tp_dst",
  udp_src: "tp_src",
  udp_dst: "tp_dst",
  sctp_src: "tp_src",
  sctp_dst: "tp_dst",
  icmpv6_type: "icmp_type",
  icmpv6_code: "icmp_code",
};

function formatCondition({ field, value, mask }: FieldMatch): string[] {
  if (field.name === "vlan_tci") return formatTci(value, mask);
  if (field.name === "nw_tos") return [`nw_tos=${value}`];
  const name = MATCH_NAMES[field.name] ?? field.name;
  if (field.name === "eth_type") return [`${name}=0x${value.toString(16).padStart(4, "0")}`];
  if (field.name === "ct_zone") return [`${name}=${value}`];
  return [`${name}=${formatMasked(field, value, mask)}`];
}

function formatTci(value: bigint, mask: bigint): string[] {
  const tagged = (value & 0x1000n) !== 0n;
  const vlan = `dl_vlan=${value & 0xfffn}`;
  const priority = `dl_vlan_pcp=${value >> 13n}`;
  if (tagged && mask === 0x1fffn) return [vlan];
  if (tagged && mask === 0xf000n) return [priority];
  if (tagged && mask === 0xffffn) return [vlan, priority];
  return [
    `vlan_tci=0x${value.toString(16).padStart(4, "0")}/0x${mask.toString(16).padStart(4, "0")}`,
  ];
}

/** The list after `actions=`. */
export function formatActions(actions: readonly Action[]): string {
  return actions.length === 0 ? "drop" : actions.map(formatAction).join(",");
}

export function formatAction(action: Action): string {
  switch (action.kind) {
    case "output":
      return `output:${formatPort(action.port)}`;
    case "output_field":
      return `output:${formatSubfield(action.source)}`;
    case "in_port":
    case "normal":
    case "flood":
    case "all":
    case "local":
      return action.kind.toUpperCase();
    case "controller":
      return `CONTROLLER:${action.maxLength}`;
    case "group":
      return `group:${action.group}`;
    case "resubmit":
      return formatResubmit(action.port === null ? "" : formatPort(action.port), action.table);
    case "goto_table":
      return `goto_table:${action.table}`;
    case "set_field": {
      const { field } = action;
      const value =
        field.format === "port"
          ? String(action.value)
          : formatMasked(field, action.value, action.mask);
      return `set_field:${value}->${field.name}`;
    }
    case "move":
      return `move:${formatSubfield(action.source)}->${formatSubfield(action.target)}`;
    case "load":
      return `load:${hex(action.value)}->${formatSubfield(action.target)}`;
    case "mod":
      return `${action.name}:${formatModValue(action.name, action.value)}`;
    case "push":
    case "pop":
      return `${action.kind}:${formatSubfield(action.subfield)}`;
    case "dec_ttl":
    case "pop_vlan":
    case "ct_clear":
    case "clear_actions":
    case "exit":
      return action.kind;
    case "push_vlan":
      return `push_vlan:${hex(BigInt(action.ethType))}`;
    case "ct":
      return formatCt(action);
    case "learn":
      return formatLearn(action);
    case "note":
      return `note:${action.bytes.map((b) => b.toString(16).padStart(2, "0")).join(".")}`;
    case "clone":
    case "write_actions":
      return `${action.kind}(${formatActions(action.actions)})`;
    case "write_metadata": {
      const full = action.mask === (1n << 64n) - 1n;
      return `write_metadata:${hex(action.value)}${full ? "" : `/${hex(action.mask)}`}`;
    }
  }
}

function formatResubmit(port: string, table: number | null): string {
  return table === null ? `resubmit:${port}` : `resubmit(${port},${table})`;
}

export function formatSubfield({ field, start, bits }: Subfield): string {
  if (start === 0 && bits === field.bits) return `${field.nxm}[]`;
  return bits === 1 ? `${field.nxm}[${start}]` : `${field.nxm}[${start}..${start + bits - 1}]`;
}

function formatModValue(name: string, value: bigint): string {
  if (name.startsWith("mod_dl")) return formatMac(value);
  return name === "mod_nw_src" || name === "mod_nw_dst" ? formatIpv4(value) : String(value);
}

function formatCt(action: CtAction): string {
  const parts: string[] = [];
  if (action.commit) parts.push("commit");
  if (action.force) parts.push("force");
  if (action.table !== null) parts.push(`table=${action.table}`);
  if (typeof action.zone !== "number") parts.push(`zone=${formatSubfield(action.zone)}`);
  else if (action.zone !== 0) parts.push(`zone=${action.zone}`);
  if (action.nat !== null) parts.push(formatNat(action.nat));
  if (action.exec.length > 0) parts.push(`exec(${formatActions(action.exec)})`);
  return parts.length === 0 ? "ct" : `ct(${parts.join(",")})`;
}

function formatNat(nat: Nat): string {
  if (nat.kind === null) return "nat";
  const parts = [nat.kind + formatNatRange(nat)];
  if (nat.persistent) parts.push("persistent");
  if (nat.choice !== null) parts.push(nat.choice);
  return `nat(${parts.join(",")})`;
}

function formatNatRange({ address, ports }: Nat): string {
  if (address === null && ports === null) return "";
  const portText =
    ports === null ? "" : `:${ports.first}${ports.last === ports.first ? "" : `-${ports.last}`}`;
  if (address === null) return `=${portText}`;
  const write = (value: bigint): string =>
    address.family === 4 ? formatIpv4(value) : `[${formatIpv6(value)}]`;
  const last = address.last === address.first ? "" : `-${write(address.last)}`;
  return `=${write(address.first)}${last}${portText}`;
}

function formatLearn(action: LearnAction): string {
  const parts = [`table=${action.table}`];
  if (action.idleTimeout > 0) parts.push(`idle_timeout=${action.idleTimeout}`);
  if (action.hardTimeout > 0) parts.push(`hard_timeout=${action.hardTimeout}`);
  if (action.priority !== DEFAULT_PRIORITY) parts.push(`priority=${action.priority}`);
  if (action.cookie !== 0n) parts.push(`cookie=${hex(action.cookie)}`);
  for (const spec of action.specs) {
    if (spec.kind === "output") parts.push(`output:${formatSubfield(spec.source)}`);
    else if (spec.kind === "load") {
      parts.push(`load:${formatSource(spec.source)}->${formatSubfield(spec.target)}`);
    } else parts.push(`${formatSubfield(spec.target)}=${formatSource(spec.source)}`);
  }
  return `learn(${parts.join(",")})`;
}

function formatSource(source: LearnSource): string {
  return "value" in source ? hex(source.value) : formatSubfield(source);
}
