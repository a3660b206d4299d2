import { formatIpv4Address } from "../../../src/wire/ip-address.ts";
import { readIpv6Address } from "../../../src/wire/ipv6-address.ts";
import type { Connection } from "./connection.ts";
import { TCP_STATE, TCP_STATE_NAMES } from "./tcp.ts";
import { IPV6, type Tuple } from "./tuple.ts";

const PROTOCOL_NAMES: ReadonlyMap<number, string> = new Map([
  [1, "icmp"],
  [2, "igmp"],
  [6, "tcp"],
  [17, "udp"],
  [58, "icmpv6"],
  [132, "sctp"],
  [136, "udplite"],
]);

/** A connection as a line of `ovs-appctl dpctl/dump-conntrack`. */
export function formatConnection(connection: Connection): string {
  const { original, mark, label } = connection;
  const parts = [
    protocolName(connection),
    `orig=(${formatTuple(original)})`,
    `reply=(${formatTuple(connection.reply)})`,
  ];
  if (original.zone !== 0) parts.push(`zone=${original.zone}`);
  if (mark !== 0) parts.push(`mark=${mark >>> 0}`);
  const labels = labelValue(label);
  if (labels !== 0n) parts.push(`labels=0x${labels.toString(16)}`);
  if (connection.peers !== null) parts.push(`protoinfo=(state=${connectionState(connection)})`);
  return parts.join(",");
}

/** As the dump names it; a number where it has no name. */
export function protocolName({ original }: Connection): string {
  const protocol = original.protocol & ~IPV6;
  return PROTOCOL_NAMES.get(protocol) ?? String(protocol);
}

/** The state of a TCP connection as the dump shows it; empty for other protocols. */
export function connectionState({ peers }: Connection): string {
  if (peers === null) return "";
  const [first, second] = peers;
  return stateName(Math.max(first.state, second.state));
}

/** The dump shows the names of Linux's states where its own differ. */
function stateName(state: number): string {
  if (state === TCP_STATE.finWait2) return TCP_STATE_NAMES[TCP_STATE.timeWait];
  if (state === TCP_STATE.synReceived) return TCP_STATE_NAMES[TCP_STATE.established];
  return TCP_STATE_NAMES[state] ?? String(state);
}

function labelValue(label: Int32Array | null): bigint {
  return (label ?? new Int32Array(4)).reduce((sum, word) => (sum << 32n) | BigInt(word >>> 0), 0n);
}

function formatTuple(tuple: Tuple): string {
  const [source, destination] = tupleAddresses(tuple);
  const addresses = `src=${source},dst=${destination}`;
  const protocol = tuple.protocol & ~IPV6;
  if (protocol !== (tuple.wide === null ? 1 : 58)) {
    return `${addresses},sport=${tuple.sourcePort},dport=${tuple.destinationPort}`;
  }
  return `${addresses},id=${tuple.sourcePort & 0xffff},type=${tuple.sourcePort >> 16},code=0`;
}

/** Source and destination in text. */
export function tupleAddresses(tuple: Tuple): readonly [string, string] {
  const { wide } = tuple;
  if (wide === null) {
    return [formatIpv4Address(tuple.source >>> 0), formatIpv4Address(tuple.destination >>> 0)];
  }
  return [
    formatWide([wide[0]!, wide[1]!, wide[2]!, tuple.source]),
    formatWide([wide[3]!, wide[4]!, wide[5]!, tuple.destination]),
  ];
}

function formatWide(words: readonly number[]): string {
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  for (const [i, word] of words.entries()) view.setInt32(4 * i, word);
  return readIpv6Address(bytes);
}
