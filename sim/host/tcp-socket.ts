import { HOST_LIMITS } from "../../src/base/limits.ts";
import {
  type Endpoint,
  formatEndpoint,
  type Socket,
  SocketError,
  type SocketFault,
} from "../../src/base/net.ts";
import type { TcpEndpoint } from "./tcp-endpoint.ts";

interface Waiter<T> {
  readonly resolve: (value: T) => void;
  readonly reject: (error: SocketError) => void;
}

const SENTENCES: Readonly<Record<SocketFault, string>> = {
  ECONNREFUSED: "the connection was refused",
  ECONNRESET: "the peer reset the connection",
  ETIMEDOUT: "the peer does not answer",
  EHOSTUNREACH: "the host cannot be reached",
  ENETUNREACH: "there is no route to the network",
  EADDRINUSE: "the address is in use",
  ECLOSED: "the socket is closed",
};

export function socketError(fault: SocketFault, remote: Endpoint): SocketError {
  return new SocketError(fault, `${formatEndpoint(remote)}: ${SENTENCES[fault]}`);
}

/** A promise that never settles: what a program gets whose host has lost its power. */
export function never<T>(): Promise<T> {
  return new Promise<T>(() => {});
}

/** What a program sees of a TCP connection. `wake` is called when a promise of its is settled. */
export class TcpSocket implements Socket {
  readonly #endpoint: TcpEndpoint;
  readonly #wake: () => void;
  #reader: Waiter<Uint8Array | null> | null = null;
  #writer: Waiter<void> | null = null;
  #ended = false;

  /** Of a connection that is open. */
  constructor(endpoint: TcpEndpoint, wake: () => void) {
    this.#endpoint = endpoint;
    this.#wake = wake;
    endpoint.onChange = () => this.#settle();
  }

  get local(): Endpoint {
    return this.#endpoint.local;
  }

  get remote(): Endpoint {
    return this.#endpoint.remote;
  }

  async read(): Promise<Uint8Array | null> {
    if (this.#endpoint.silent) return never();
    if (this.#reader !== null) throw new Error("a socket has one reader at a time");
    const { connection } = this.#endpoint;
    const bytes = connection.read();
    if (bytes !== null) return bytes;
    if (connection.fault !== null) throw socketError(connection.fault, this.remote);
    if (connection.peerEnded || connection.state === "closed") return null;
    connection.wanted = true;
    return new Promise((resolve, reject) => {
      this.#reader = { resolve, reject };
    });
  }

  async write(bytes: Uint8Array): Promise<void> {
    if (this.#endpoint.silent) return never();
    if (this.#writer !== null) throw new Error("a socket has one writer at a time");
    const { connection } = this.#endpoint;
    if (connection.fault !== null) throw socketError(connection.fault, this.remote);
    if (this.#ended || connection.state === "closed") throw socketError("ECLOSED", this.remote);
    connection.write(bytes);
    if (connection.unsent <= HOST_LIMITS.sendBytesMax) return;
    return new Promise((resolve, reject) => {
      this.#writer = { resolve, reject };
    });
  }

  end(): void {
    if (this.#ended || this.#endpoint.silent) return;
    this.#ended = true;
    if (this.#endpoint.connection.state !== "closed") this.#endpoint.connection.end();
  }

  destroy(): void {
    if (this.#endpoint.silent) return;
    this.#ended = true;
    this.#endpoint.connection.abort("ECLOSED");
  }

  /** The connection has changed: see whether somebody waited for it. */
  #settle(): void {
    const { connection } = this.#endpoint;
    const reader = this.#reader;
    if (reader !== null) {
      const bytes = connection.read();
      if (bytes !== null) this.#answerReader(() => reader.resolve(bytes));
      else if (connection.fault !== null) {
        const error = socketError(connection.fault, this.remote);
        this.#answerReader(() => reader.reject(error));
      } else if (connection.peerEnded || connection.state === "closed") {
        this.#answerReader(() => reader.resolve(null));
      }
    }
    const writer = this.#writer;
    if (writer === null) return;
    if (connection.fault !== null) {
      this.#writer = null;
      this.#wake();
      writer.reject(socketError(connection.fault, this.remote));
    } else if (connection.unsent <= HOST_LIMITS.sendBytesMax / 2) {
      // Not for every acknowledgement: a writer is worth waking for half a buffer.
      this.#writer = null;
      this.#wake();
      writer.resolve();
    }
  }

  #answerReader(answer: () => void): void {
    this.#reader = null;
    this.#endpoint.connection.wanted = false;
    this.#wake();
    answer();
  }
}
