import type { Random } from "../../../src/base/random.ts";
import type { Nat } from "../../../src/rule/action.ts";
import { checksumOf, sumBytes } from "../../../src/wire/checksum.ts";
import { CT_STATE } from "../layout.ts";
import type { Packet } from "../packet.ts";
import type { Connection, NatKind } from "./connection.ts";
import { quotedTransport } from "./extract.ts";
import { hashTuple, IPV6, reply, type Tuple, TupleBuffer } from "./tuple.ts";

/** Ports tried one after the other; then half as many from another place, down to so few. */
const PORTS_TRIED_MAX = 128;
const PORTS_TRIED_MIN = 16;

/** What a choice depends on besides the connection. */
export interface NatChooser {
  /** Stirred into the hash that picks addresses and ports. */
  readonly basis: number;
  readonly random: Random;
  /** Whether no connection has this tuple. */
  readonly isFree: (tuple: Tuple) => boolean;
}

/**
 * The reply tuple of a new connection under `nat`, such that no other connection has it; `null`: none was found free.
 * Ports keep their value while they can, then go up. Without `src` or `dst` the tuple comes out broken (address 0,
 * port 0), as it does in Open vSwitch 3.1.
 */
export function chooseReply(original: Tuple, nat: Nat, chooser: NatChooser): Tuple | null {
  const { basis, isFree } = chooser;
  const hash = ((nat.persistent ? hashSource(original) : hashTuple(original)) ^ basis) >>> 0;
  const tuple = new TupleBuffer();
  tuple.set(reply(original));
  const protocol = original.protocol & ~IPV6;
  const [sources, destinations] = portRanges(original, nat, hash);
  setAddress(tuple, nat.kind, addressOf(original, nat, hash));
  if (protocol !== 6 && protocol !== 17) return isFree(tuple) ? tuple.freeze() : null;
  if (destinations !== null) {
    tuple.destinationPort = sources.wanted;
    for (const port of ports(destinations, chooser.random)) {
      tuple.sourcePort = port;
      if (isFree(tuple)) return tuple.freeze();
    }
    tuple.sourcePort = destinations.wanted;
  }
  for (const port of ports(sources, chooser.random)) {
    tuple.destinationPort = port;
    if (isFree(tuple)) return tuple.freeze();
  }
  return null;
}

function hashSource(t: Tuple): number {
  const wide = t.wide === null ? null : [...t.wide.slice(0, 3), 0, 0, 0];
  return hashTuple({ ...t, destination: 0, sourcePort: 0, destinationPort: 0, wide });
}

interface PortRange {
  /** Tried first; it may lie outside. */
  readonly wanted: number;
  readonly first: number;
  readonly last: number;
}

/**
 * Which source ports may be tried, and which destination ports (`null`: it stays). A well-known source port stays in
 * its class, so that a server still takes it for one.
 */
function portRanges(
  original: Tuple,
  { kind, ports }: Nat,
  hash: number,
): readonly [PortRange, PortRange | null] {
  const picked = ports === null ? null : pick(ports, hash);
  if (kind === null) return [{ wanted: 0, first: 0, last: 0 }, null];
  if (kind === "src" && picked !== null) return [picked, null];
  const wanted = original.sourcePort;
  const destinations = kind === "dst" ? picked : null;
  if (wanted < 512) return [{ wanted, first: 1, last: 511 }, destinations];
  if (wanted < 1024) return [{ wanted, first: 600, last: 1023 }, destinations];
  return [{ wanted, first: 1024, last: 65_535 }, destinations];
}

function pick({ first, last }: { first: number; last: number }, hash: number): PortRange {
  return { wanted: first + (hash % (last - first + 1)), first, last };
}

/** Ports to try: from the wanted one on, round the range; in a large range only some, then some more from elsewhere. */
function* ports({ wanted, first, last }: PortRange, random: Random): Generator<number> {
  const count = last - first + 1;
  let tries = Math.min(count, PORTS_TRIED_MAX);
  let port = wanted;
  for (;;) {
    for (let i = 0; i < tries; i++) {
      yield port;
      port = port < first || port >= last ? first : port + 1;
    }
    if (tries >= count || tries < PORTS_TRIED_MIN) return;
    tries = Math.floor(tries / 2);
    port = random.int(first, last);
  }
}

