import { HTTP_LIMITS } from "../base/limits.ts";
import { Budget } from "../flow/budget.ts";
import type { Anomaly } from "./anomaly.ts";
import { BodyReader } from "./body-reader.ts";
import { ByteCollector } from "./byte-collector.ts";
import { framingOf } from "./framing.ts";
import { Head, parseHead, readCutRequestLine } from "./head.ts";
import { beginsWithKnownMethod } from "./method.ts";
import { classifyStart, START } from "./start-line.ts";
import { CR, findHeadEnd, findLf, LF } from "./syntax.ts";

export type Role = "unknown" | "request" | "response";

/** What the owner says of a head: `bodyless` (answer to HEAD …), `tunnel`: what follows is not HTTP. */
export type HeadAnswer = "normal" | "bodyless" | "tunnel";

export interface MessageEvents {
  /** The first byte of a message was seen. */
  started(parser: MessageParser): void;
  /** Whether the next message may have no head: all up to the close is then its body (the answer to HTTP/0.9). */
  isHeadless?(parser: MessageParser): boolean;
  /** It has none. */
  headless?(parser: MessageParser): void;
  /** Bytes that may become a message are held until their start line is there; `started` follows if they do. */
  waiting?(parser: MessageParser): void;
  /** The head is in bytes[start, end) and parsed in `parser.head`; the bytes are valid during the call only. */
  head(parser: MessageParser, bytes: Uint8Array, start: number, end: number): HeadAnswer;
  /** A piece of the body after transfer decoding; only when `parser.wantsBody`. */
  body(parser: MessageParser, bytes: Uint8Array, start: number, end: number): void;
  /** The message is over. `isComplete`: no byte of it is missing. */
  ended(parser: MessageParser, isComplete: boolean): void;
  /** The place in the stream is lost. `mayHideMessage`: a message may have begun in bytes that are missing. */
  lost(parser: MessageParser, mayHideMessage: boolean): void;
  anomaly(parser: MessageParser, name: Anomaly): void;
}

const STATE = {
  /** Between two messages. */
  start: 0,
  head: 1,
  body: 2,
  /** Not in step: every piece is looked at for the start of a message. */
  lost: 3,
  /** Not HTTP any more: upgrade or tunnel. */
  tunnel: 4,
} as const;

/**
 * HTTP/1.x messages of one direction of a connection, fed with pieces of the stream in order and with the lengths of
 * gaps. Bodies are counted, not stored. The content decides the role: who sends a request line is the client.
 */
export class MessageParser {
  readonly head = new Head();
  role: Role = "unknown";
  /** Body bytes of the current message so far, after transfer decoding, without what is missing. */
  bodyBytes = 0;
  wantsBody = false;
  /** Set to keep the bytes of the messages as they were on the wire; the owner takes them out at `ended`. */
  raw: ByteCollector | null = null;
  readonly #events: MessageEvents;
  readonly #held: ByteCollector;
  readonly #body = new BodyReader();
  readonly #report: (name: Anomaly) => void;
  #state: number = STATE.start;
  #isWhole = true;
  #isFirst = true;
  #isHeadUnderway = false;
  /** What is held was found while out of step. */
  #isFoundAgain = false;

  constructor(events: MessageEvents, budget = new Budget(Infinity)) {
    this.#events = events;
    this.#held = new ByteCollector(budget, HTTP_LIMITS.headBytesMax);
    this.#report = (name) => this.#events.anomaly(this, name);
  }

  /** Back to the state of a new stream. */
  reset(): void {
    this.role = "unknown";
    this.#state = STATE.start;
    this.#isFirst = true;
    this.#isHeadUnderway = false;
    this.bodyBytes = 0;
    this.#held.clear();
  }

  /** What is held may become a message. */
  get isUndecided(): boolean {
    return this.#state === STATE.head && !this.#isHeadUnderway;
  }

  /** From here on the stream is not HTTP. */
  becomeTunnel(): void {
    this.#held.clear();
    this.#state = STATE.tunnel;
  }

