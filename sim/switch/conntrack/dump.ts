import { formatIpv4Address } from "../../../src/wire/ip-address.ts";
import { readIpv6Address } from "../../../src/wire/ipv6-address.ts";
import type { Connection } from "./connection.ts";
import { LINUX_STATE_NAMES } from "./linux-states.ts";
import { SCALE, TCP_STATE, TCP_STATE_NAMES, type TcpPeer } from "./tcp.ts";
import { emptyPeer, readPeers } from "./tcp-ends.ts";
import { IPV6, type Tuple } from "./tuple.ts";

const PROTOCOL_NAMES: ReadonlyMap<number, string> = new Map([
  [1, "icmp"],
  [2, "igmp"],
  [6, "tcp"],
  [17, "udp"],
  [33, "dccp"],
  [58, "icmpv6"],
  [132, "sctp"],
  [136, "udplite"],
]);

export interface DumpOptions {
  /** `-m`: with identifier, status, and both ends of TCP. */
  readonly more?: boolean;
  /** `-s`: with the seconds that are left at this time. */
  readonly leftAtMs?: number;
}

/** A connection as a line of `ovs-appctl dpctl/dump-conntrack`. */
export function formatConnection(connection: Connection): string {
  return formatConnectionWith(connection, {});
}

/** The same with what `-m` and `-s` add. */
export function formatConnectionWith(
  connection: Connection,
  { more = false, leftAtMs }: DumpOptions,
): string {
  const { original, mark, label } = connection;
  const parts = [
    protocolName(connection),
    `orig=(${formatTuple(original)})`,
    `reply=(${formatTuple(connection.reply)})`,
  ];
  // User space has neither, and says 0.
  if (more) parts.push("id=0");
  if (original.zone !== 0) parts.push(`zone=${original.zone}`);
  if (more) parts.push("status=0");
  if (leftAtMs !== undefined)
    parts.push(`timeout=${Math.floor((connection.expiresMs - leftAtMs) / 1_000)}`);
  if (mark !== 0) parts.push(`mark=${mark >>> 0}`);
  const labels = labelValue(label);
  if (labels !== 0n) parts.push(`labels=0x${labels.toString(16)}`);
  const state = more ? bothStates(connection) : `state=${connectionState(connection)}`;
  if (connectionState(connection) !== "") parts.push(`protoinfo=(${state})`);
  return parts.join(",");
}

/** As the dump names it; a number where it has no name. */
export function protocolName({ original }: Connection): string {
  const protocol = original.protocol & ~IPV6;
  return PROTOCOL_NAMES.get(protocol) ?? String(protocol);
}

/** The state of a TCP connection as the dump shows it; empty for other protocols. */
export function connectionState(connection: Connection): string {
  const { linux } = connection;
  if (linux?.tcp != null) return shownState(LINUX_STATE_NAMES[linux.tcp.state]);
  const peers = peersOf(connection);
  return peers === null ? "" : shownState(TCP_STATE_NAMES[Math.max(...peers.map((p) => p.state))]);
}

/** The end that began, and the other; `null` without TCP in user space. */
function peersOf(connection: Connection): readonly [TcpPeer, TcpPeer] | null {
  const peers = [emptyPeer(), emptyPeer()] as const;
  return readPeers(connection, false, ...peers) ? peers : null;
}

/** Where Linux and user space see the same differently, the dump shows one name. */
function shownState(name: string | undefined): string {
  if (name === TCP_STATE_NAMES[TCP_STATE.finWait2]) return TCP_STATE_NAMES[TCP_STATE.timeWait];
  if (name === TCP_STATE_NAMES[TCP_STATE.synReceived])
    return TCP_STATE_NAMES[TCP_STATE.established];
  return name ?? "";
}

/** `-m`: as the two ends are. */
function bothStates(connection: Connection): string {
  const { linux } = connection;
  if (linux?.tcp != null) {
    const name = LINUX_STATE_NAMES[linux.tcp.state];
    return `state_orig=${name},state_reply=${name}`;
  }
  const peers = peersOf(connection);
  if (peers === null) return "";
  const [opener, answerer] = peers;
  const scales = [opener.scale & SCALE.bits, answerer.scale & SCALE.bits];
  return [
    `state_orig=${TCP_STATE_NAMES[opener.state]}`,
    `state_reply=${TCP_STATE_NAMES[answerer.state]}`,
    ...(scales.some((scale) => scale > 0)
      ? [`wscale_orig=${scales[0]}`, `wscale_reply=${scales[1]}`]
      : []),
    `flags_orig=${peerFlags(opener)}`,
    `flags_reply=${peerFlags(answerer)}`,
  ].join(",");
}

function peerFlags({ scale }: TcpPeer): string {
  const flags: string[] = [];
  if (scale & SCALE.given) flags.push("WINDOW_SCALE");
  if (scale & SCALE.unknown) flags.push("BE_LIBERAL");
  return flags.length === 0 ? "0" : flags.join("|");
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
