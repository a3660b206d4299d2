import type { Random } from "../../../src/base/random.ts";
import type { Nat } from "../../../src/rule/action.ts";
import { CT_STATE } from "../layout.ts";
import type { Packet } from "../packet.ts";
import { Connection } from "./connection.ts";
import { ConnectionTable } from "./connection-table.ts";
import { extractTuple, readSegment } from "./extract.ts";
import { chooseReply, type NatKind, translate } from "./nat.ts";
import { beginTcp, mayBegin, type TcpSegment, tcpPhase, updateTcp } from "./tcp.ts";
import { ICMP_TIMEOUT_MS, TCP_TIMEOUT_MS, UDP_TIMEOUT_MS } from "./timeouts.ts";
import { IPV6, reply, type Tuple, TupleBuffer } from "./tuple.ts";
import { ZoneLimits } from "./zone-limits.ts";

/** What a `ct` action asks for, with its fields read. */
export interface CtRequest {
  readonly zone: number;
  readonly commit: boolean;
  readonly force: boolean;
  readonly nat: Nat | null;
  /** New mark where `markMask` has ones. */
  readonly mark: number;
  readonly markMask: number;
  /** The same for the label's four words; `null`: leave it. */
  readonly label: { readonly value: Int32Array; readonly mask: Int32Array } | null;
}

export interface ConntrackLimits {
  /** Most connections at once; beyond it nothing is committed, and the packet stays `+new`. */
  readonly connectionsMax: number;
}

const {
  new: NEW,
  est: EST,
  rel: REL,
  rpl: RPL,
  inv: INV,
  trk: TRK,
  snat: SNAT,
  dnat: DNAT,
} = CT_STATE;

