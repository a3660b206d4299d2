import type {
  Action,
  ControllerAction,
  CtAction,
  LearnAction,
  LearnSource,
  LearnSpec,
  Nat,
  Subfield,
} from "./action.ts";
import { fullMask } from "./field.ts";
import { exactValue, type FieldMatch, type Match, SHORTHANDS } from "./match.ts";
import { formatPort } from "./port.ts";
import { DEFAULT_PRIORITY, type Rule } from "./rule.ts";
import { formatIpv4, formatIpv6, formatMac, formatMasked, hex, number } from "./value.ts";

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
      return formatOutput(action);
    case "output_field":
      return `output:${formatSubfield(action.source)}`;
    case "in_port":
    case "normal":
    case "flood":
    case "all":
    case "local":
      return action.kind.toUpperCase();
    case "controller":
      return formatController(action);
    case "group":
      return `group:${action.group}`;
    case "resubmit":
      return formatResubmit(action);
    case "goto_table":
      return `goto_table:${action.table}`;
    case "set_field": {
      const { field } = action;
      return `set_field:${formatNewValue(action)}->${field.name}`;
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
      return action.controllers === undefined ? "dec_ttl" : `dec_ttl(${action.controllers.join()})`;
    case "set_queue":
      return `set_queue:${action.queue}`;
    case "pop_queue":
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
      return `note:${formatBytes(action.bytes)}`;
    case "clone":
    case "write_actions":
      return `${action.kind}(${formatActions(action.actions)})`;
    case "write_metadata": {
      const full = action.mask === (1n << 64n) - 1n;
      return `write_metadata:${number(action.value)}${full ? "" : `/${number(action.mask)}`}`;
    }
  }
}

function formatNewValue({ field, value, mask }: Extract<Action, { kind: "set_field" }>): string {
  if (field.format === "port") return String(value);
  if (field.format === "decimal" && mask !== fullMask(field)) return `${value}/${hex(mask)}`;
  return formatMasked(field, value, mask);
}

function formatOutput({ port, maxLength }: Extract<Action, { kind: "output" }>): string {
  const text = formatPort(port);
  return maxLength === undefined ? `output:${text}` : `output(port=${text},max_len=${maxLength})`;
}

function formatController({ maxLength, reason, id, userdata = [] }: ControllerAction): string {
  if (reason === undefined && id === undefined && userdata.length === 0)
    return `CONTROLLER:${maxLength}`;
  const parts: string[] = [];
  if (reason !== undefined) parts.push(`reason=${reason}`);
  if (maxLength !== 65535) parts.push(`max_len=${maxLength}`);
  if (id !== undefined) parts.push(`id=${id}`);
  if (userdata.length > 0) parts.push(`userdata=${formatBytes(userdata)}`);
  return `controller(${parts.join()})`;
}

function formatBytes(bytes: readonly number[]): string {
  return bytes.map((byte) => byte.toString(16).padStart(2, "0")).join(".");
}

function formatResubmit({ port, table, ct }: Extract<Action, { kind: "resubmit" }>): string {
  const from = port === null ? "" : formatPort(port);
  if (table === null && ct === undefined) return `resubmit:${from}`;
  return `resubmit(${from},${table ?? ""}${ct ? ",ct" : ""})`;
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
  const nat = action.nat === null ? [] : [formatNat(action.nat)];
  if (!action.natLast) parts.push(...nat);
  const inner = [...action.exec.map(formatAction), ...(action.natLast ? nat : [])];
  if (inner.length > 0) parts.push(`exec(${inner.join()})`);
  if (action.alg !== undefined) parts.push(`alg=${action.alg}`);
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
    address.family === 4
      ? formatIpv4(value)
      : ports === null
        ? formatIpv6(value)
        : `[${formatIpv6(value)}]`;
  const last = address.last === address.first ? "" : `-${write(address.last)}`;
  return `=${write(address.first)}${last}${portText}`;
}

function formatLearn(action: LearnAction): string {
  const parts = [`table=${action.table}`];
  if (action.idleTimeout > 0) parts.push(`idle_timeout=${action.idleTimeout}`);
  if (action.hardTimeout > 0) parts.push(`hard_timeout=${action.hardTimeout}`);
  if (action.priority !== DEFAULT_PRIORITY) parts.push(`priority=${action.priority}`);
  if (action.sendFlowRem) parts.push("send_flow_rem");
  if (action.cookie !== 0n) parts.push(`cookie=${hex(action.cookie)}`);
  for (const spec of action.specs) {
    if (spec.kind === "output") parts.push(`output:${formatSubfield(spec.source)}`);
    else if (spec.kind === "load") {
      parts.push(`load:${formatSource(spec.source)}->${formatSubfield(spec.target)}`);
    } else parts.push(formatLearnMatch(spec));
  }
  return `learn(${parts.join(",")})`;
}

function formatLearnMatch({ target, source }: Extract<LearnSpec, { kind: "match" }>): string {
  const { field, bits } = target;
  if ("value" in source && bits === field.bits) {
    const port = field.format === "port" ? String(source.value) : null;
    return `${field.name}=${port ?? formatMasked(field, source.value, fullMask(field))}`;
  }
  const [to, from] = [formatSubfield(target), formatSource(source)];
  return to === from ? to : `${to}=${from}`;
}

function formatSource(source: LearnSource): string {
  return "value" in source ? number(source.value) : formatSubfield(source);
}