  /** Bytes were lost or made no sense, and the peer has begun something new: the next byte may start a message again. */
  resync(): void {
    if (this.#state !== STATE.lost && !this.isUndecided) return;
    this.#held.clear();
    this.#state = STATE.start;
  }

  get isLost(): boolean {
    return this.#state === STATE.lost;
  }

  /** Every message that has begun is over. */
  get isBetweenMessages(): boolean {
    return this.#state === STATE.start && this.#held.length === 0;
  }

  get isTunnel(): boolean {
    return this.#state === STATE.tunnel;
  }

  /** The next bytes of the stream, bytes[start, end), best segment by segment. */
  feed(bytes: Uint8Array, start: number, end: number): void {
    let at = start;
    while (at < end) {
      switch (this.#state) {
        case STATE.start:
        case STATE.lost:
          at = this.#findStart(bytes, at, end);
          break;
        case STATE.head:
          at = this.#readHead(bytes, at, end);
          break;
        case STATE.body:
          at = this.#readBody(bytes, at, end);
          break;
        default:
          return;
      }
    }
  }

  /** `count` bytes of the stream are missing here. */
  gap(count: number): void {
    switch (this.#state) {
      case STATE.start:
        this.#lose(true);
        break;
      case STATE.head:
        if (this.isUndecided && this.#mayBeHeadless()) {
          this.#releaseHeadless();
          this.gap(count);
          return;
        }
        this.#report("gap-in-head");
        this.#lose(!this.#takePartOfHead());
        break;
      case STATE.body: {
        this.#isWhole = false;
        const effect = this.#body.gap(count);
        if (effect === "inside") return;
        this.#end();
        if (effect === "beyond") this.#lose(true);
        break;
      }
      default:
      // A tunnel, or out of step already: the message that may hide here was announced when the step was lost.
    }
  }

  /** The stream is over. `isOrderly`: by FIN, so that a body that runs to the close is whole (RFC 9112 §8). */
  end(isOrderly: boolean): void {
    if (this.#state === STATE.head) {
      if (this.#isHeadUnderway) {
        this.#report("cut-head");
        this.#takePartOfHead();
      } else if (this.#mayBeHeadless()) {
        this.#releaseHeadless();
        this.end(isOrderly);
        return;
      }
      this.#held.clear();
    } else if (this.#state === STATE.body) {
      if (!(isOrderly && this.#body.runsToClose)) this.#isWhole = false;
      this.#end();
    }
    this.#state = STATE.tunnel;
  }

  #begin(): void {
    this.bodyBytes = 0;
    this.#isWhole = true;
    this.#isHeadUnderway = true;
    this.#events.started(this);
  }

  #findStart(bytes: Uint8Array, start: number, end: number): number {
    let at = start;
    // Empty lines before a start line are skipped (RFC 9112 §2.2).
    while (at < end && (bytes[at] === CR || bytes[at] === LF)) at++;
    if (at > start && this.#mayBeHeadless()) return this.#beginHeadless(start);
    if (at === end) return end;
    const kind = classifyStart(bytes, at, end);
    this.#isFoundAgain = this.#state === STATE.lost;
    if (!this.#isExpected(kind, bytes, at)) {
      return this.#mayBeHeadless() ? this.#beginHeadless(start) : this.#rejectStart(end);
    }
    if (kind === START.more || kind === START.likely) {
      this.#state = STATE.head;
      this.#events.waiting?.(this);
      return this.#hold(bytes, at, end);
    }
    this.role = kind === START.response ? "response" : "request";
    this.#begin();
    const headEnd = this.#parseHead(bytes, at, end, kind === START.simpleRequest);
    if (headEnd === -1) {
      this.#state = STATE.head;
      return this.#hold(bytes, at, end);
    }
    this.#takeHead(bytes, at, headEnd);
    return headEnd;
  }

  #mayBeHeadless(): boolean {
    return this.#state !== STATE.lost && this.#events.isHeadless?.(this) === true;
  }

  /** From here on everything up to the close is the body of one message. */
  #beginHeadless(at: number): number {
    this.role = "response";
    this.#begin();
    this.#isHeadUnderway = false;
    this.#body.begin("close", 0);
    this.#state = STATE.body;
    this.#events.headless?.(this);
    return at;
  }

