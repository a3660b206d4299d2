import { fieldNamed } from "../rule/field.ts";
import { buildPacket } from "../trace/build-packet.ts";
import { Conversations } from "../trace/conversation.ts";
import type { PacketSpec } from "../trace/packet-text.ts";
import { ICMP_TYPE } from "../wire/icmp.ts";
import { isMalformed } from "../wire/malformed.ts";
import { emitIcmpFrame, emitTcpFrame, emitUdpFrame, parseFrame } from "../wire/packet.ts";
import { TCP_FLAG } from "../wire/tcp.ts";
import { bitsNamed, PACKET_FIELDS } from "./bits.ts";
import type { PortNumber } from "./egress.ts";
import { both, type Formula, literal, settled, solve } from "./formula.ts";
import type { PacketClass } from "./packet-class.ts";
import { read, STRIDE, type State } from "./state.ts";

/** A frame and where it comes in. */
export interface SentPacket {
  readonly from: PortNumber;
  readonly bytes: Uint8Array;
}

/** Where an IPv4 header's checksum ends. */
const IPV4_CHECKSUM_AT = 14 + 11;
/** SYN and FIN: no segment has both. */
const NONSENSE = 0x03;
/** Far from every window. */
const OUTSIDE_SEQ = 0x9000_0000;
/** Of the transport header, what an ICMP error quotes at least (RFC 792). */
const QUOTED_BYTES = 8;
const NOTHING = new Uint8Array(0);

/**
 * Packets of a set, as frames: those that have to come before, and the one in question last. `null` where they cannot be
 * built (fragments, answers to what is no TCP and no UDP).
 */
export function witness(state: State): SentPacket[] | null {
  const values = likely(state);
  if (values === null) return null;
  const conversations = new Conversations();
  const built = new Map<number, Uint8Array>();
  const packets: SentPacket[] = [];
  const send = (from: PortNumber, bytes: Uint8Array) => {
    conversations.saw(bytes);
    packets.push({ from, bytes });
  };
  for (const { kind, packet, from, class: packetClass } of state.earlier) {
    if (kind === "packet") {
      const bytes = build(packetClass, values, packet * STRIDE, conversations);
      built.set(packet, bytes);
      send(from, bytes);
      continue;
    }
    const bytes = answer(built.get(packet) ?? NOTHING, conversations);
    if (bytes === null) return null;
    send(from, bytes);
  }
  const { class: packetClass, from, tracked } = state;
  const isFragment = packetClass.fragment === "first" || packetClass.fragment === "later";
  // Conntrack waits for the whole packet.
  if (isFragment && tracked !== null) return null;
  const isOutside = tracked?.verdict === "invalid" && tracked.begunBy !== null;
  const bytes = build(packetClass, values, 0, conversations, isOutside);
  switch (tracked?.verdict) {
    case "invalid":
      if (packetClass.family === 4 && !isOutside)
        bytes[IPV4_CHECKSUM_AT] = (bytes[IPV4_CHECKSUM_AT] ?? 0) ^ 0xff;
      break;
    case "related":
    case "related reply": {
      const begun = built.get(state.earlier[tracked.begunBy ?? 0]?.packet ?? 0) ?? NOTHING;
      // About a packet of the connection's beginner the error is a reply, about one of its peer it is not.
      const about = tracked.verdict === "related" ? answer(begun, conversations) : begun;
      const error = about === null ? null : errorAbout(bytes, about);
      if (error === null) return null;
      return [...packets, { from, bytes: error }];
    }
  }
  return [...packets, { from, bytes }];
}

/** Values for a packet's fields that look like somebody's, wherever the set leaves the choice. */
const LIKELY: readonly (readonly [name: string, value: bigint])[] = [
  ["eth_src", 0x020000000001n],
  ["eth_dst", 0x020000000002n],
  ["ip_src", 0x0a000001n],
  ["ip_dst", 0x0a000002n],
  ["ipv6_src", (0xfd00n << 112n) | 1n],
  ["ipv6_dst", (0xfd00n << 112n) | 2n],
  ["nw_ttl", 64n],
  ...["tcp", "udp", "sctp"].flatMap((transport): [string, bigint][] => [
    [`${transport}_src`, 49_152n],
    [`${transport}_dst`, 80n],
  ]),
  ["icmp_type", 8n],
  ["icmpv6_type", 128n],
  ["vlan_tci", 0n],
];

