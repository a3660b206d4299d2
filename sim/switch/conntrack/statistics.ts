import type { Connection } from "./connection.ts";
import { connectionState, protocolName } from "./dump.ts";
import { TCP_STATE_NAMES } from "./tcp.ts";

/** In the order in which Open vSwitch lists them. It counts ICMPv6 in the total only. */
const LISTED = ["tcp", "udp", "udplite", "sctp", "icmp", "dccp", "igmp"];
const UNLISTED = "icmpv6";

/** What `dpctl/ct-stats-show` prints of these connections; `more`: TCP by states, too. */
export function connectionStatistics(connections: readonly Connection[], more: boolean): string {
  const byName = Map.groupBy(connections, protocolName);
  const lines = ["Connections Stats:", `    Total: ${connections.length}`];
  for (const name of LISTED) {
    const list = byName.get(name);
    if (list === undefined) continue;
    lines.push(`  ${name.toUpperCase()}: ${list.length}`);
    if (!more || name !== "tcp") continue;
    lines.push("    Conn per TCP states:");
    const states = [...Map.groupBy(list, connectionState)].sort(byState);
    for (const [state, those] of states) lines.push(`\t  [${state}]=${those.length}`);
  }
  const others = connections
    .map(protocolName)
    .filter((name) => !LISTED.includes(name) && name !== UNLISTED);
  if (others.length > 0) lines.push(`  Other: ${others.length}`);
  return `${lines.join("\n")}\n`;
}

function byState([a]: [string, unknown], [b]: [string, unknown]): number {
  const names: readonly string[] = TCP_STATE_NAMES;
  return names.indexOf(a) - names.indexOf(b);
}

const BUCKETS_HEAD = `+-----------+-----------------------------------------+
|  Buckets  |         Connections per Buckets         |
+-----------+-----------------------------------------+
`;

/** What `dpctl/ct-bkts` prints: user space shows one bucket. Fewer connections than `atLeast` are shown as a dot. */
export function bucketTable(connections: number, atLeast: number): string {
  const head = `Total Buckets: 1\nCurrent Connections: ${connections}\n\n`;
  if (connections === 0) return head;
  const count = connections > atLeast ? String(connections) : ".";
  return `${head}${BUCKETS_HEAD}   0..  7   | ${count.padStart(5)}\n\n`;
}