/** The address of the range that the hash picks; if all its ports are taken, no other is tried (so does OvS 3.1). */
function addressOf(original: Tuple, { address, kind }: Nat, hash: number): bigint {
  // The address 0 means "its own", too.
  if (address === null || address.first === 0n) {
    return kind === null ? 0n : ownAddress(original, kind);
  }
  return address.first + (BigInt(hash) % (address.last - address.first + 1n));
}

function ownAddress(t: Tuple, kind: "src" | "dst"): bigint {
  const low = BigInt((kind === "src" ? t.source : t.destination) >>> 0);
  const at = kind === "src" ? 0 : 3;
  const upper = t.wide === null ? [] : t.wide.slice(at, at + 3);
  return upper.reduceRight(
    (sum, word, i) => sum | (BigInt(word >>> 0) << BigInt(32 * (3 - i))),
    low,
  );
}

/** Puts the translated address into a reply tuple: as destination for `src`, otherwise as source. */
function setAddress(tuple: TupleBuffer, kind: Nat["kind"], address: bigint): void {
  const low = Number(BigInt.asIntN(32, address));
  if (kind === "src") tuple.destination = low;
  else tuple.source = low;
  if (tuple.wide === null) return;
  const wide = tuple.wide.slice();
  const at = kind === "src" ? 3 : 0;
  for (let i = 0; i < 3; i++)
    wide[at + i] = Number(BigInt.asIntN(32, address >> BigInt(32 * (3 - i))));
  tuple.wide = wide;
}

/**
 * Rewrites the packet as its connection says: the original direction to what answers are sent to, answers back to
 * the original tuple. An ICMP error (`related`) has its outer address and the quoted headers rewritten.
 */
export function translate(
  packet: Packet,
  connection: Connection,
  isReply: boolean,
  related: boolean,
): void {
  const { nat } = connection;
  if (nat === null || nat === "none") return;
  const target = reply(isReply ? connection.original : connection.reply);
  const side: NatKind = (nat === "src") === isReply ? "dst" : "src";
  packet.ctState |= side === "src" ? CT_STATE.snat : CT_STATE.dnat;
  const protocol = target.protocol & ~IPV6;
  if (related) {
    const own = packet.protocol;
    // Open vSwitch 3.1 takes an ICMPv6 error for a packet of its connection's protocol here: it "corrects" a checksum
    // where that protocol would have one, and so damages the quoted packet (or the MTU).
    if (target.wide !== null) packet.protocol = protocol;
    setSide(packet, packet.l3, side, target);
    packet.protocol = own;
    translateQuoted(packet, side, target);
  } else {
    setSide(packet, packet.l3, side, target);
    if (protocol === 6 || protocol === 17) {
      packet.setPort(0, target.sourcePort);
      packet.setPort(2, target.destinationPort);
    }
  }
}

function setSide(packet: Packet, l3: number, side: "src" | "dst", target: Tuple): void {
  const low = side === "src" ? target.source : target.destination;
  if (target.wide === null) packet.setIpv4(l3 + (side === "src" ? 12 : 16), low);
  else {
    const at = side === "src" ? 0 : 3;
    const words = [...target.wide.slice(at, at + 3), low];
    packet.setIpv6(l3 + (side === "src" ? 8 : 24), words, 0);
  }
}

/** The packet inside an ICMP error went the other way, so its other side is translated. */
function translateQuoted(packet: Packet, side: "src" | "dst", target: Tuple): void {
  const v4 = target.wide === null;
  const { l3, l4, end, protocol } = packet;
  const inner = l4 + 8;
  const transport = quotedTransport(packet, inner, end, v4);
  if (transport === null) return;
  // The same writes as on a packet of its own, with the offsets of the quoted one.
  packet.l3 = inner;
  packet.l4 = transport.l4;
  packet.protocol = transport.protocol;
  setSide(packet, inner, side === "src" ? "dst" : "src", reply(target));
  if (transport.protocol === 6 || transport.protocol === 17) {
    packet.setPort(0, target.destinationPort);
    packet.setPort(2, target.sourcePort);
  }
  packet.l3 = l3;
  packet.l4 = l4;
  packet.protocol = protocol;
  const bytes = packet.own();
  bytes[l4 + 2] = 0;
  bytes[l4 + 3] = 0;
  const pseudo = v4 ? 0 : sumBytes(bytes, l3 + 8, l3 + 40) + protocol + (end - l4);
  const checksum = checksumOf(sumBytes(bytes, l4, end) + pseudo);
  bytes[l4 + 2] = checksum >>> 8;
  bytes[l4 + 3] = checksum & 0xff;
}
