import { HOST_LIMITS } from "../../src/base/limits.ts";
import { type Listener, type Socket, SocketError } from "../../src/base/net.ts";
import type { TcpEndpoint } from "./tcp-endpoint.ts";
import { never } from "./tcp-socket.ts";

interface Waiter {
  readonly resolve: (socket: Socket) => void;
  readonly reject: (error: SocketError) => void;
}

/** A port that takes connections. */
export class TcpListener implements Listener {
  readonly port: number;
  readonly #socketOf: (endpoint: TcpEndpoint) => Socket;
  readonly #wake: () => void;
  readonly #onClose: () => void;
  /** Answered, the peer's last word is missing. */
  readonly #halfOpen = new Set<TcpEndpoint>();
  readonly #open: { readonly endpoint: TcpEndpoint; readonly socket: Socket }[] = [];
  readonly #waiters: Waiter[] = [];
  #closed = false;
  #silent = false;

  constructor(
    port: number,
    socketOf: (endpoint: TcpEndpoint) => Socket,
    wake: () => void,
    onClose: () => void,
  ) {
    this.port = port;
    this.#socketOf = socketOf;
    this.#wake = wake;
    this.#onClose = onClose;
  }

  get full(): boolean {
    return this.#halfOpen.size + this.#open.length >= HOST_LIMITS.backlogMax;
  }

  /** A SYN came and is about to be answered. */
  add(endpoint: TcpEndpoint): void {
    this.#halfOpen.add(endpoint);
    endpoint.onChange = () => {
      const { state } = endpoint.connection;
      if (state === "syn-received") return;
      this.#halfOpen.delete(endpoint);
      if (state === "closed") return;
      const socket = this.#socketOf(endpoint);
      const waiter = this.#waiters.shift();
      if (waiter === undefined) {
        this.#open.push({ endpoint, socket });
        return;
      }
      this.#wake();
      waiter.resolve(socket);
    };
  }

  async accept(): Promise<Socket> {
    if (this.#silent) return never();
    if (this.#closed) throw this.#closedError();
    const first = this.#open.shift();
    if (first !== undefined) return first.socket;
    return new Promise((resolve, reject) => {
      this.#waiters.push({ resolve, reject });
    });
  }

  close(): void {
    if (this.#closed || this.#silent) return;
    this.#closed = true;
    this.#onClose();
    for (const endpoint of [...this.#halfOpen]) endpoint.connection.abort("ECLOSED");
    for (const { endpoint } of this.#open.splice(0)) endpoint.connection.abort("ECLOSED");
    for (const waiter of this.#waiters.splice(0)) {
      this.#wake();
      waiter.reject(this.#closedError());
    }
  }

  /** The power is off: whoever waits waits for ever. */
  silence(): void {
    this.#silent = true;
    this.#waiters.length = 0;
    this.#open.length = 0;
    this.#halfOpen.clear();
  }

  #closedError(): SocketError {
    return new SocketError("ECLOSED", `port ${this.port}: the listener is closed`);
  }
}
