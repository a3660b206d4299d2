import { REPLAY_LIMITS } from "../base/limits.ts";
import type { Endpoint } from "../base/net.ts";
import type { PacketPort } from "../base/packet-port.ts";
import type { Random } from "../base/random.ts";
import { NO_BYTES } from "../wire/bytes.ts";
import { isGroupMac } from "../wire/mac.ts";
import { isMalformed } from "../wire/malformed.ts";
import { type ParsedFrame, parseFrame, type Route, wrongChecksum } from "../wire/packet.ts";
import type { TcpHeader } from "../wire/tcp.ts";
import { parseTcpOptions } from "../wire/tcp-options.ts";
import { AnswerLog } from "./answer-log.ts";
import { Conversation } from "./conversation.ts";
import { REPLAY_EVENTS, type ReplayEvent } from "./event.ts";
import type { LabelledBytes } from "./label.ts";
import { Lingering } from "./lingering.ts";
import type { TapeMatcher } from "./match.ts";
import { type Answer, type MissPolicy, missAnswer } from "./miss.ts";
import { ReplayedConnection } from "./replayed-connection.ts";
import type { RequestHead } from "./request-stream.ts";
import { ReturnPath } from "./return-path.ts";
import { ACK, FIN, RST, type Segment, SYN } from "./segment.ts";
import { advance } from "./sequence.ts";
import type { Tape } from "./tape.ts";

export interface PacketReplayerOptions {
  readonly miss: MissPolicy;
  /** Where initial sequence numbers come from. */
  readonly random: Random;
  /** For tests: the initial sequence numbers themselves. */
  readonly initialSequence?: () => number;
}

/** Totals of a replayer: answers from the tape or by the miss policy, and bytes sent by where they came from. */
export interface ReplayTotals {
  readonly answers: number;
  readonly misses: number;
  readonly bytes: LabelledBytes;
}

interface Open {
  readonly connection: ReplayedConnection;
  readonly conversation: Conversation;
}

interface Closed {
  readonly path: ReturnPath;
  readonly acknowledgement: Segment;
}

/**
 * Answers a bot's TCP as the servers of a tape, packet by packet: there is no socket and no address of its own. Frames
 * that come in through the port are taken for the bot's; answers go back to the MAC address they came from, from the
 * one they were sent to. What is not on the tape gets the miss policy, an address and port that are not on the tape a
 * RST. Nothing is ever sent anywhere else. Everything that happens is counted.
 */
export class PacketReplayer {
  readonly log = new AnswerLog();
  readonly #port: PacketPort;
  readonly #tape: Tape;
  readonly #matcher: TapeMatcher;
  readonly #miss: MissPolicy;
  readonly #initialSequence: () => number;
  readonly #counts = new Map<ReplayEvent, number>(REPLAY_EVENTS.map((event) => [event, 0]));
  /** Least recently used first. */
  readonly #open = new Map<string, Open>();
  readonly #closed: Lingering<Closed>;
  #isStopped = false;

