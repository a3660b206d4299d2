import type { Anomaly } from "../http/anomaly.ts";
import type { ReplayEvent } from "./event.ts";
import type { Answer } from "./miss.ts";
import { type RequestHead, RequestStream } from "./request-stream.ts";

/** What a conversation needs: a way to find answers, and a way to send them. */
export interface ConversationSurroundings {
  /** The answer to a request; `null` stands for bytes that are no request. */
  answer(request: RequestHead | null): Answer;
  write(bytes: Uint8Array): void;
  /** Close this side after what was written. */
  end(): void;
  count(event: ReplayEvent): void;
}

/**
 * The HTTP side of one connection: requests out of the bot's bytes, recorded answers to them. An answer is chosen when
 * the head of its request is there, so that a recorded `100 Continue` goes out in time; the rest of it is sent when
 * the request is whole.
 */
export class Conversation {
  readonly #around: ConversationSurroundings;
  readonly #requests: RequestStream;
  #answer: Answer | null = null;
  #keepAlive = true;

  constructor(around: ConversationSurroundings) {
    this.#around = around;
    this.#requests = new RequestStream({
      started: (head) => this.#start(head),
      whole: () => this.#finish(),
      broken: () => this.#refuse(),
      anomaly: (name) => this.#anomaly(name),
    });
  }

  /** The bot's next bytes, in order. */
  received(bytes: Uint8Array): void {
    this.#requests.push(bytes);
  }

  /** No request is answered any more. */
  stop(): void {
    this.#requests.stop();
  }

  /** The bot has closed its side. */
  receivedEnd(): void {
    if (this.#requests.end()) this.#around.count("request-cut");
  }

  #start(head: RequestHead): void {
    const answer = this.#around.answer(head);
    this.#answer = answer;
    this.#keepAlive = head.keepAlive;
    if (answer.interimBytes > 0) {
      this.#around.write(answer.response.subarray(0, answer.interimBytes));
    }
  }

  #finish(): void {
    const answer = this.#answer;
    if (answer === null) return;
    this.#answer = null;
    this.#send(answer, answer.closes || !this.#keepAlive);
  }

  #refuse(): void {
    this.#around.count("not-http");
    this.#send(this.#around.answer(null), true);
  }

  #send(answer: Answer, closes: boolean): void {
    this.#around.write(answer.response.subarray(answer.interimBytes));
    if (!closes) return;
    this.stop();
    this.#around.end();
  }

  #anomaly(_name: Anomaly): void {
    this.#around.count("http-anomaly");
  }
}
