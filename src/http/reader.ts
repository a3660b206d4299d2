import { HTTP_LIMITS } from "../base/limits.ts";
import { Budget } from "../flow/budget.ts";
import type { Anomaly } from "./anomaly.ts";
import { ByteCollector } from "./byte-collector.ts";
import type { Head } from "./head.ts";
import { type Headers, readHeaders } from "./headers.ts";
import type { RequestMessage, ResponseMessage } from "./message.ts";
import { type HeadAnswer, type MessageEvents, MessageParser } from "./parser.ts";

/** Why a stream cannot be read on: close the connection. */
export type ReaderFault = Anomaly | "not-http" | "body-too-long";

/** Anomalies after which the end of a message is uncertain; a server answers them with 400 (RFC 9112 §6.3). */
const FATAL = new Set<Anomaly>([
  "conflicting-content-length",
  "invalid-content-length",
  "transfer-encoding-and-content-length",
  "transfer-encoding-not-chunked",
  "bytes-between-messages",
]);

/** What the two readers share: bytes in, whole messages out. */
abstract class MessageReader<Message> implements MessageEvents {
  protected readonly parser: MessageParser;
  readonly #body = new ByteCollector(new Budget(Infinity), HTTP_LIMITS.messageBytesMax);
  #headers: Headers = [];
  #ready: Message[] = [];
  #fault: ReaderFault | null = null;

  constructor(role: "request" | "response") {
    this.parser = new MessageParser(this);
    this.parser.role = role;
    this.parser.wantsBody = true;
  }

  /** Why reading stopped, or `null`. After a fault `push` returns nothing more. */
  get fault(): ReaderFault | null {
    return this.#fault;
  }

  /** The next bytes of the stream. Returns the messages that they complete, in order. */
  push(bytes: Uint8Array): Message[] {
    if (this.#fault === null) this.parser.feed(bytes, 0, bytes.length);
    return this.#take();
  }

  /** The peer has closed. Returns a message that only the close ends. */
  end(): Message[] {
    if (this.#fault === null) this.parser.end(true);
    return this.#take();
  }

  #take(): Message[] {
    const ready = this.#ready;
    this.#ready = [];
    return ready;
  }

  started(): void {
    this.#body.clear();
  }

  head(parser: MessageParser, bytes: Uint8Array, start: number, end: number): HeadAnswer {
    this.#headers = parser.head.version === 9 ? [] : readHeaders(bytes, start, end);
    return this.answer(parser.head);
  }

  body(_parser: MessageParser, bytes: Uint8Array, start: number, end: number): void {
    if (!this.#body.append(bytes, start, end)) this.#fault ??= "body-too-long";
  }

  ended(parser: MessageParser, isComplete: boolean): void {
    const message = this.message(parser.head, this.#headers, this.#body.copy(), isComplete);
    this.#body.clear();
    if (message !== null && this.#fault === null) this.#ready.push(message);
  }

  lost(): void {
    this.#fault ??= "not-http";
  }

  anomaly(_parser: MessageParser, name: Anomaly): void {
    if (FATAL.has(name)) this.#fault ??= name;
  }

  protected abstract answer(head: Head): HeadAnswer;
  /** `null`: not one to hand out. */
  protected abstract message(
    head: Head,
    headers: Headers,
    body: Uint8Array,
    isComplete: boolean,
  ): Message | null;
}

/** Reads the requests that a client sends, for a server on a socket. */
export class RequestReader extends MessageReader<RequestMessage> {
  constructor() {
    super("request");
  }

  protected answer(): HeadAnswer {
    return "normal";
  }

  protected message(
    head: Head,
    headers: Headers,
    body: Uint8Array,
    isComplete: boolean,
  ): RequestMessage | null {
    if (!isComplete) return null;
    return {
      method: head.method,
      uri: head.target,
      headers,
      body,
      version: head.version,
      keepAlive: keepsAlive(head),
    };
  }
}

/** Reads the responses that a server sends, for a client on a socket. Interim answers (1xx but 101) are skipped. */
export class ResponseReader extends MessageReader<ResponseMessage> {
  readonly #expected: string[] = [];
  #isInterim = false;

  constructor() {
    super("response");
  }

  /** Tell the method of a request when it is sent: the answer to HEAD has no body. Without it GET is assumed. */
  expect(method: string): void {
    this.#expected.push(method);
  }

  protected answer(head: Head): HeadAnswer {
    this.#isInterim = head.status >= 100 && head.status < 200 && head.status !== 101;
    if (this.#isInterim) return "bodyless";
    return answerTo(this.#expected.shift() ?? "GET", head.status);
  }

  protected message(
    head: Head,
    headers: Headers,
    body: Uint8Array,
    isComplete: boolean,
  ): ResponseMessage | null {
    if (this.#isInterim) return null;
    return {
      status: head.status,
      headers,
      body,
      version: head.version,
      keepAlive: keepsAlive(head),
      complete: isComplete,
    };
  }
}

/** What the response to `method` with `status` carries (RFC 9112 §6.3 rules 1 and 2; 101: RFC 9110 §7.8). */
export function answerTo(method: string, status: number): HeadAnswer {
  if (status === 101) return "tunnel";
  if (method === "CONNECT" && status >= 200 && status < 300) return "tunnel";
  if (method === "HEAD" || status === 204 || status === 304 || status < 200) return "bodyless";
  return "normal";
}

/** Persistence, RFC 9112 §9.3. */
function keepsAlive(head: Head): boolean {
  if (head.connectionClose) return false;
  return head.version >= 11 || head.connectionKeepAlive;
}
