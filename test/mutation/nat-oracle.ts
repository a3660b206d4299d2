import type { Endpoint } from "../../src/base/net.ts";
import type { PlayedServer, PlayedStation } from "../../src/isolate/station.ts";
import { type Left, PLAYED, RESPONDER, type Watch } from "./rule-sets.ts";

/**
 * What the rules of the way `nat` must keep in, hence which of their mutants matter for safety. The responder is a host in a
 * namespace of its own: nothing goes further from there, but it is a host with sockets, so its port is an outlet all the same.
 *
 * A frame that came in through one port and left through another got out, unless it is
 *
 * - a guest's, through the responder's port: an IPv4 TCP segment, in one piece, of the guest's own address to one of the
 *   servers that were recorded for it, *translated*: to the responder's address and the port that plays this server for
 *   this guest, and otherwise as it came. It belongs to a connection that the guest has begun under these rules;
 * - the responder's, through a guest's port: a TCP segment of such a connection, from the port that plays a server of this
 *   guest's, translated back to that server's address and port, and otherwise as it came.
 *
 * A guest begins a connection with a segment to one of its servers that conntrack calls new. That it has to be a SYN, so that
 * nothing is picked up in mid-stream, is a matter of function: what is picked up reaches nothing else than what a SYN does.
 * Whatever belongs to a connection that the guest has begun may pass, in both directions, whatever its flags are (a SYN+ACK of
 * the guest, a SYN of the responder): it is translated, and reaches nobody else. Behind the translation a guest's source port
 * may be another one. An untranslated packet that conntrack lets go on is none that got out until it leaves:
 * the guard of table 2 is there to drop it. An answer in a connection that a predecessor's rules left behind got out, unless the
 * guest has spoken in it since.
 * MAC addresses tell where a frame goes on one link only, with one host on it: whether they are right is a matter of
 * function (`nat-exchange.ts`), as is what reaches the responder inside of a connection.
 */
export function natOracle(without: ClauseName | null = null): Watch {
  const begun = new Set<string>();
  const clauses = Object.entries(CLAUSES).filter(([name]) => name !== without);
  const passes = (from: number, came: Uint8Array, { port: to, bytes }: Left) => {
    const passage = from === to ? null : passageOf(from, to, came, bytes);
    return from === to || (passage !== null && clauses.every(([, holds]) => holds(passage, begun)));
  };
  return (from, came, left) => {
    // Whether it leaves is another question: who has asked may be answered.
    const connection = beginningOf(from, came);
    if (connection !== null) begun.add(connection);
    return left.find((out) => !passes(from, came, out)) ?? null;
  };
}

/** Between a guest and the responder: what came in, what left, and of which server this seems to be. */
interface Passage {
  readonly station: PlayedStation;
  readonly server: PlayedServer | undefined;
  readonly isForth: boolean;
  readonly came: Segment;
  readonly left: Segment;
}

type Clause = (passage: Passage, begun: ReadonlySet<string>) => boolean;

const is = (a: Endpoint, b: Endpoint | undefined) => a.address === b?.address && a.port === b.port;
const played = (server: PlayedServer | undefined) =>
  server && { address: RESPONDER.address, port: server.playedAt };

/** All of them have to hold. */
const CLAUSES = {
  "as it was before": ({ isForth, came, server }) =>
    isForth ? is(came.destination, server) : is(came.source, played(server)),
  translated: ({ isForth, left, server }) =>
    isForth ? is(left.destination, played(server)) : is(left.source, server),
  "the guest's own address": ({ isForth, came, left, station }) =>
    [came, left].every((s) => (isForth ? s.source : s.destination).address === station.address),
  "otherwise as it came": ({ came, left }) => Buffer.compare(came.rest, left.rest) === 0,
  "begun by the guest": ({ isForth, came, left, station, server }, begun) =>
    begun.has(nameOf(station, server, (isForth ? came.source : left.destination).port)),
} satisfies Record<string, Clause>;

export type ClauseName = keyof typeof CLAUSES;
export const CLAUSE_NAMES = Object.keys(CLAUSES) as ClauseName[];

function passageOf(
  from: number,
  to: number,
  cameBytes: Uint8Array,
  leftBytes: Uint8Array,
): Passage | null {
  const isForth = to === RESPONDER.port;
  if (!isForth && from !== RESPONDER.port) return null;
  const station = PLAYED.find(({ port }) => port === (isForth ? from : to));
  const [came, left] = [segmentOf(cameBytes), segmentOf(leftBytes)];
  if (station === undefined || came === null || left === null) return null;
  // The side that no translation changes says which server is meant.
  const server = station.servers.find((s) =>
    isForth
      ? is(left.destination, played(s)) || is(came.destination, s)
      : came.source.port === s.playedAt,
  );
  return { station, server, isForth, came, left };
}

/** The connection that a guest begins with this frame; null: it begins none to a server of its own. */
function beginningOf(from: number, came: Uint8Array): string | null {
  const segment = segmentOf(came);
  const station = PLAYED.find(({ port }) => port === from);
  const server = station?.servers.find((s) => segment !== null && is(segment.destination, s));
  if (segment === null || station === undefined || server === undefined) return null;
  const [isFin, isSyn, isRst, isAck] = [1, 2, 4, 16].map((bit) => (segment.flags & bit) !== 0);
  const isFirst = isSyn ? !isAck && !isFin && !isRst : isAck || isRst;
  const isOwn = segment.source.address === station.address;
  return isFirst && isOwn ? nameOf(station, server, segment.source.port) : null;
}

const nameOf = ({ port }: PlayedStation, server: PlayedServer | undefined, own: number) =>
  `${port} ${server?.playedAt} ${own}`;

interface Segment {
  readonly source: Endpoint;
  readonly destination: Endpoint;
  readonly flags: number;
  /** All but addresses, ports and checksums. */
  readonly rest: Uint8Array;
}

/** By hand, so that a mistake of the decoder is none of this. Null for what is no TCP segment in one piece over IPv4. */
function segmentOf(frame: Uint8Array): Segment | null {
  const at = (offset: number) => frame[offset] ?? 0;
  const isTcp = at(12) === 8 && at(13) === 0 && at(14) === 0x45 && at(23) === 6;
  const isPiece = (at(20) & 0x3f) !== 0 || at(21) !== 0;
  if (!isTcp || isPiece || frame.length < 54) return null;
  const endpoint = (address: number, port: number): Endpoint => ({
    address: frame.subarray(address, address + 4).join("."),
    port: at(port) * 256 + at(port + 1),
  });
  const rest = [frame.subarray(12, 24), frame.subarray(38, 50), frame.subarray(52)];
  return {
    ...{ source: endpoint(26, 34), destination: endpoint(30, 36), flags: at(47) },
    rest: Buffer.concat(rest),
  };
}
