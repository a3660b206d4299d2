import { HTTP_LIMITS } from "../base/limits.ts";
import type { Endpoint } from "../base/net.ts";
import type { Budget } from "../flow/budget.ts";
import { INTEREST, type Interest, type Moment, type StreamHandler } from "../flow/handler.ts";
import type { FlowTuple } from "../flow/tuple.ts";
import type { Anomaly } from "./anomaly.ts";
import { ByteCollector } from "./byte-collector.ts";
import type { HttpCounts } from "./counts.ts";
import { Exchange } from "./exchange.ts";
import { type HeadAnswer, type MessageEvents, MessageParser } from "./parser.ts";
import { answerTo } from "./reader.ts";
import type { Transaction } from "./transaction.ts";

type Side = 0 | 1;

/** Pieces without a sign of HTTP after which a connection is left alone. */
const FOREIGN_PIECES = 8;

/** What all conversations of an extractor share. */
export interface ConversationContext {
  readonly moment: Moment;
  readonly counts: HttpCounts;
  readonly heads: Budget;
  /** Set: the messages are kept as they were on the wire. */
  readonly raw: Budget | null;
  /** Requests completed so far. */
  order: number;
  onTransaction(transaction: Transaction): void;
}

/** The HTTP conversation of one TCP connection: pairs requests with responses, in order (RFC 9112 §9.3.2). */
export class Conversation implements StreamHandler, MessageEvents {
  readonly #context: ConversationContext;
  readonly #parsers: readonly [MessageParser, MessageParser];
  #endpoints: readonly [Endpoint, Endpoint] = [
    { address: "", port: 0 },
    { address: "", port: 0 },
  ];
  /** Oldest first. Those at the front may have their response already, while their request goes on. */
  #exchanges: Exchange[] = [];
  /** The request that is being read, and the exchange whose response is, by side. */
  #request: Exchange | null = null;
  #response: Exchange | null = null;
  /** Anomalies of a head, which is read before its exchange is known. */
  readonly #early: Anomaly[] = [];
  #isInterim = false;
  #startNs = 0n;
  /** By direction, when the first bytes came of what is not yet known to be a message. */
  readonly #waitingNs: [bigint | null, bigint | null] = [null, null];
  #pieces = 0;
  #hasHttp = false;

  constructor(context: ConversationContext) {
    this.#context = context;
    this.#parsers = [
      new MessageParser(this, context.heads),
      new MessageParser(this, context.heads),
    ];
    if (context.raw !== null) {
      for (const parser of this.#parsers) {
        parser.raw = new ByteCollector(context.raw, HTTP_LIMITS.messageBytesMax);
      }
    }
  }

  get interest(): Interest {
    if (this.#hasHttp) {
      return this.#parsers[0].isTunnel && this.#parsers[1].isTunnel && this.#exchanges.length === 0
        ? INTEREST.none
        : INTEREST.all;
    }
    const [a, b] = this.#parsers;
    const isForeign =
      (a.isLost && b.isLost) ||
      (this.#pieces >= FOREIGN_PIECES &&
        (a.isLost || b.isLost) &&
        !(a.isUndecided || b.isUndecided));
    return isForeign ? INTEREST.dormant : INTEREST.all;
  }

  open(tuple: FlowTuple): void {
    this.#endpoints = [tuple.source, tuple.destination];
    this.#parsers[0].reset();
    this.#parsers[1].reset();
    this.#request = null;
    this.#response = null;
    this.#isInterim = false;
    this.#pieces = 0;
    this.#hasHttp = false;
  }

  data(direction: Side, bytes: Uint8Array, start: number, end: number): void {
    const parser = this.#parsers[direction];
    this.#pieces++;
    parser.feed(bytes, start, end);
  }

  gap(direction: Side, count: number): void {
    this.#parsers[direction].gap(count);
  }

  end(direction: Side, isOrderly: boolean): void {
    this.#parsers[direction].end(isOrderly);
  }

  close(): void {
    for (const exchange of this.#exchanges) {
      if (exchange.isLost) continue;
      exchange.requestDone = true;
      if (!exchange.responseDone) exchange.responseWhole = false;
      this.#emit(exchange);
    }
    // Setting the length of an empty array would cost it its memory.
    if (this.#exchanges.length > 0) this.#exchanges.length = 0;
    for (const parser of this.#parsers) parser.raw?.release();
  }

  /** The answer to an HTTP/0.9 request has no head, unless the server knows better. */
  isHeadless(parser: MessageParser): boolean {
    return parser.role !== "request" && this.#awaiting(this.#sideOf(parser))?.version === 9;
  }

  headless(parser: MessageParser): void {
    const first = this.#awaiting(this.#sideOf(parser));
    if (first !== undefined) this.#beginResponse(first, null);
  }

  waiting(parser: MessageParser): void {
    this.#waitingNs[this.#sideOf(parser)] = this.#context.moment.nowNs;
  }

  started(parser: MessageParser): void {
    this.#hasHttp = true;
    // A request line may come in several segments: the request began with the first of them.
    const side = this.#sideOf(parser);
    const waitingNs = this.#waitingNs[side];
    this.#waitingNs[side] = null;
    if (parser.role === "request") {
      this.#startNs = waitingNs ?? this.#context.moment.nowNs;
      // What answers this request begins where the other stream stands now.
      this.#parsers[this.#other(parser)].resync();
    }
  }

  head(parser: MessageParser): HeadAnswer {
    return parser.role === "request" ? this.#requestHead(parser) : this.#responseHead(parser);
  }

  body(): void {
    // Bodies are counted by the parser.
  }

  ended(parser: MessageParser, isComplete: boolean): void {
    if (parser.role === "request") this.#requestEnded(parser, isComplete);
    else this.#responseEnded(parser, isComplete);
  }

  lost(parser: MessageParser, mayHideMessage: boolean): void {
    parser.raw?.clear();
    if (!mayHideMessage) return;
    const side = this.#sideOf(parser);
    const role = parser.role === "unknown" ? this.#roleFromPeer(side) : parser.role;
    if (role === "request") this.#addExchange(new Exchange(side, true));
    else if (role === "response") {
      const exchange = this.#awaiting(side);
      if (exchange === undefined) return;
      exchange.responseBegun = true;
      this.#finishResponse(exchange, false);
    }
  }

  anomaly(parser: MessageParser, name: Anomaly): void {
    this.#context.counts.anomaly(name);
    const exchange = parser.role === "request" ? this.#request : this.#response;
    if (exchange !== null) exchange.note(name);
    else this.#early.push(name);
  }

  #takeEarly(exchange: Exchange | null): void {
    if (this.#early.length === 0) return;
    for (const name of this.#early) exchange?.note(name);
    this.#early.length = 0;
  }

  #requestHead(parser: MessageParser): HeadAnswer {
    const { head } = parser;
    const exchange = new Exchange(this.#sideOf(parser), false);
    exchange.method = head.method;
    exchange.host = head.host;
    exchange.uri = head.target;
    exchange.version = head.version;
    exchange.requestStartNs = this.#startNs;
    this.#takeEarly(exchange);
    this.#request = exchange;
    this.#addExchange(exchange);
    this.#context.counts.requests++;
    return "normal";
  }

  #addExchange(exchange: Exchange): void {
    if (this.#exchanges.length >= HTTP_LIMITS.outstandingMax) {
      // The oldest will hardly be answered any more.
      this.#context.counts.anomaly("too-many-outstanding-requests");
      const oldest = this.#exchanges[0]!;
      oldest.responseBegun = true;
      oldest.requestDone = true;
      this.#finishResponse(oldest, false);
    }
    this.#exchanges.push(exchange);
  }

  #responseHead(parser: MessageParser): HeadAnswer {
    const { status } = parser.head;
    const exchange = this.#awaiting(this.#sideOf(parser));
    this.#isInterim = status >= 100 && status < 200 && status !== 101;
    if (this.#isInterim) {
      this.#context.counts.interimResponses++;
      this.#takeEarly(null);
      return "bodyless";
    }
    this.#context.counts.responses++;
    if (exchange === undefined || exchange.isLost) {
      this.#context.counts.anomaly("response-without-request");
    }
    if (exchange !== undefined) this.#beginResponse(exchange, parser);
    this.#takeEarly(exchange ?? null);
    const answer = answerTo(exchange?.method ?? "GET", status);
    if (answer === "tunnel") {
      this.#context.counts.tunnels++;
      this.#parsers[this.#other(parser)].becomeTunnel();
    }
    return answer;
  }

  #beginResponse(exchange: Exchange, parser: MessageParser | null): void {
    exchange.responseBegun = true;
    this.#response = exchange;
    if (parser !== null) {
      exchange.status = parser.head.status;
      exchange.contentType = parser.head.contentType;
    }
  }

  #requestEnded(parser: MessageParser, isComplete: boolean): void {
    const exchange = this.#request;
    this.#request = null;
    if (exchange === null) return;
    exchange.requestBytes = parser.bodyBytes;
    exchange.requestEndNs = this.#context.moment.nowNs;
    exchange.requestWhole = isComplete;
    exchange.requestDone = true;
    exchange.order = this.#context.order++;
    if (parser.raw !== null) exchange.rawRequest = takeRaw(parser.raw);
    if (exchange.responseDone) this.#settle();
  }

  #responseEnded(parser: MessageParser, isComplete: boolean): void {
    if (this.#isInterim) {
      this.#isInterim = false;
      parser.raw?.clear();
      return;
    }
    const exchange = this.#response;
    this.#response = null;
    if (exchange === null) {
      parser.raw?.clear();
      return;
    }
    exchange.responseBytes = parser.bodyBytes;
    exchange.responseEndNs = this.#context.moment.nowNs;
    if (parser.raw !== null) exchange.rawResponse = takeRaw(parser.raw);
    this.#finishResponse(exchange, isComplete);
  }

  #finishResponse(exchange: Exchange, isWhole: boolean): void {
    exchange.responseWhole = isWhole;
    exchange.responseDone = true;
    this.#settle();
  }

  /** Hand out finished exchanges from the front. */
  #settle(): void {
    for (;;) {
      const first = this.#exchanges[0];
      if (first === undefined || !first.responseDone || !first.requestDone) return;
      this.#exchanges.shift();
      if (!first.isLost) this.#emit(first);
    }
  }

  #emit(exchange: Exchange): void {
    const { client } = exchange;
    if (exchange.order === -1) {
      exchange.order = this.#context.order++;
      exchange.requestEndNs = this.#context.moment.nowNs;
    }
    const { anomalies } = exchange;
    const { raw } = this.#context;
    this.#context.counts.transactions++;
    const transaction: Transaction = {
      client: this.#endpoints[client],
      server: this.#endpoints[client === 0 ? 1 : 0],
      requestStartNs: exchange.requestStartNs,
      requestEndNs: exchange.requestEndNs,
      responseEndNs: exchange.responseEndNs,
      method: exchange.method,
      host: exchange.host,
      uri: exchange.uri,
      status: exchange.status,
      requestBytes: exchange.requestBytes,
      responseBytes: exchange.responseBytes,
      contentType: exchange.contentType,
      complete: exchange.responseEndNs !== null && exchange.requestWhole && exchange.responseWhole,
      order: exchange.order,
    };
    // Nearly all have neither, and copying an object costs as much as making it.
    this.#context.onTransaction(
      anomalies === null && raw === null
        ? transaction
        : {
            ...transaction,
            ...(anomalies === null ? {} : { anomalies }),
            ...(raw === null ? {} : { raw: rawOf(exchange) }),
          },
    );
  }

  /** The oldest exchange that the sender of `side` has not answered yet. */
  #awaiting(side: Side): Exchange | undefined {
    for (const exchange of this.#exchanges) {
      if (!exchange.responseBegun && exchange.client !== side) return exchange;
    }
    return undefined;
  }

  #sideOf(parser: MessageParser): Side {
    return parser === this.#parsers[0] ? 0 : 1;
  }

  #other(parser: MessageParser): Side {
    return parser === this.#parsers[0] ? 1 : 0;
  }

  #roleFromPeer(side: Side): MessageParser["role"] {
    const peer = this.#parsers[side === 0 ? 1 : 0].role;
    if (peer === "unknown") return "unknown";
    return peer === "request" ? "response" : "request";
  }
}

const NO_BYTES = new Uint8Array(0);

function rawOf(exchange: Exchange): NonNullable<Transaction["raw"]> {
  return {
    request: exchange.rawRequest ?? NO_BYTES,
    response: exchange.rawResponse ?? NO_BYTES,
  };
}

function takeRaw(raw: ByteCollector): Uint8Array {
  const bytes = raw.copy();
  raw.clear();
  return bytes;
}
