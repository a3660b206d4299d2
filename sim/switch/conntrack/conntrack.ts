import type { Random } from "../../../src/base/random.ts";
import type { Nat } from "../../../src/rule/action.ts";
import { CT_STATE } from "../layout.ts";
import type { Packet } from "../packet.ts";
import type { Connection, NatKind } from "./connection.ts";
import { ConnectionBook, type ConntrackLimits } from "./connection-book.ts";
import { extractTuple, readSegment } from "./extract.ts";
import type { Flavour, Life } from "./life.ts";
import { LinuxLife } from "./linux-life.ts";
import { chooseReply, type NatChooser, translate } from "./nat.ts";
import type { TcpSegment } from "./tcp.ts";
import { IPV6, reply, sameTuple, type Tuple, TupleBuffer } from "./tuple.ts";
import { UserSpaceLife } from "./user-space-life.ts";

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

/** Connection tracking of one bridge, as in Open vSwitch's user-space datapath, or (`flavour`) as in Linux. */
export class Conntrack extends ConnectionBook {
  readonly #life: Life;
  readonly #nat: NatChooser;
  /** Asked for the time of now, whose packet `#nat` chooses for. */
  #nowMs = 0;
  /** The label made last: connections with the same one share it, and rules mostly set one. */
  #label: Int32Array | null = null;
  readonly #tuple = new TupleBuffer();
  readonly #segment: TcpSegment = {
    flags: 0,
    sequence: 0,
    acknowledgement: 0,
    window: 0,
    payloadBytes: 0,
    scale: -1,
  };

  constructor(random: Random, limits: ConntrackLimits, flavour: Flavour = "userspace") {
    super(limits);
    this.#life = flavour === "linux" ? new LinuxLife() : new UserSpaceLife();
    this.#nat = {
      basis: random.int(0, 0x7fffffff),
      random,
      isFree: (candidate) =>
        this.table.find(candidate, this.#nowMs) === null && !this.table.foundKilled,
    };
  }

  /** Accept TCP segments outside the window (`dpctl/ct-disable-tcp-seq-chk`). */
  get liberal(): boolean {
    return this.#life.liberal;
  }

  set liberal(liberal: boolean) {
    this.#life.liberal = liberal;
  }

  /** Tracks the packet: sets its ct fields, commits and translates as asked. */
  execute(packet: Packet, request: CtRequest, timeMs: number): void {
    // As in Open vSwitch, and a whole number takes no memory of its own.
    const nowMs = Math.floor(timeMs);
    const cached = packet.connection;
    if (cached !== null && cached.zone === request.zone && !request.force) {
      this.#again(packet, cached, request);
      return;
    }
    const tuple = this.#tuple;
    const extracted = extractTuple(packet, request.zone, tuple, this.#life.takesPortZero);
    if (extracted === "invalid") {
      packet.ctState = INV;
      this.#show(packet, request.zone, null);
      return;
    }
    this.#nowMs = nowMs;
    // A packet that comes from another zone starts anew here.
    if (packet.ctState !== 0 && packet.ctZone !== request.zone) packet.ctState = 0;
    this.#track(packet, request, extracted === "related", nowMs);
  }

  #track(packet: Packet, request: CtRequest, related: boolean, nowMs: number): void {
    const tuple = this.#tuple;
    const wasTranslated = (packet.ctState & (SNAT | DNAT)) !== 0;
    let connection = this.#lookUp(packet, nowMs);
    let isReply = this.table.foundReply;
    if (this.table.foundKilled) {
      // It answers what was there a moment ago. What the last `ct` found stays with it.
      packet.ctState |= INV;
      this.#show(packet, request.zone, null);
      return;
    }
    const known = connection;
    if (known !== null && request.force) {
      // Open vSwitch keeps a translated connection twice, and only the first of the two has a direction.
      const isFirst = known.answers === null || wasTranslated === isReply;
      if (isReply && isFirst) this.table.kill(known, nowMs);
      if (isFirst ? isReply : wasTranslated) connection = null;
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
    // Another one, or what is left of it, may stand in the way: then the packet goes on without a verdict.
    const isFree = known === null && !wasTranslated;
    if (begin && (isFree || !this.#isTaken(nowMs))) {
      isReply = false;
      connection = this.#begin(packet, request, nowMs);
    }
    this.#show(packet, request.zone, connection);
    if (connection === null) this.#showOwn(packet);
    else this.#setMarkAndLabel(packet, connection, request);
    packet.connection = request.nat === null ? connection : null;
    packet.connectionReply = isReply;
    packet.connectionRelated = related;
    tuple.wide = null;
  }

  #isTaken(nowMs: number): boolean {
    return this.table.find(this.#tuple, nowMs) !== null || this.table.foundKilled;
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
    const segment = this.#segmentOf(packet, connection);
    const verdict = this.#life.update(connection, segment, isReply, nowMs);
    switch (verdict) {
      case "over":
      case "established":
        if (verdict === "over") this.table.kill(connection, nowMs);
        packet.ctState = (packet.ctState & ~NEW) | (isReply ? EST | RPL : EST);
        return false;
      case "new":
        packet.ctState |= NEW;
        return false;
      case "invalid":
        packet.ctState = INV;
        return false;
      case "replace":
        this.table.kill(connection, nowMs);
        return true;
    }
  }

  /** The TCP header, or `null` for another protocol. */
  #segmentOf(packet: Packet, { protocol }: Tuple): TcpSegment | null {
    if ((protocol & ~IPV6) !== 6) return null;
    readSegment(packet, this.#segment);
    return this.#segment;
  }

  /** No connection yet. With `commit` one begins, if such a packet may begin one. */
  #begin(packet: Packet, request: CtRequest, nowMs: number): Connection | null {
    const tuple = this.#tuple;
    const segment = this.#segmentOf(packet, tuple);
    if (!this.#life.mayBegin(tuple, segment)) {
      packet.ctState = INV;
      return null;
    }
    packet.ctState = NEW;
    if (!request.commit) return null;
    if (!this.hasRoom(request.zone, nowMs)) return null;
    const { nat } = request;
    let answers: Tuple | null = null;
    let kind: NatKind | null = null;
    if (nat !== null) {
      const original = tuple.freeze();
      answers = chooseReply(original, nat, this.#nat);
      if (answers === null) {
        this.refused.natExhausted++;
        return null;
      }
      if (sameTuple(answers, reply(original))) answers = null;
      kind = nat.kind ?? "none";
    }
    const connection = this.enter(tuple, kind, answers, nowMs);
    this.#life.begin(connection, segment, nowMs);
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
    this.#setMarkAndLabel(packet, connection, request);
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

  #setMarkAndLabel(packet: Packet, connection: Connection, request: CtRequest): void {
    if (request.markMask !== 0) {
      connection.mark = (connection.mark & ~request.markMask) | request.mark;
      packet.ctMark = connection.mark;
    }
    if (request.label !== null) {
      const { value, mask } = request.label;
      const old = connection.label;
      const label = value.map((word, i) => ((old?.[i] ?? 0) & ~(mask[i] ?? 0)) | word);
      const last = this.#label;
      if (last === null || label.some((word, i) => word !== last[i])) this.#label = label;
      connection.label = this.#label;
      packet.ctLabel = connection.label;
    }
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
