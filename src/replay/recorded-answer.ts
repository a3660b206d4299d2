import { REPLAY_LIMITS } from "../base/limits.ts";
import { formatResponse } from "../http/format.ts";
import type { Framing } from "../http/framing.ts";
import type { Head } from "../http/head.ts";
import { type HeadAnswer, type MessageEvents, MessageParser } from "../http/parser.ts";
import { answerTo } from "../http/reader.ts";
import { CR, LF } from "../http/syntax.ts";
import type { Transaction } from "../http/transaction.ts";
import type { Span } from "./label.ts";
import type { Answer } from "./miss.ts";

/** What stands in for bytes that the recording does not have. Visible ASCII, so that it is seen for what it is. */
const FILLER = "x".charCodeAt(0);

/** A request that the recorded server took and never answered: nothing is sent, and the connection is closed. */
const SILENCE: Answer = {
  response: new Uint8Array(0),
  spans: [{ label: "recorded", bytes: 0 }],
  interimBytes: 0,
  closes: true,
};

/** The recorded answer of a transaction as it will be sent; a recorded silence is an answer, too. */
export function recordedAnswer(transaction: Transaction): Answer {
  if (transaction.status === null) return SILENCE;
  const response = transaction.raw?.response;
  if (response === undefined || response.length === 0) return fillerAnswer(transaction);
  const shape = new ResponseShape(response, transaction.method);
  // An answer without a head (HTTP/0.9) runs to the close.
  if (shape.framing === null) return whole(response, 0, true);
  if (shape.isWhole && (transaction.complete || shape.framing !== "close")) {
    return whole(response, shape.interimEnd, shape.closes);
  }
  return mended(response, shape, transaction.responseBytes);
}

function whole(response: Uint8Array, interimBytes: number, closes: boolean): Answer {
  return {
    response,
    spans: [{ label: "recorded", bytes: response.length }],
    interimBytes,
    closes,
  };
}

/** Only the figures were kept: a response of the same status, type and length. */
function fillerAnswer(transaction: Transaction): Answer {
  const { status, contentType, method } = transaction;
  const body = filler(transaction.responseBytes);
  const response = formatResponse({
    status: status ?? 200,
    method,
    headers: contentType === "" ? [] : [["Content-Type", contentType]],
    body,
  });
  return {
    response,
    spans: [{ label: "substituted", bytes: response.length }],
    interimBytes: 0,
    closes: false,
  };
}

/**
 * An answer that a gap or the capture's end broke off is made whole, so that its reader does not wait for ever.
 * The head is as recorded: a response with a gap in its head is none. Where in a body of a given length the missing
 * bytes were is not known, so all of it counts as substituted; whole chunks are as recorded.
 */
function mended(response: Uint8Array, shape: ResponseShape, bodyBytes: number): Answer {
  const parts = new Parts();
  switch (shape.framing) {
    case "length": {
      const present = response.subarray(shape.headEnd);
      const missing = shape.contentLength - present.length;
      parts.add("recorded", response.subarray(0, shape.headEnd));
      parts.add("substituted", present);
      if (missing > REPLAY_LIMITS.fillerBytesMax) return parts.answer(shape.interimEnd, true);
      parts.add("substituted", filler(missing));
      return parts.answer(shape.interimEnd, shape.closes);
    }
    case "chunked": {
      const good = shape.lastWholeChunkEnd;
      const rest = shape.isOutOfStep
        ? filler(Math.min(bodyBytes - shape.wholeChunkBytes, REPLAY_LIMITS.fillerBytesMax))
        : shape.cutChunk;
      parts.add("recorded", response.subarray(0, good));
      if (good > shape.headEnd) parts.add("substituted", ascii("\r\n"));
      if (rest.length > 0) {
        parts.add("substituted", ascii(`${rest.length.toString(16)}\r\n`));
        parts.add("substituted", rest);
        parts.add("substituted", ascii("\r\n"));
      }
      parts.add("substituted", ascii("0\r\n\r\n"));
      return parts.answer(shape.interimEnd, shape.closes);
    }
    default:
      // The body ran to the close; how much of it is missing is not known.
      parts.add("recorded", response.subarray(0, shape.headEnd));
      parts.add("substituted", response.subarray(shape.headEnd));
      return parts.answer(shape.interimEnd, true);
  }
}

