import type { Anomaly } from "../http/anomaly.ts";
import { type HeadAnswer, type MessageEvents, MessageParser } from "../http/parser.ts";

/** What the replayer has to know of a request. Bodies are read over, not kept. */
export interface RequestHead {
  readonly method: string;
  readonly uri: string;
  /** Whether the client expects the connection to stay open after the answer (RFC 9112 §9.3). */
  readonly keepAlive: boolean;
}

export interface RequestHandler {
  /** The head of a request is there. */
  started(head: RequestHead): void;
  /** The request that was started last is whole. */
  whole(): void;
  /** What came is no HTTP/1.x request, or one whose end cannot be told. Nothing more is reported. */
  broken(): void;
  anomaly(name: Anomaly): void;
}

/** The requests in one direction of a connection, fed in order in any pieces. */
export class RequestStream implements MessageEvents {
  readonly #parser: MessageParser;
  readonly #handler: RequestHandler;
  #isBroken = false;

  constructor(handler: RequestHandler) {
    this.#handler = handler;
    this.#parser = new MessageParser(this);
  }

  push(bytes: Uint8Array): void {
    if (!this.#isBroken) this.#parser.feed(bytes, 0, bytes.length);
  }

  /** Nothing more is reported. */
  stop(): void {
    this.#isBroken = true;
  }

  /** The client has closed its side. True when that cut a request off. */
  end(): boolean {
    if (this.#isBroken) return false;
    const isCut = !this.#parser.isBetweenMessages;
    this.#isBroken = true;
    return isCut;
  }

  started(): void {}

  head(parser: MessageParser): HeadAnswer {
    const { method, target, version, connectionClose, connectionKeepAlive } = parser.head;
    if (parser.role === "response") this.#break();
    else if (!this.#isBroken) {
      const keepAlive = !connectionClose && (version >= 11 || connectionKeepAlive);
      this.#handler.started({ method, uri: target, keepAlive });
    }
    return "normal";
  }

  body(): void {}

  ended(_parser: MessageParser, isComplete: boolean): void {
    if (isComplete && !this.#isBroken) this.#handler.whole();
  }

  lost(): void {
    this.#break();
  }

  anomaly(_parser: MessageParser, name: Anomaly): void {
    this.#handler.anomaly(name);
  }

  #break(): void {
    if (this.#isBroken) return;
    this.#isBroken = true;
    this.#handler.broken();
  }
}
