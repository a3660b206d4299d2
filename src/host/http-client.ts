import type { Timers } from "../base/clock.ts";
import {
  type Endpoint,
  type Network,
  type Socket,
  SocketError,
  type SocketFault,
} from "../base/net.ts";
import { formatRequest } from "../http/format.ts";
import type { Headers } from "../http/headers.ts";
import type { ResponseMessage } from "../http/message.ts";
import { type ReaderFault, ResponseReader } from "../http/reader.ts";

export interface HttpRequest {
  readonly method: string;
  readonly uri: string;
  readonly host: string;
  readonly headers?: Headers;
  readonly body?: Uint8Array;
}

/** Why there is no answer: the socket's fault, the reader's, or the peer closed before the answer was whole. */
export type HttpFailure = SocketFault | ReaderFault | "cut";

export type HttpResult =
  | { readonly response: ResponseMessage; readonly failure: null }
  | { readonly response: null; readonly failure: HttpFailure };

/** Waits that a program can bear in its own time, milliseconds. */
export interface Patience {
  readonly connectMs: number;
  readonly answerMs: number;
}

const PATIENCE: Patience = { connectMs: 5000, answerMs: 10_000 };

interface Line {
  readonly socket: Socket;
  readonly reader: ResponseReader;
}

/**
 * An HTTP/1.1 client over the small socket interface: one request at a time, to one server. Nothing that the network or the
 * server does makes it throw; the result says what went wrong.
 */
export class HttpClient {
  readonly #network: Network;
  readonly #timers: Timers;
  readonly #server: Endpoint;
  readonly #keepAlive: boolean;
  readonly #patience: Patience;
  #line: Line | null = null;

  constructor(
    host: { readonly network: Network },
    server: Endpoint,
    options: { readonly keepAlive: boolean; readonly patience?: Patience },
  ) {
    this.#network = host.network;
    this.#timers = host.network.timers;
    this.#server = server;
    this.#keepAlive = options.keepAlive;
    this.#patience = options.patience ?? PATIENCE;
  }

  async request(request: HttpRequest): Promise<HttpResult> {
    const bytes = formatRequest({
      method: request.method,
      uri: request.uri,
      headers: [
        ...(request.host === "" ? [] : [["Host", request.host] as const]),
        ...(request.headers ?? []),
        ["Connection", this.#keepAlive ? "keep-alive" : "close"],
      ],
      ...(request.body === undefined ? {} : { body: request.body }),
    });
    return await this.exchange(bytes, request.method);
  }

  /** Send a request that is bytes already, and read the answer to it. */
  async exchange(request: Uint8Array, method: string): Promise<HttpResult> {
    try {
      const line = await this.#connected();
      line.reader.expect(method);
      const result = await this.#answer(line, request);
      if (!this.#keepAlive || result.failure !== null || !result.response.keepAlive) this.close();
      return result;
    } catch (error) {
      this.#line?.socket.destroy();
      this.#line = null;
      if (error instanceof SocketError) return { response: null, failure: error.code };
      throw error;
    }
  }

  /** Send a request to which no answer is expected. */
  async send(request: Uint8Array): Promise<HttpFailure | null> {
    try {
      const line = await this.#connected();
      await line.socket.write(request);
      return null;
    } catch (error) {
      this.#line?.socket.destroy();
      this.#line = null;
      if (error instanceof SocketError) return error.code;
      throw error;
    }
  }

  close(): void {
    this.#line?.socket.end();
    this.#line = null;
  }

  async #connected(): Promise<Line> {
    this.#line ??= {
      socket: await this.#network.connect(this.#server, this.#patience.connectMs),
      reader: new ResponseReader(),
    };
    return this.#line;
  }

  async #answer({ socket, reader }: Line, request: Uint8Array): Promise<HttpResult> {
    let late = false;
    const cancel = this.#timers.after(this.#patience.answerMs, () => {
      late = true;
      socket.destroy();
    });
    try {
      await socket.write(request);
      for (;;) {
        const bytes = await socket.read();
        const [response] = bytes === null ? reader.end() : reader.push(bytes);
        if (response?.complete) return { response, failure: null };
        if (reader.fault !== null) return { response: null, failure: reader.fault };
        if (bytes === null || response !== undefined) return { response: null, failure: "cut" };
      }
    } catch (error) {
      // Destroying the socket makes the read fail, by whatever name; the reason is the missing answer.
      if (late && error instanceof SocketError) return { response: null, failure: "ETIMEDOUT" };
      throw error;
    } finally {
      cancel();
    }
  }
}