/** Where the parts of recorded response bytes begin and end. All offsets are into those bytes. */
class ResponseShape implements MessageEvents {
  /** `null`: no head was found. */
  framing: Framing | null = null;
  contentLength = 0;
  /** One past the interim responses (1xx) that go before. */
  interimEnd = 0;
  headEnd = 0;
  isWhole = false;
  closes = false;
  /** One past the data of the last chunk that is whole, or the head's end. */
  lastWholeChunkEnd = 0;
  wholeChunkBytes = 0;
  /** The data of a last chunk that the end cut off. */
  cutChunk = new Uint8Array(0);
  /** The framing of the chunks broke inside: there is a gap. */
  isOutOfStep = false;
  readonly #method: string;
  #isInterim = false;
  #chunks: [start: number, end: number][] = [];

  constructor(response: Uint8Array, method: string) {
    this.#method = method;
    const parser = new MessageParser(this);
    parser.role = "response";
    parser.wantsBody = true;
    parser.feed(response, 0, response.length);
    parser.end(true);
    this.lastWholeChunkEnd = this.headEnd;
    if (this.framing === "chunked" && !this.isWhole) this.#sortChunks(response);
  }

  started(): void {}

  // The bytes are fed in one piece, so that the offsets of heads and chunks are offsets into the response.
  head(parser: MessageParser, _bytes: Uint8Array, _start: number, end: number): HeadAnswer {
    const status = parser.head.status;
    this.#isInterim = status >= 100 && status < 200 && status !== 101;
    if (this.#isInterim) {
      this.interimEnd = end;
      return "bodyless";
    }
    this.headEnd = end;
    const answer = answerTo(this.#method, status);
    this.framing = framingOf(parser.head, answer);
    this.contentLength = parser.head.contentLength;
    // After an upgrade or a tunnel nothing is known of what would follow.
    this.closes = closesAfter(parser.head, this.framing) || answer === "tunnel";
    this.isWhole = answer === "tunnel";
    return answer;
  }

  body(_parser: MessageParser, _bytes: Uint8Array, start: number, end: number): void {
    if (this.framing === "chunked") this.#chunks.push([start, end]);
  }

  ended(_parser: MessageParser, isComplete: boolean): void {
    if (!this.#isInterim && this.framing !== null) this.isWhole = isComplete;
  }

  lost(): void {
    this.isOutOfStep = true;
  }

  anomaly(): void {}

  /**
   * A chunk is whole when a line end follows its data; but of a stream that fell out of step the last one is not to be
   * believed: it took in what came after the gap.
   */
  #sortChunks(response: Uint8Array): void {
    if (this.isOutOfStep) this.#chunks.pop();
    for (const [start, end] of this.#chunks) {
      if (response[end] === CR || response[end] === LF) {
        this.wholeChunkBytes += end - start;
        this.lastWholeChunkEnd = end;
      } else if (end === response.length) this.cutChunk = response.slice(start, end);
    }
  }
}

/** How the response's body ends (RFC 9112 §6.3), read as generously as the parser of captures reads it. */
function framingOf(head: Head, answer: HeadAnswer): Framing {
  if (answer !== "normal") return "none";
  if (head.transferCoding !== "none")
    return head.transferCoding === "chunked" ? "chunked" : "close";
  if (head.contentLength >= 0) return head.contentLength === 0 ? "none" : "length";
  return "close";
}

/** Whether the recorded server closed after this response (RFC 9112 §9.3). */
function closesAfter(head: Head, framing: Framing): boolean {
  if (framing === "close" || head.connectionClose) return true;
  return head.version < 11 && !head.connectionKeepAlive;
}

/** Labelled pieces, joined. */
class Parts {
  readonly #bytes: Uint8Array[] = [];
  readonly #spans: Span[] = [];

  add(label: "recorded" | "substituted", bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#bytes.push(bytes);
    this.#spans.push({ label, bytes: bytes.length });
  }

  answer(interimBytes: number, closes: boolean): Answer {
    const response = new Uint8Array(Buffer.concat(this.#bytes));
    return { response, spans: this.#spans, interimBytes, closes };
  }
}

function filler(length: number): Uint8Array {
  return new Uint8Array(Math.max(0, length)).fill(FILLER);
}

function ascii(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, "latin1"));
}
