import { kernelCalls } from "../../src/trace/kernel.ts";
import type { CtEffect, CtView } from "../../src/trace/record.ts";
import { Connection } from "../switch/conntrack/connection.ts";
import type { Conntrack } from "../switch/conntrack/conntrack.ts";
import { formatConnection } from "../switch/conntrack/dump.ts";
import { CT_STATE } from "../switch/layout.ts";
import type { Operation } from "../switch/operation.ts";
import type { Packet } from "../switch/packet.ts";
import { changes, keyOf, UNTRACKED, viewOfPacket } from "./fields.ts";

type CtOperation = Extract<Operation, { op: "ct" }>;

/** What must be remembered of the time before a `ct`, to see afterwards what it did. */
export class CtStep {
  readonly #operation: CtOperation;
  readonly #conntrack: Conntrack;
  readonly #before: CtView;
  readonly #stateBefore: number;
  readonly #zoneBefore: number;
  readonly #key: Int32Array;
  readonly #known: readonly Connection[];
  readonly #refused: Readonly<Record<string, number>>;

  constructor(operation: CtOperation, packet: Packet, conntrack: Conntrack, nowMs: number) {
    this.#operation = operation;
    this.#conntrack = conntrack;
    this.#before = viewOfPacket(packet);
    this.#stateBefore = packet.ctState;
    this.#zoneBefore = packet.ctZone;
    this.#key = keyOf(packet.bytes);
    this.#known = conntrack.table.live(nowMs);
    this.#refused = { ...conntrack.refused };
  }

  /** What it did; `null`: the packet is a fragment that waits for the others. */
  end(packet: Packet): CtEffect | null {
    const { zone, commit, force, nat, markMask, label } = this.#operation;
    const after = viewOfPacket(packet);
    const fragment = packet.fragment !== 0;
    if (fragment && after.state === UNTRACKED) return null;
    const connection = packet.origin instanceof Connection ? packet.origin : null;
    const committed =
      commit && connection !== null && !this.#known.some((known) => known.isSame(connection));
    const invalid = (packet.ctState & CT_STATE.inv) !== 0;
    const wasValid =
      (this.#stateBefore & CT_STATE.trk) !== 0 && (this.#stateBefore & CT_STATE.inv) === 0;
    const seenBefore = wasValid && this.#zoneBefore === zone;
    const forced = force && committed && (this.#stateBefore & CT_STATE.rpl) !== 0 && seenBefore;
    return {
      kind: "ct",
      zone,
      commit,
      force,
      nat: nat !== null,
      before: this.#before,
      after,
      why: this.#why(packet, connection, committed),
      connection: connection === null ? null : formatConnection(connection),
      direction: connection === null ? null : packet.connectionReply ? "reply" : "original",
      committed,
      changes: changes(this.#key, keyOf(packet.bytes)),
      kernel: kernelCalls({
        zone,
        commit,
        nat: nat !== null && (commit || connection !== null),
        fragment,
        seenBefore,
        forced,
        invalid,
        mark: markMask !== 0,
        label: label !== null,
        outcome: committed ? "committed" : connection === null ? "none" : "known",
      }),
    };
  }

  #why(packet: Packet, connection: Connection | null, committed: boolean): string {
    const { zone, commit } = this.#operation;
    const state = packet.ctState;
    if ((state & CT_STATE.inv) !== 0) {
      if (connection !== null)
        return "The packet does not fit the state or the window of its connection.";
      if (packet.origin === null)
        return "Conntrack cannot read it: it is cut short, a checksum is wrong, or it is no IP packet.";
      return `No connection in zone ${zone} fits, and such a packet may not begin one.`;
    }
    if ((state & CT_STATE.rel) !== 0)
      return "It is an ICMP error about a connection that is known.";
    if ((state & CT_STATE.est) !== 0) {
      const way = packet.connectionReply
        ? "It is a packet of the side that answers"
        : "It is a packet of the side that began";
      return `Its connection is known, and both sides have been heard. ${way}.`;
    }
    if (committed)
      return `No connection in zone ${zone} fits. With commit a new one begins and is kept.`;
    if (connection !== null) return "Its connection is known, but has not been answered yet.";
    if (!commit) return `No connection in zone ${zone} fits. Without commit nothing is kept.`;
    return `No connection in zone ${zone} fits, and none can begin: ${this.#refusal()}.`;
  }

  #refusal(): string {
    const { tableFull, zoneFull, natExhausted } = this.#conntrack.refused;
    if (tableFull > (this.#refused.tableFull ?? 0)) return "the table is full";
    if (zoneFull > (this.#refused.zoneFull ?? 0)) return "the zone is full";
    if (natExhausted > (this.#refused.natExhausted ?? 0))
      return "every address and port of nat(…) is taken";
    return "it was refused";
  }
}
