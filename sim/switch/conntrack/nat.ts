import type { Nat } from "../../../src/rule/action.ts";
import { checksumOf, sumBytes } from "../../../src/wire/checksum.ts";
import { CT_STATE } from "../layout.ts";
import type { Packet } from "../packet.ts";
import type { Connection, NatKind } from "./connection.ts";
import { quotedTransport } from "./extract.ts";
import { hashTuple, IPV6, reply, type Tuple, TupleBuffer } from "./tuple.ts";

export type { NatKind } from "./connection.ts";

/** Addresses tried before a translation counts as exhausted; each with all its ports. */
const ADDRESSES_TRIED_MAX = 4096;

/**
 * The reply tuple of a new connection under `nat`, such that no other connection has it; `null`: none is free.
 * Ports keep their value while they can. Without `src` or `dst` the tuple comes out broken (address 0, port 0), as
 * it does in Open vSwitch 3.1.
 */
export function chooseReply(
  original: Tuple,
  nat: Nat,
  basis: number,
  isFree: (tuple: Tuple) => boolean,
): Tuple | null {
  const hash = (nat.persistent ? hashSource(original) : hashTuple(original)) ^ basis;
  const tuple = new TupleBuffer();
  tuple.set(reply(original));
  const withPorts = [6, 17].includes(original.protocol & ~IPV6);
  const [sourceRange, destinationRange] = portRanges(original, nat);
  for (const address of addresses(original, nat, hash >>> 0)) {
    setAddress(tuple, nat.kind, address);
    if (!withPorts) {
      if (isFree(tuple)) return tuple.freeze();
      continue;
    }
    if (destinationRange !== null) {
      for (const port of ports(destinationRange, original.destinationPort, hash >>> 0, true)) {
        tuple.sourcePort = port;
        if (isFree(tuple)) return tuple.freeze();
      }
    }
    for (const port of ports(sourceRange, original.sourcePort, hash >>> 0, nat.ports !== null)) {
      tuple.destinationPort = port;
      if (isFree(tuple)) return tuple.freeze();
    }
  }
  return null;
}

function hashSource(t: Tuple): number {
  return hashTuple({ ...t, destination: 0, sourcePort: 0, destinationPort: 0, wide: null });
}

interface Range {
  readonly first: number;
  readonly last: number;
}

/**
 * Which source ports may be tried, and which destination ports (`null`: it stays). A well-known source port stays in
 * its class, so that a server still takes it for one.
 */
function portRanges(original: Tuple, nat: Nat): readonly [Range, Range | null] {
  const destination = nat.kind === "dst" ? nat.ports : null;
  if (nat.kind === null) return [{ first: 0, last: 0 }, null];
  if (nat.kind === "src" && nat.ports !== null) return [nat.ports, null];
  const port = original.sourcePort;
  if (port < 512) return [{ first: 1, last: 511 }, destination];
  if (port < 1024) return [{ first: 600, last: 1023 }, destination];
  return [{ first: 1024, last: 65535 }, destination];
}

/** All ports of the range, once, from `wanted` on (or from one that the hash picks). */
function* ports(range: Range, wanted: number, hash: number, pick: boolean): Generator<number> {
  const count = range.last - range.first + 1;
  const inside = wanted >= range.first && wanted <= range.last;
  const start = pick ? hash % count : inside ? wanted - range.first : 0;
  for (let i = 0; i < count; i++) yield range.first + ((start + i) % count);
}

/** The addresses of the range, from the one that the hash picks on. */
function* addresses(original: Tuple, nat: Nat, hash: number): Generator<bigint> {
  const { address } = nat;
  if (address === null) {
    yield nat.kind === null ? 0n : ownAddress(original, nat.kind);
    return;
  }
  const count = address.last - address.first + 1n;
  const start = BigInt(hash) % count;
  const tries = count < BigInt(ADDRESSES_TRIED_MAX) ? Number(count) : ADDRESSES_TRIED_MAX;
  for (let i = 0; i < tries; i++) yield address.first + ((start + BigInt(i)) % count);
}

function ownAddress(t: Tuple, kind: "src" | "dst"): bigint {
  const low = BigInt((kind === "src" ? t.source : t.destination) >>> 0);
  const at = kind === "src" ? 0 : 3;
  const upper = t.wide === null ? [] : [...t.wide.subarray(at, at + 3)];
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
  setSide(packet, packet.l3, side, target);
  if (related) translateQuoted(packet, side, target);
  else {
    const protocol = target.protocol & ~IPV6;
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
    const words = [...target.wide.subarray(at, at + 3), low];
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