  constructor(port: PacketPort, tape: Tape, options: PacketReplayerOptions) {
    this.#port = port;
    this.#tape = tape;
    this.#matcher = tape.matcher();
    this.#miss = options.miss;
    const random = options.random.fork("initial-sequence");
    this.#initialSequence = options.initialSequence ?? (() => random.int(0, 0xffff_ffff));
    this.#closed = new Lingering(port.timers);
    port.onFrame((frame) => this.#receive(frame));
  }

  account(): ReplayTotals {
    const { answers, misses, bytes } = this.log.totals();
    return { answers, misses, bytes };
  }

  /** How often each event happened. */
  counts(): Readonly<Record<ReplayEvent, number>> {
    return Object.fromEntries(this.#counts) as Record<ReplayEvent, number>;
  }

  /** Connections that are open or half open. */
  get connections(): number {
    return this.#open.size;
  }

  /** Recorded answers that nobody has asked for. */
  get unplayed(): number {
    return this.#matcher.remaining;
  }

  /** Forget all connections and take no more frames. No timer is left. */
  stop(): void {
    this.#isStopped = true;
    for (const { connection } of this.#open.values()) connection.forget();
    this.#open.clear();
    this.#closed.clear();
  }

  #receive(bytes: Uint8Array): void {
    if (this.#isStopped) return;
    const frame = parseFrame(bytes);
    if (isMalformed(frame) || frame.broken !== undefined) {
      this.#count("malformed");
      return;
    }
    const { ethernet, tcp, ipv4, ipv6Fragment } = frame;
    const isFragment =
      ipv6Fragment !== undefined ||
      (ipv4 !== undefined && (ipv4.moreFragments || ipv4.fragmentOffset > 0));
    const ip = ipv4 ?? frame.ipv6;
    if (isFragment) this.#count("fragment");
    else if (tcp === undefined || ip === undefined || ethernet.tags.length > 1) {
      this.#count("not-tcp");
    } else if (isGroupMac(ethernet.destination) || wrongChecksum(bytes, frame) !== undefined) {
      this.#count("malformed");
    } else this.#receiveTcp(frame, tcp, ip.source, ip.destination);
  }

  #receiveTcp(frame: ParsedFrame, tcp: TcpHeader, bot: string, server: string): void {
    const { sequence, acknowledgement, flags, window, options } = tcp;
    const mss = (flags & SYN) === 0 ? undefined : this.#mssOf(options);
    const segment: Segment = {
      ...{ sequence, acknowledgement, flags, window, payload: frame.payload },
      ...(mss === undefined ? {} : { mss }),
    };
    const key = `${bot} ${tcp.sourcePort} ${server} ${tcp.destinationPort}`;
    const open = this.#open.get(key);
    if (open !== undefined) {
      // Used last: to the end of the map.
      this.#open.delete(key);
      this.#open.set(key, open);
      open.connection.receive(segment);
      return;
    }
    const isFirst = (flags & (SYN | ACK | RST | FIN)) === SYN;
    if (!isFirst) {
      this.#receiveStray(key, segment, () => pathOf(frame, tcp, bot, server));
      return;
    }
    this.#closed.delete(key);
    const path = pathOf(frame, tcp, bot, server);
    if (this.#tape.hasServer(server, tcp.destinationPort)) {
      this.#accept(key, segment, path, { address: server, port: tcp.destinationPort });
    } else {
      this.#count("connection-refused");
      this.#reset(segment, path);
    }
  }

  #accept(key: string, syn: Segment, path: ReturnPath, server: Endpoint): void {
    this.#makeRoom();
    const conversation = new Conversation({
      answer: (request) => this.#answer(server, request),
      write: (bytes) => {
        connection.write(bytes);
        if (connection.queued <= REPLAY_LIMITS.queuedAnswersMax) return;
        conversation.stop();
        connection.abort("overrun");
      },
      end: () => connection.end(),
      count: (event) => this.#count(event),
    });
    const connection = new ReplayedConnection(syn, this.#initialSequence(), {
      timers: this.#port.timers,
      mss: path.mss,
      send: (segment) => this.#port.send(path.frame(segment)),
      count: (event) => this.#count(event),
      received: (bytes) => conversation.received(bytes),
      receivedEnd: () => conversation.receivedEnd(),
      over: (orderly) => {
        this.#open.delete(key);
        const acknowledgement = connection.lastAcknowledgement();
        if (orderly) this.#closed.add(key, { path, acknowledgement });
      },
    });
    this.#open.set(key, { connection, conversation });
  }

  /** The MSS that a SYN tells. Options that cannot be read are counted, and the SYN counts without them. */
  #mssOf(raw: Uint8Array): number | undefined {
    const options = parseTcpOptions(raw);
    if (!isMalformed(options)) return options.maximumSegmentSize;
    this.#count("malformed-options");
    return undefined;
  }

  /** A segment of no open connection. */
  #receiveStray(key: string, segment: Segment, path: () => ReturnPath): void {
    const closed = this.#closed.get(key);
    if (closed !== null) {
      this.#count("duplicate-segment");
      if ((segment.flags & RST) !== 0) this.#closed.delete(key);
      else if (segment.payload.length > 0 || (segment.flags & FIN) !== 0) {
        this.#port.send(closed.path.frame(closed.acknowledgement));
      }
      return;
    }
    this.#count("stray-segment");
    if ((segment.flags & RST) === 0) this.#reset(segment, path());
  }

  /** RFC 9293 §3.10.7.1: the answer to a segment of no connection. */
  #reset(segment: Segment, path: ReturnPath): void {
    const { flags, sequence, acknowledgement, payload } = segment;
    const length = payload.length + (flags & SYN ? 1 : 0) + (flags & FIN ? 1 : 0);
    const reset =
      (flags & ACK) === 0
        ? { sequence: 0, acknowledgement: advance(sequence, length), flags: RST | ACK }
        : { sequence: acknowledgement, acknowledgement: 0, flags: RST };
    this.#port.send(path.frame({ ...reset, window: 0, payload: NO_BYTES }));
  }

  #answer(server: Endpoint, request: RequestHead | null): Answer {
    const { method, uri } = request ?? { method: "", uri: "" };
    const entry = request === null ? null : this.#matcher.take(server, method, uri);
    const answer: Answer = entry ?? missAnswer(this.#miss);
    this.log.add(this.#port.timers.nowNs(), server, { method, uri }, answer.spans);
    return answer;
  }

  #makeRoom(): void {
    if (this.#open.size < REPLAY_LIMITS.connectionsMax) return;
    for (const { connection } of this.#open.values()) {
      connection.abort("crowded-out");
      return;
    }
  }

  #count(event: ReplayEvent): void {
    this.#counts.set(event, (this.#counts.get(event) ?? 0) + 1);
  }
}

function pathOf(frame: ParsedFrame, tcp: TcpHeader, bot: string, server: string): ReturnPath {
  const { source, destination, tags } = frame.ethernet;
  const vlan = tags[0]?.vlan;
  const route: Route = {
    destinationMac: source,
    sourceMac: destination,
    source: server,
    destination: bot,
    ...(vlan === undefined ? {} : { vlan }),
  };
  return new ReturnPath(route, tcp.destinationPort, tcp.sourcePort);
}
