import {
  type Datagram,
  type DatagramSocket,
  type Endpoint,
  formatEndpoint,
  SocketError,
} from "../../src/base/net.ts";
import { never } from "./tcp-socket.ts";

interface Waiter {
  readonly resolve: (datagram: Datagram) => void;
  readonly reject: (error: SocketError) => void;
}

/** The largest payload that fits into an Ethernet frame of 1500: this stack does not fragment. */
const PAYLOAD_BYTES_MAX = 1_472;

export class UdpSocket implements DatagramSocket {
  readonly local: Endpoint;
  readonly #send: (to: Endpoint, bytes: Uint8Array) => void;
  readonly #wake: () => void;
  readonly #onClose: () => void;
  readonly #queue: Datagram[] = [];
  readonly #waiters: Waiter[] = [];
  #closed = false;
  #silent = false;

  constructor(
    local: Endpoint,
    send: (to: Endpoint, bytes: Uint8Array) => void,
    wake: () => void,
    onClose: () => void,
  ) {
    this.local = local;
    this.#send = send;
    this.#wake = wake;
    this.#onClose = onClose;
  }

  /** Throws RangeError for a datagram of more than 1472 bytes, and for what is no IPv4 address or no port. */
  send(to: Endpoint, bytes: Uint8Array): void {
    if (bytes.length > PAYLOAD_BYTES_MAX) {
      throw new RangeError(`a datagram of ${bytes.length} bytes: at most ${PAYLOAD_BYTES_MAX}`);
    }
    if (!this.#closed && !this.#silent) this.#send(to, bytes);
  }

  async receive(): Promise<Datagram> {
    if (this.#silent) return never();
    if (this.#closed) throw this.#closedError();
    const first = this.#queue.shift();
    if (first !== undefined) return first;
    return new Promise((resolve, reject) => {
      this.#waiters.push({ resolve, reject });
    });
  }

  close(): void {
    if (this.#closed || this.#silent) return;
    this.#closed = true;
    this.#onClose();
    this.#queue.length = 0;
    for (const waiter of this.#waiters.splice(0)) {
      this.#wake();
      waiter.reject(this.#closedError());
    }
  }

  /** A datagram came in. False where too many wait already. */
  deliver(datagram: Datagram, queueMax: number): boolean {
    const waiter = this.#waiters.shift();
    if (waiter !== undefined) {
      this.#wake();
      waiter.resolve(datagram);
      return true;
    }
    if (this.#queue.length >= queueMax) return false;
    this.#queue.push(datagram);
    return true;
  }

  /** The power is off: whoever waits waits for ever. */
  silence(): void {
    this.#silent = true;
    this.#waiters.length = 0;
    this.#queue.length = 0;
  }

  #closedError(): SocketError {
    return new SocketError("ECLOSED", `${formatEndpoint(this.local)}: the socket is closed`);
  }
}
