import { HTTP_LIMITS } from "../base/limits.ts";
import { Budget } from "../flow/budget.ts";
import type { Anomaly } from "./anomaly.ts";
import { ByteCollector } from "./byte-collector.ts";
import { CHUNK_LINE, ChunkLine } from "./chunk-line.ts";
import { framingOf } from "./framing.ts";
import { Head, parseHead, readCutRequestLine } from "./head.ts";
import { classifyStart, START } from "./start-line.ts";
import { CR, findHeadEnd, findLf, LF } from "./syntax.ts";

export type Role = "unknown" | "request" | "response";

/** What the owner says of a head: `bodyless` (answer to HEAD …), `tunnel`: what follows is not HTTP. */
export type HeadAnswer = "normal" | "bodyless" | "tunnel";

export interface MessageEvents {
  /** The first byte of a message was seen. */
  started(parser: MessageParser): void;
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
  length: 2,
  close: 3,
  chunkLine: 4,
  chunkData: 5,
  chunkEnd: 6,
  trailer: 7,
  /** Not in step: every piece is looked at for the start of a message. */
  lost: 8,
  /** Not HTTP any more: upgrade or tunnel. */
  tunnel: 9,
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
  readonly #chunk = new ChunkLine(HTTP_LIMITS.chunkLineBytesMax);
  readonly #report: (name: Anomaly) => void;
  #state: number = STATE.start;
  #remaining = 0;
  #isWhole = true;
  #isFirst = true;
  #trailerBytes = 0;
  #trailerLineBytes = 0;
  #isHeadUnderway = false;

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

  get isBetweenMessages(): boolean {
    return this.#state === STATE.start;
  }

  /** From here on the stream is not HTTP. */
  becomeTunnel(): void {
    this.#held.clear();
    this.#state = STATE.tunnel;
  }