/** Connection tracking of one bridge, as in Open vSwitch's user-space datapath. */
export class Conntrack {
  readonly table = new ConnectionTable();
  /** Accept TCP segments outside the window (`dpctl/ct-disable-tcp-seq-chk`). */
  liberal = false;
  /** Commits refused because the table or the zone was full, or no translation was free. */
  readonly refused = { tableFull: 0, zoneFull: 0, natExhausted: 0 };
  /** Most connections at once (`dpctl/ct-set-maxconns`). */
  connectionsMax: number;
  readonly zoneLimits = new ZoneLimits();
  readonly #natBasis: number;
  readonly #tuple = new TupleBuffer();
  readonly #segment: TcpSegment = {
    flags: 0,
    sequence: 0,
    acknowledgement: 0,
    window: 0,
    payloadBytes: 0,
    scale: -1,
  };

  constructor(random: Random, limits: ConntrackLimits) {
    this.#natBasis = random.int(0, 0x7fffffff);
    this.connectionsMax = limits.connectionsMax;
  }

  /** Tracks the packet: sets its ct fields, commits and translates as asked. */
  execute(packet: Packet, request: CtRequest, nowMs: number): void {
    const cached = packet.connection;
    if (cached !== null && cached.original.zone === request.zone && !request.force) {
      this.#again(packet, cached, request);
      return;
    }
    const tuple = this.#tuple;
    const extracted = extractTuple(packet, request.zone, tuple);
    if (extracted === "invalid") {
      packet.ctState = INV;
      this.#show(packet, request.zone, null);
      return;
    }
    // A packet that comes from another zone starts anew here.
    if (packet.ctState !== 0 && packet.ctZone !== request.zone) packet.ctState = 0;
    this.#track(packet, request, extracted === "related", nowMs);
  }

  #track(packet: Packet, request: CtRequest, related: boolean, nowMs: number): void {
    const tuple = this.#tuple;
    let connection = this.#lookUp(packet, nowMs);
    let isReply = this.table.foundReply;
    if (connection !== null && request.force && isReply) {
      this.table.remove(connection);
      connection = null;
    }
    let begin = false;
    if (connection !== null) {
      begin = this.#update(packet, connection, isReply, related, nowMs);
      if (request.nat !== null && !begin)
        translateOnce(packet, connection, request.zone, isReply, related);
    } else {
      const origin = request.nat === null ? this.#byOrigin(packet, nowMs) : null;
      if (origin !== null) {
        connection = origin;
        begin = this.#update(packet, origin, isReply, related, nowMs);
      } else if (related) packet.ctState = INV;
      else begin = true;
    }
    if (begin) {
      isReply = false;
      connection = this.#begin(packet, request, nowMs);
    }
    this.#show(packet, request.zone, connection);
    if (connection === null) this.#showOwn(packet);
    else setMarkAndLabel(packet, connection, request);
    packet.connection = request.nat === null ? connection : null;
    packet.connectionReply = isReply;
    packet.connectionRelated = related;
    tuple.wide = null;
  }

  /** Look-up by tuple. A packet translated earlier carries the translated addresses: its reply's reply is sought. */
  #lookUp(packet: Packet, nowMs: number): Connection | null {
    const { table } = this;
    const tuple = this.#tuple;
    if ((packet.ctState & (SNAT | DNAT)) === 0) return table.find(tuple, nowMs);
    tuple.reverse();
    const found = table.find(tuple, nowMs);
    if (found === null) {
      tuple.reverse();
      return null;
    }
    table.foundReply = !table.foundReply;
    tuple.set(table.foundReply ? found.reply : found.original);
    return found;
  }

  /** A packet that was translated before may be found by the tuple of its connection. */
  #byOrigin(packet: Packet, nowMs: number): Connection | null {
    if ((packet.ctState & (SNAT | DNAT)) === 0 || packet.origin === null) return null;
    const { original } = packet.origin;
    return original.zone === packet.ctZone ? this.table.find(original, nowMs) : null;
  }

  /** Sets the state bits of a packet of a known connection. True: the connection was over, begin another. */
  #update(
    packet: Packet,
    connection: Connection,
    isReply: boolean,
    related: boolean,
    nowMs: number,
  ): boolean {
    if (related) {
      packet.ctState |= isReply ? REL | RPL : REL;
      return false;
    }
    const verdict =
      connection.peers === null
        ? updateSimple(connection, isReply, nowMs)
        : this.#updateTcp(packet, connection, isReply, nowMs);
    switch (verdict) {
      case "established":
        packet.ctState = (packet.ctState & ~NEW) | (isReply ? EST | RPL : EST);
        return false;
      case "new":
        packet.ctState |= NEW;
        return false;
      case "invalid":
        packet.ctState = INV;
        return false;
      case "replace":
        this.table.remove(connection);
        return true;
    }
  }

  #updateTcp(
    packet: Packet,
    connection: Connection,
    isReply: boolean,
    nowMs: number,
  ): "established" | "new" | "invalid" | "replace" {
    const { peers } = connection;
    if (peers === null) return "invalid";
    const [first, second] = peers;
    readSegment(packet, this.#segment);
    const verdict = updateTcp(
      isReply ? second : first,
      isReply ? first : second,
      this.#segment,
      this.liberal,
    );
    if (verdict === "loose") return "established";
    if (verdict === "established" || verdict === "new") {
      const phase = verdict === "new" ? "opening" : tcpPhase(first, second);
      connection.expiresMs = nowMs + TCP_TIMEOUT_MS[phase];
    }
    return verdict;
  }

  /** No connection yet. With `commit` one begins, if such a packet may begin one. */
  #begin(packet: Packet, request: CtRequest, nowMs: number): Connection | null {
    const tuple = this.#tuple;
    const tcp = (tuple.protocol & ~IPV6) === 6;
    if (tcp) readSegment(packet, this.#segment);
    if (tcp ? !mayBegin(this.#segment.flags) : !mayBeginSimple(tuple)) {
      packet.ctState = INV;
      return null;
    }
    packet.ctState = NEW;
    if (!request.commit) return null;
    if (this.table.size >= this.connectionsMax) this.table.sweep(nowMs);
    if (this.table.size >= this.connectionsMax) {
      this.refused.tableFull++;
      return null;
    }
    const pool = this.zoneLimits.pool(request.zone);
    if (pool !== null && pool.count >= pool.limit) this.table.sweep(nowMs);
    if (pool !== null && pool.count >= pool.limit) {
      this.refused.zoneFull++;
      return null;
    }
    const original = tuple.freeze();
    let answers: Tuple = reply(original);
    let nat: NatKind | null = null;
    if (request.nat !== null) {
      const isFree = (candidate: Tuple): boolean => this.table.find(candidate, nowMs) === null;
      const chosen = chooseReply(original, request.nat, this.#natBasis, isFree);
      if (chosen === null) {
        this.refused.natExhausted++;
        return null;
      }
      answers = chosen;
      nat = request.nat.kind ?? "none";
    }
    const connection = new Connection(original, answers, nat);
    if (tcp) connection.peers = beginTcp(this.#segment);
    connection.expiresMs =
      nowMs + (tcp ? TCP_TIMEOUT_MS.opening : simpleTimeouts(original.protocol)[0]);
    connection.pool = pool;
    if (pool !== null) pool.count++;
    this.table.insert(connection, nowMs);
    if (nat !== null) translate(packet, connection, false, false);
    return connection;
  }

  /** A second `ct` of the same zone in one walk: the packet is not counted again. */
  #again(packet: Packet, connection: Connection, request: CtRequest): void {
    if (request.nat !== null) {
      translateOnce(
        packet,
        connection,
        request.zone,
        packet.connectionReply,
        packet.connectionRelated,
      );
      packet.connection = null;
    }
    packet.ctZone = request.zone;
    packet.ctMark = connection.mark;
    packet.ctLabel = connection.label;
    setMarkAndLabel(packet, connection, request);
  }

  #show(packet: Packet, zone: number, connection: Connection | null): void {
    packet.ctState |= TRK;
    packet.ctZone = zone;
    packet.ctMark = connection === null ? 0 : connection.mark;
    packet.ctLabel = connection === null ? null : connection.label;
    packet.origin = connection;
  }

  /** Without a connection the packet's own tuple takes the place of its connection's original one. */
  #showOwn(packet: Packet): void {
    packet.origin = { original: this.#tuple.freeze() };
  }
}

function translateOnce(
  packet: Packet,
  connection: Connection,
  zone: number,
  isReply: boolean,
  related: boolean,
): void {
  if (connection.nat === null || connection.nat === "none") return;
  const done = (packet.ctState & (SNAT | DNAT)) !== 0;
  if (done && zone === packet.ctZone) return;
  packet.ctState &= ~(SNAT | DNAT);
  translate(packet, connection, isReply, related);
}

/** UDP, ICMP and protocols without ports. */
function updateSimple(
  connection: Connection,
  isReply: boolean,
  nowMs: number,
): "established" | "new" {
  const icmp = isIcmp(connection.original.protocol);
  if (isReply) connection.phase = 2;
  // A second question is still a first packet to ICMP: it has no "several, unanswered".
  else if (connection.phase === 0 && !icmp) connection.phase = 1;
  const timeouts = simpleTimeouts(connection.original.protocol);
  connection.expiresMs = nowMs + (timeouts[connection.phase] ?? timeouts[2]);
  return connection.phase === 2 ? "established" : "new";
}

function isIcmp(protocol: number): boolean {
  return protocol === 1 || protocol === (58 | IPV6);
}

function simpleTimeouts(protocol: number): readonly [number, number, number] {
  return isIcmp(protocol) ? ICMP_TIMEOUT_MS : UDP_TIMEOUT_MS;
}

/** ICMP begins with a question; everything else may begin anyhow. */
function mayBeginSimple(tuple: Tuple): boolean {
  const type = tuple.sourcePort >> 16;
  if (tuple.protocol === 1) return type === 8 || type === 13 || type === 15;
  return tuple.protocol !== (58 | IPV6) || type === 128;
}

function setMarkAndLabel(packet: Packet, connection: Connection, request: CtRequest): void {
  if (request.markMask !== 0) {
    connection.mark = (connection.mark & ~request.markMask) | request.mark;
    packet.ctMark = connection.mark;
  }
  if (request.label !== null) {
    const { value, mask } = request.label;
    const old = connection.label;
    connection.label = value.map((word, i) => ((old?.[i] ?? 0) & ~(mask[i] ?? 0)) | word);
    packet.ctLabel = connection.label;
  }
}
