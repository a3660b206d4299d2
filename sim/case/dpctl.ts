import { InputError } from "../../src/base/errors.ts";
import type { Connection } from "../switch/conntrack/connection.ts";
import { connectionState, formatConnection, protocolName } from "../switch/conntrack/dump.ts";
import type { Switch } from "../switch/switch.ts";
import { connectionFilter } from "./connection-filter.ts";
import { runIpf } from "./ipf.ts";

/** A `dpctl/…` command of `ovs-appctl` about conntrack; gives what Open vSwitch 3.1 prints. Throws InputError in its words. */
export function runDpctl(
  bridge: Switch,
  command: string,
  all: readonly string[],
  nowMs: number,
): string {
  const { conntrack } = bridge;
  // The datapath's name may stand first.
  const args = all.filter((arg, i) => i > 0 || !/@|^ovs-/.test(arg));
  const live = () => {
    const zone = zoneArgument(args);
    const list = conntrack.table.live(nowMs);
    return zone === null ? list : list.filter(({ original }) => original.zone === zone);
  };
  switch (command) {
    case "ct-enable-tcp-seq-chk":
    case "ct-disable-tcp-seq-chk":
      conntrack.liberal = command === "ct-disable-tcp-seq-chk";
      return `${conntrack.liberal ? "disabling" : "enabling"} TCP sequence checking successful\n`;
    case "ct-get-tcp-seq-chk":
      return `TCP sequence checking: ${conntrack.liberal ? "disabled" : "enabled"}\n`;
    case "ct-set-maxconns":
      conntrack.connectionsMax = whole(args[0], "maxconns missing or malformed");
      return "setting maxconns successful\n";
    case "ct-get-maxconns":
      return `${conntrack.connectionsMax}\n`;
    case "ct-get-nconns":
      return `${live().length}\n`;
    case "ct-set-limits":
      return setLimits(bridge, args);
    case "ct-del-limits":
      for (const zone of zoneList(args)) conntrack.zoneLimits.delete(zone);
      return "";
    case "ct-get-limits":
      conntrack.table.sweep(nowMs);
      return limits(bridge, args);
    case "ct-stats-show":
      return statistics(live(), args.includes("-m") || args.includes("--more"));
    case "dump-conntrack":
      return live()
        .map((connection) => `${formatConnection(connection)}\n`)
        .join("");
    case "flush-conntrack": {
      const chosen = connectionFilter(args);
      for (const connection of conntrack.table.live(nowMs))
        if (chosen(connection)) conntrack.table.remove(connection);
      return "";
    }
    default:
      if (command.startsWith("ipf-")) return runIpf(bridge.fragments, command, args);
      throw new InputError(`the simulator does not know the command dpctl/${command}`);
  }
}

function zoneArgument(args: readonly string[]): number | null {
  const text = args.find((arg) => arg.startsWith("zone="));
  return text === undefined ? null : whole(text.slice("zone=".length), "failed to parse zone");
}

/** `zone=1,2,5`. */
function zoneList(args: readonly string[]): number[] {
  const [text] = args;
  if (text === undefined) return [];
  if (!text.startsWith("zone=")) throw new InputError(`invalid argument ${text}`);
  return text
    .slice("zone=".length)
    .split(",")
    .map((zone) => whole(zone, "failed to parse zone") & 0xffff);
}

/** `default=10 zone=1,limit=5 zone=2,limit=3`. */
function setLimits({ conntrack }: Switch, args: readonly string[]): string {
  const wanted: (() => void)[] = [];
  for (const [i, arg] of args.entries()) {
    const standard = /^default=(.*)$/.exec(arg);
    if (standard !== null && i === 0) {
      const limit = whole(standard[1]?.split(",")[0], "invalid default limit");
      wanted.push(() => conntrack.zoneLimits.setDefault(limit));
      continue;
    }
    const own = /^zone=(\d+),limit=(\d+)$/.exec(arg);
    if (own === null) throw new InputError("failed to parse zone limit");
    const [zone, limit] = [Number(own[1]) & 0xffff, Number(own[2])];
    wanted.push(() => conntrack.zoneLimits.set(zone, limit));
  }
  for (const set of wanted) set();
  return "";
}

function limits({ conntrack }: Switch, args: readonly string[]): string {
  const { zoneLimits } = conntrack;
  const zones = args.length === 0 ? zoneLimits.zones : zoneList(args);
  const lines = zones.map((zone) => {
    const pool = zoneLimits.pool(zone);
    return `zone=${zone},limit=${pool?.limit ?? 0},count=${pool?.count ?? 0}\n`;
  });
  return `default limit=${zoneLimits.defaultLimit}\n${lines.join("")}`;
}

/** The order in which Open vSwitch lists protocols. */
const STATISTICS = ["tcp", "udp", "sctp", "icmp", "icmpv6", "udplite", "dccp", "igmp"];

function statistics(connections: readonly Connection[], more: boolean): string {
  const names = new Map([...Map.groupBy(connections, protocolName)]);
  const lines = ["Connections Stats:", `    Total: ${connections.length}`];
  for (const name of STATISTICS) {
    const list = names.get(name);
    if (list === undefined) continue;
    lines.push(`  ${LABELS[name] ?? name.toUpperCase()}: ${list.length}`);
    if (!more || name !== "tcp") continue;
    lines.push("    Conn per TCP states:");
    for (const [state, those] of [...Map.groupBy(list, connectionState)].sort(byState))
      lines.push(`\t  [${state}]=${those.length}`);
  }
  const others = connections.filter((one) => !STATISTICS.includes(protocolName(one))).length;
  if (others > 0) lines.push(`  Other: ${others}`);
  return `${lines.join("\n")}\n`;
}

const LABELS: Readonly<Record<string, string>> = { icmpv6: "ICMPv6", udplite: "UDPLite" };

const STATES = [
  ..."CLOSED LISTEN SYN_SENT SYN_RECV ESTABLISHED CLOSE_WAIT FIN_WAIT_1 CLOSING LAST_ACK".split(
    " ",
  ),
  "FIN_WAIT_2",
  "TIME_WAIT",
];

function byState([a]: [string, unknown], [b]: [string, unknown]): number {
  return STATES.indexOf(a) - STATES.indexOf(b);
}

function whole(text: string | undefined, complaint: string): number {
  if (text === undefined || !/^\d+$/.test(text)) throw new InputError(complaint);
  return Number(text);
}