  /** Bytes were lost or made no sense, and the peer has begun something new: the next byte may start a message again. */
  resync(): void {
    const isInDoubt = this.#state === STATE.head && !this.#isHeadUnderway;
    if (this.#state !== STATE.lost && !isInDoubt) return;
    this.#held.clear();
    this.#state = STATE.start;
  }

  get isLost(): boolean {
    return this.#state === STATE.lost;
  }

  get isTunnel(): boolean {
    return this.#state === STATE.tunnel;
  }

  /** From here on everything up to the close is the body of one message (the answer to an HTTP/0.9 request). */
  becomeBodyUntilClose(): void {
    this.#begin();
    this.#isHeadUnderway = false;
    this.#state = STATE.close;
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
        case STATE.length:
        case STATE.chunkData: {
          const take = Math.min(this.#remaining, end - at);
          this.#takeBody(bytes, at, at + take);
          this.#remaining -= take;
          at += take;
          if (this.#remaining === 0) {
            if (this.#state === STATE.length) this.#end();
            else this.#state = STATE.chunkEnd;
          }
          break;
        }
        case STATE.close:
          this.#takeBody(bytes, at, end);
          at = end;
          break;
        case STATE.chunkLine:
          at = this.#readChunkLine(bytes, at, end);
          break;
        case STATE.chunkEnd:
          at = this.#readChunkEnd(bytes, at, end);
          break;
        case STATE.trailer:
          at = this.#readTrailer(bytes, at, end);
          break;
        default:
          return;
      }
    }
  }

  /** `count` bytes of the stream are missing here. */
  gap(count: number): void {
    switch (this.#state) {
      case STATE.tunnel:
        return;
      case STATE.length:
      case STATE.chunkData:
        this.#isWhole = false;
        if (count < this.#remaining) {
          this.#remaining -= count;
          return;
        }
        if (count === this.#remaining) {
          this.#remaining = 0;
          if (this.#state === STATE.length) this.#end();
          else this.#state = STATE.chunkEnd;
          return;
        }
        this.#end();
        this.#lose(true);
        return;
      case STATE.close:
        this.#isWhole = false;
        return;
      case STATE.start:
        this.#lose(true);
        return;
      case STATE.lost:
        // Already out of step; the message that may hide here was announced when the step was lost.
        return;
      case STATE.head:
        this.#report("gap-in-head");
        this.#lose(!this.#takePartOfHead());
        return;
      default:
        this.#isWhole = false;
        this.#end();
        this.#lose(true);
    }
  }

  /** The stream is over. `isOrderly`: by FIN, so that a body that runs to the close is whole (RFC 9112 §8). */
  end(isOrderly: boolean): void {
    switch (this.#state) {
      case STATE.start:
      case STATE.lost:
      case STATE.tunnel:
        break;
      case STATE.head:
        if (this.#isHeadUnderway) {
          this.#report("cut-head");
          this.#takePartOfHead();
        }
        this.#held.clear();
        break;
      case STATE.close:
        if (!isOrderly) this.#isWhole = false;
        this.#end();
        break;
      default:
        this.#isWhole = false;
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
    if (at === end) return end;
    const kind = classifyStart(bytes, at, end);
    if (!this.#isExpected(kind)) return this.#rejectStart(end);
    if (kind === START.more || kind === START.likely) {
      this.#state = STATE.head;
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

  #isExpected(kind: number): boolean {
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
        return this.role !== "response";
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
      if (!this.#isExpected(kind)) return this.#rejectStart(end);
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
    switch (framing) {
      case "none":
        this.#end();
        break;
      case "length":
        this.#remaining = this.head.contentLength;
        this.#state = STATE.length;
        break;
      case "chunked":
        this.#chunk.reset();
        this.#state = STATE.chunkLine;
        break;
      case "close":
        this.#state = STATE.close;
        break;
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

  #takeBody(bytes: Uint8Array, start: number, end: number): void {
    this.bodyBytes += end - start;
    this.#keep(bytes, start, end);
    if (this.wantsBody) this.#events.body(this, bytes, start, end);
  }

  #keep(bytes: Uint8Array, start: number, end: number): void {
    if (this.raw !== null && !this.raw.append(bytes, start, end)) this.#report("raw-too-long");
  }

  #readChunkLine(bytes: Uint8Array, start: number, end: number): number {
    const state = this.#chunk.read(bytes, start, end);
    const stoppedAt = this.#chunk.stoppedAt;
    this.#keep(bytes, start, stoppedAt);
    switch (state) {
      case CHUNK_LINE.more:
        return end;
      case CHUNK_LINE.done:
        this.#remaining = this.#chunk.size;
        if (this.#remaining > 0) this.#state = STATE.chunkData;
        else {
          this.#trailerBytes = 0;
          this.#trailerLineBytes = 0;
          this.#state = STATE.trailer;
        }
        return stoppedAt;
      case CHUNK_LINE.bad:
        return this.#breakOff("bad-chunk-size", end);
      case CHUNK_LINE.tooLong:
        return this.#breakOff("chunk-line-too-long", end);
      case CHUNK_LINE.huge:
        return this.#breakOff("huge-chunk-size", end);
    }
  }

  #readChunkEnd(bytes: Uint8Array, start: number, end: number): number {
    let at = start;
    while (at < end && bytes[at] === CR) at++;
    this.#keep(bytes, start, at);
    if (at === end) return end;
    if (bytes[at] !== LF) return this.#breakOff("bad-chunk-end", end);
    this.#keep(bytes, at, at + 1);
    this.#chunk.reset();
    this.#state = STATE.chunkLine;
    return at + 1;
  }

  /** Fields after the last chunk, up to an empty line; they are skipped. */
  #readTrailer(bytes: Uint8Array, start: number, end: number): number {
    for (let at = start; at < end; at++) {
      const byte = bytes[at]!;
      if (byte === LF) {
        if (this.#trailerLineBytes === 0) {
          this.#keep(bytes, start, at + 1);
          this.#end();
          return at + 1;
        }
        this.#trailerLineBytes = 0;
      } else if (byte !== CR) this.#trailerLineBytes++;
      this.#trailerBytes++;
    }
    this.#keep(bytes, start, end);
    if (this.#trailerBytes > HTTP_LIMITS.trailerBytesMax)
      return this.#breakOff("trailer-too-long", end);
    return end;
  }

  /** The body cannot be read on; the message ends here, what follows is out of step. */
  #breakOff(name: Anomaly, end: number): number {
    this.#report(name);
    this.#isWhole = false;
    this.#end();
    this.#lose(false);
    return end;
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