/** Values for all packets. Those that come first choose first. */
function likely(state: State): ReadonlyMap<number, number> | null {
  let formula = settled(state.formula);
  if (formula === null) return null;
  const packets = [
    ...state.earlier.filter(({ kind }) => kind === "packet").map((e) => e.packet),
    0,
  ];
  for (const packet of packets)
    for (const [name, value] of LIKELY) {
      const literals = bitsNamed(name).map((bit, i) =>
        literal(bit + packet * STRIDE, Number((value >> BigInt(i)) & 1n)),
      );
      const wished = both(formula, literals);
      const possible: Formula | null = wished === null ? null : settled(wished);
      if (possible !== null && solve(possible) !== null) formula = possible;
    }
  return solve(formula);
}

function build(
  packetClass: PacketClass,
  values: ReadonlyMap<number, number>,
  offset: number,
  conversations: Conversations,
  isOutside = false,
): Uint8Array {
  const fields = new Map<string, bigint>();
  let tcpFlags: number | null = null;
  const blank: Pick<State, "set"> = { set: new Map() };
  for (const name of PACKET_FIELDS) {
    const bits = read(blank as State, fieldNamed(name));
    if (!bits.some((bit) => values.has(bit + offset))) continue;
    const value = bits.reduce(
      (sum, bit, i) => sum | (BigInt(values.get(bit + offset) ?? 0) << BigInt(i)),
      0n,
    );
    if (name === "tcp_flags") tcpFlags = Number(value);
    else fields.set(name, value);
  }
  const spec: PacketSpec = {
    inPort: null,
    frame: null,
    fields,
    extras: {
      ...(tcpFlags === null || packetClass.transport !== "tcp" ? {} : { tcpFlags }),
      ...(isOutside ? { seq: OUTSIDE_SEQ, tcpFlags: tcpFlags ?? NONSENSE } : {}),
    },
  };
  return buildPacket(spec, conversations);
}

/** What the other side would say to a frame; `null` where nobody would. */
function answer(frame: Uint8Array, conversations: Conversations): Uint8Array | null {
  const parsed = parseFrame(frame);
  if (isMalformed(parsed)) return null;
  const ip = parsed.ipv4 ?? parsed.ipv6;
  if (ip === undefined) return null;
  const route = {
    sourceMac: parsed.ethernet.destination,
    destinationMac: parsed.ethernet.source,
    source: ip.destination,
    destination: ip.source,
  };
  if (parsed.udp !== undefined) {
    const { sourcePort, destinationPort } = parsed.udp;
    return emitUdpFrame({
      ...route,
      udp: { sourcePort: destinationPort, destinationPort: sourcePort },
      payload: NOTHING,
    });
  }
  if (parsed.icmp !== undefined && parsed.ipv4 !== undefined && parsed.icmp.kind === "echo")
    return emitIcmpFrame({ ...route, icmp: { ...parsed.icmp, type: ICMP_TYPE.echoReply } });
  if (parsed.tcp === undefined) return null;
  const { sourcePort, destinationPort } = parsed.tcp;
  const ends = {
    source: route.source,
    destination: route.destination,
    sourcePort: destinationPort,
    destinationPort: sourcePort,
  };
  const { flags, seq, ack } = conversations.next(ends, { flags: TCP_FLAG.syn | TCP_FLAG.ack });
  return emitTcpFrame({
    ...route,
    tcp: {
      sourcePort: destinationPort,
      destinationPort: sourcePort,
      sequence: seq,
      acknowledgement: ack,
      flags,
      window: 65_535,
    },
    payload: NOTHING,
  });
}

/** The ICMP error `frame`, about the packet in `about`. */
function errorAbout(frame: Uint8Array, about: Uint8Array): Uint8Array | null {
  const [outer, inner] = [parseFrame(frame), parseFrame(about)];
  if (isMalformed(outer) || isMalformed(inner)) return null;
  const { ethernet, ipv4, icmp } = outer;
  if (ipv4 === undefined || icmp === undefined || inner.ipv4 === undefined) return null;
  return emitIcmpFrame({
    sourceMac: ethernet.source,
    destinationMac: ethernet.destination,
    source: ipv4.source,
    destination: ipv4.destination,
    icmp: {
      kind: "error",
      type: icmp.type,
      code: icmp.code,
      rest: 0,
      payload: about.slice(inner.networkAt, inner.transportAt + QUOTED_BYTES),
    },
  });
}