  /** What is held has turned out to be the body of a message without head. */
  #releaseHeadless(): void {
    const held = this.#held.copy();
    this.#held.clear();
    this.#beginHeadless(0);
    this.#readBody(held, 0, held.length);
  }

  #isExpected(kind: number, bytes: Uint8Array, at: number): boolean {
    switch (kind) {
      case START.none:
        return false;
      case START.more:
        return this.#state !== STATE.lost;
      case START.likely:
        return true;
      case START.response:
        return this.role !== "request";
      case START.simpleRequest:
        // Only as the very first bytes of a stream; later it is text that happens to look like it.
        return this.role === "unknown" && this.#isFirst && this.#state !== STATE.lost;
      default:
        // Out of step the rest of a cut line may look like a request of any method: `T /path HTTP/1.1`.
        return (
          this.role !== "response" && (!this.#isFoundAgain || beginsWithKnownMethod(bytes, at))
        );
    }
  }

  #rejectStart(end: number): number {
    const wasInStep = this.#state !== STATE.lost;
    this.#held.clear();
    if (wasInStep) {
      if (this.role !== "unknown") this.#report("bytes-between-messages");
      this.#lose(false);
    }
    return end;
  }

  #hold(bytes: Uint8Array, start: number, end: number): number {
    if (!this.#held.append(bytes, start, end)) {
      this.#report("head-too-long");
      this.#lose(false);
    }
    return end;
  }

  /** More of a head whose beginning is held. Returns how far this piece belongs to it. */
  #readHead(bytes: Uint8Array, start: number, end: number): number {
    const before = this.#held.length;
    this.#hold(bytes, start, end);
    if (this.#state !== STATE.head) return end;
    const held = this.#held.buffer;
    const length = this.#held.length;
    let isSimple = false;
    if (!this.#isHeadUnderway) {
      const kind = classifyStart(held, 0, length);
      if (kind === START.more || kind === START.likely) return end;
      if (!this.#isExpected(kind, held, 0)) {
        if (!this.#mayBeHeadless()) return this.#rejectStart(end);
        this.#releaseHeadless();
        return end;
      }
      this.role = kind === START.response ? "response" : "request";
      this.#begin();
      isSimple = kind === START.simpleRequest;
    } else if (findHeadEnd(held, Math.max(0, before - 3), length) === -1) {
      // Looked for first, so that a head that comes byte by byte is parsed once; its empty line may have begun before.
      return end;
    }
    const headEnd = this.#parseHead(held, 0, length, isSimple);
    if (headEnd === -1) return end;
    this.#takeHead(held, 0, headEnd);
    this.#held.clear();
    return start + (headEnd - before);
  }

  /** Where the head ends, parsed into `head`, or -1. */
  #parseHead(bytes: Uint8Array, start: number, end: number, isSimple: boolean): number {
    if (!isSimple) return parseHead(bytes, start, end, this.role === "request", this.head);
    const headEnd = findLf(bytes, start, end) + 1;
    parseHead(bytes, start, headEnd, true, this.head);
    return headEnd;
  }

  #takeHead(bytes: Uint8Array, start: number, end: number): void {
    const isRequest = this.role === "request";
    this.#isHeadUnderway = false;
    this.#isFirst = false;
    this.raw?.append(bytes, start, end);
    const answer = this.#events.head(this, bytes, start, end);
    const framing = framingOf(this.head, isRequest, answer !== "normal");
    if (this.head.anomalies.length > 0) this.head.anomalies.forEach(this.#report);
    if (framing === "none") this.#end();
    else {
      this.#body.begin(framing, this.head.contentLength);
      this.#state = STATE.body;
    }
    if (answer === "tunnel") this.#state = STATE.tunnel;
  }

  /**
   * A head that will never be whole: from its start line on it still tells of a message (captures that hold only the
   * first bytes of each packet). False when not even that is there.
   */
  #takePartOfHead(): boolean {
    const held = this.#held.buffer;
    const length = this.#held.length;
    if (!this.#isHeadUnderway) {
      if (this.role === "response" || !readCutRequestLine(held, 0, length, this.head)) return false;
      this.role = "request";
      this.#begin();
      this.#takeBrokenMessage(held, length);
      return true;
    }
    const linesEnd = held.subarray(0, length).lastIndexOf(LF) + 1;
    const end = linesEnd === 0 ? length : linesEnd;
    parseHead(held, 0, end, this.role === "request", this.head);
    this.#takeBrokenMessage(held, length);
    return true;
  }

  #takeBrokenMessage(held: Uint8Array, length: number): void {
    this.#isHeadUnderway = false;
    this.#isWhole = false;
    this.raw?.append(held, 0, length);
    this.#events.head(this, held, 0, length);
    this.head.anomalies.forEach(this.#report);
    this.#end();
  }

  #readBody(bytes: Uint8Array, at: number, end: number): number {
    const body = this.#body;
    const next = body.read(bytes, at, end);
    if (this.raw !== null && !this.raw.append(bytes, at, next)) this.#report("raw-too-long");
    if (body.pieceEnd > body.pieceStart) {
      this.bodyBytes += body.pieceEnd - body.pieceStart;
      if (this.wantsBody) this.#events.body(this, bytes, body.pieceStart, body.pieceEnd);
    }
    if (body.isDone) this.#end();
    else if (body.fault !== null) {
      // The message ends here; what follows is out of step.
      this.#report(body.fault);
      this.#isWhole = false;
      this.#end();
      this.#lose(false);
      return end;
    }
    return next;
  }

  #end(): void {
    this.#state = STATE.start;
    this.#events.ended(this, this.#isWhole);
  }

  #lose(mayHideMessage: boolean): void {
    this.#held.clear();
    this.#isHeadUnderway = false;
    this.#state = STATE.lost;
    this.#isFirst = false;
    this.#events.lost(this, mayHideMessage);
  }
}
