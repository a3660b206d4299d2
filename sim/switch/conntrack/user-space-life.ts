import type { Connection } from "./connection.ts";
import { asksIcmp, isIcmp, type Life, type Verdict } from "./life.ts";
import { beginTcp, mayBegin, type TcpPhase, type TcpSegment, tcpPhase, updateTcp } from "./tcp.ts";
import { emptyPeer, readPeers, writePeers } from "./tcp-ends.ts";
import type { Tuple } from "./tuple.ts";

/** Milliseconds without a packet after which a connection is forgotten (defaults of OvS 3.1, user space). */
const TCP_TIMEOUT_MS: Readonly<Record<TcpPhase, number>> = {
  opening: 30_000,
  established: 86_400_000,
  closing: 900_000,
  finWait: 45_000,
  closed: 30_000,
};

/** UDP, ICMP and the rest: first packet only, several in one direction, answered. */
const PHASE = { first: 0, several: 1, answered: 2 } as const;
const OTHER_TIMEOUT_MS = [60_000, 60_000, 30_000] as const;

/** Open vSwitch's user-space datapath. */
export class UserSpaceLife implements Life {
  readonly takesPortZero = false;
  liberal = false;
  /** Sender and receiver of the segment that is looked at. */
  readonly #from = emptyPeer();
  readonly #to = emptyPeer();

  mayBegin(tuple: Tuple, segment: TcpSegment | null): boolean {
    if (segment !== null) return mayBegin(segment.flags);
    return !isIcmp(tuple.protocol) || asksIcmp(tuple);
  }

  begin(connection: Connection, segment: TcpSegment | null, nowMs: number): void {
    if (segment === null) {
      connection.expiresMs = nowMs + OTHER_TIMEOUT_MS[PHASE.first];
      return;
    }
    const [opener, answerer] = beginTcp(segment);
    writePeers(connection, false, opener, answerer);
    connection.expiresMs = nowMs + TCP_TIMEOUT_MS.opening;
  }

  update(
    connection: Connection,
    segment: TcpSegment | null,
    isReply: boolean,
    nowMs: number,
  ): Verdict {
    const from = this.#from;
    const to = this.#to;
    if (segment === null || !readPeers(connection, isReply, from, to)) {
      return updateOther(connection, isReply, nowMs);
    }
    const verdict = updateTcp(from, to, segment, this.liberal);
    // Even of a segment outside the window something may stay: the first one of its end.
    writePeers(connection, isReply, from, to);
    if (verdict === "loose") return "established";
    if (verdict === "established" || verdict === "new") {
      const phase = verdict === "new" ? "opening" : tcpPhase(from, to);
      connection.expiresMs = nowMs + TCP_TIMEOUT_MS[phase];
    }
    return verdict;
  }
}

function updateOther(connection: Connection, isReply: boolean, nowMs: number): Verdict {
  if (isReply) connection.phase = PHASE.answered;
  // A second question is still a first packet to ICMP: it has no "several, unanswered".
  else if (connection.phase === PHASE.first && !isIcmp(connection.protocol))
    connection.phase = PHASE.several;
  connection.expiresMs = nowMs + (OTHER_TIMEOUT_MS[connection.phase] ?? OTHER_TIMEOUT_MS[2]);
  return connection.phase === PHASE.answered ? "established" : "new";
}
