import type { Timers } from "./clock.ts";

/**
 * The small socket interface that everything which talks over the network is written against: the emulated bot and
 * C&C, benign hosts, canaries. The simulator's TCP implements it in virtual time, a real lab over Node's sockets.
 */

/** An IPv4 or IPv6 address in text and a port. */
export interface Endpoint {
  readonly address: string;
  readonly port: number;
}

export function formatEndpoint(endpoint: Endpoint): string {
  return endpoint.address.includes(":")
    ? `[${endpoint.address}]:${endpoint.port}`
    : `${endpoint.address}:${endpoint.port}`;
}

export type SocketFault =
  | "ECONNREFUSED"
  | "ECONNRESET"
  | "ETIMEDOUT"
  | "EHOSTUNREACH"
  | "ENETUNREACH"
  | "EADDRINUSE"
  | "ECLOSED";

/** Why a connection could not be made or broke; the names are those of the real sockets. */
export class SocketError extends Error {
  readonly code: SocketFault;
  constructor(code: SocketFault, message: string) {
    super(message);
    this.name = "SocketError";
    this.code = code;
  }
}

/** A TCP connection. One reader and one writer at a time. */
export interface Socket {
  readonly local: Endpoint;
  readonly remote: Endpoint;
  /** The next bytes in order, or `null` once the peer has closed its side. Rejects with SocketError when it breaks. */
  read(): Promise<Uint8Array | null>;
  /** Resolves when the bytes are in the send buffer. Rejects with SocketError when the connection is broken. */
  write(bytes: Uint8Array): Promise<void>;
  /** Close this side in order (FIN), after what was written. */
  end(): void;
  /** Give up at once (RST). */
  destroy(): void;
}

export interface Listener {
  readonly port: number;
  /** The next connection. Rejects with SocketError `ECLOSED` once the listener is closed. */
  accept(): Promise<Socket>;
  close(): void;
}

export interface Datagram {
  readonly from: Endpoint;
  readonly bytes: Uint8Array;
}

export interface DatagramSocket {
  readonly local: Endpoint;
  send(to: Endpoint, bytes: Uint8Array): void;
  /** The next datagram. Rejects with SocketError `ECLOSED` once closed. */
  receive(): Promise<Datagram>;
  close(): void;
}

/** What a host offers to the programs on it. */
export interface Network {
  /**
   * The time in which waits for the network are counted: timeouts, retransmissions. A real lab may let its own time run
   * faster than the network's; in the simulator both are the same.
   */
  readonly timers: Timers;
  /** The host's own address on its first interface. */
  readonly address: string;
  connect(to: Endpoint, timeoutMs?: number): Promise<Socket>;
  listen(port: number): Listener;
  /** Port 0: any free one. */
  datagrams(port: number): DatagramSocket;
}
