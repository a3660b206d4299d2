import { createSocket } from "node:dgram";
import { connect, createServer, type Socket as NodeSocket } from "node:net";
import { elapsedMs, type Timers } from "../../src/base/clock.ts";
import {
  type Datagram,
  type DatagramSocket,
  type Endpoint,
  formatEndpoint,
  type Listener,
  type Network,
  type Socket,
  SocketError,
  type SocketFault,
} from "../../src/base/net.ts";
import { Inbox } from "./inbox.ts";
import type { LatenessMeter } from "./lateness.ts";

const FAULTS: ReadonlySet<string> = new Set<SocketFault>([
  "ECONNREFUSED",
  "ECONNRESET",
  "ETIMEDOUT",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "EADDRINUSE",
]);

const isFault = (code: string | undefined): code is SocketFault =>
  code !== undefined && FAULTS.has(code);

/** The machine's own sockets as the small socket interface: the programs of the lab do not know the difference. */
export class RealNetwork implements Network {
  readonly address: string;
  readonly timers: Timers;
  readonly #lateness: LatenessMeter | null;

  /** `timers`: real time. `lateness` gets to know how long connections took to come about. */
  constructor(address: string, timers: Timers, lateness: LatenessMeter | null = null) {
    this.address = address;
    this.timers = timers;
    this.#lateness = lateness;
  }

  async connect(to: Endpoint, timeoutMs?: number): Promise<Socket> {
    const { promise, resolve, reject } = Promise.withResolvers<Socket>();
    const socket = connect({ host: to.address, port: to.port, noDelay: true });
    const cancel =
      timeoutMs === undefined
        ? () => {}
        : this.timers.after(timeoutMs, () => {
            socket.destroy();
            reject(new SocketError("ETIMEDOUT", formatEndpoint(to)));
          });
    const sinceNs = this.timers.nowNs();
    socket.once("connect", () => {
      // On a network of one machine it takes no time: what it took, the request will be late.
      this.#lateness?.note(elapsedMs(sinceNs, this.timers.nowNs()));
      resolve(new RealSocket(socket));
    });
    socket.once("error", (error) => reject(faultOf(error, to)));
    return promise.finally(cancel);
  }

  listen(port: number): Listener {
    const arrivals = new Inbox<Socket>(() => new SocketError("ECLOSED", `port ${port}`));
    const server = createServer({ noDelay: true }, (socket) =>
      arrivals.put(new RealSocket(socket)),
    );
    server.on("error", (error) => arrivals.fail(faultOf(error, { address: this.address, port })));
    // Without a host there is nothing to look up: the port is open when this returns.
    server.listen(port);
    return {
      port,
      accept: () => arrivals.take(),
      close: () => {
        server.close();
        arrivals.close();
      },
    };
  }

  datagrams(port: number): DatagramSocket {
    const local = { address: this.address, port };
    const arrivals = new Inbox<Datagram>(() => new SocketError("ECLOSED", formatEndpoint(local)));
    const socket = createSocket("udp4");
    socket.on("message", (bytes, from) => arrivals.put({ from, bytes }));
    // An answer of ICMP to an earlier datagram, or no route: datagrams promise nothing.
    socket.on("error", () => {});
    socket.bind(port);
    return {
      local,
      send: (to, bytes) => socket.send(bytes, to.port, to.address, () => {}),
      receive: () => arrivals.take(),
      close: () => {
        socket.close();
        arrivals.close();
      },
    };
  }
}

class RealSocket implements Socket {
  readonly local: Endpoint;
  readonly remote: Endpoint;
  readonly #socket: NodeSocket;
  readonly #arrivals: Inbox<Uint8Array | null>;

  constructor(socket: NodeSocket) {
    this.#socket = socket;
    this.local = endpoint(socket.localAddress, socket.localPort);
    this.remote = endpoint(socket.remoteAddress, socket.remotePort);
    this.#arrivals = new Inbox(() => new SocketError("ECLOSED", formatEndpoint(this.remote)));
    socket.on("data", (bytes) => this.#arrivals.put(bytes));
    socket.on("end", () => this.#arrivals.put(null));
    socket.on("error", (error) => this.#arrivals.fail(faultOf(error, this.remote)));
    socket.on("close", () => this.#arrivals.close());
  }

  read(): Promise<Uint8Array | null> {
    return this.#arrivals.take();
  }

  write(bytes: Uint8Array): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#socket.write(bytes, (error) => {
      if (error === null || error === undefined) resolve();
      else reject(faultOf(error, this.remote));
    });
    return promise;
  }

  end(): void {
    this.#socket.end();
  }

  destroy(): void {
    this.#socket.resetAndDestroy();
  }
}

/** A listener for both families calls an IPv4 peer ::ffff:10.0.0.1 (RFC 4291 §2.5.5.2). */
function endpoint(address = "", port = 0): Endpoint {
  return { address: address.replace(/^::ffff:(?=[\d.]+$)/, ""), port };
}

/** Node's error as a fault of the small interface; a broken pipe is a reset that was noticed while writing. */
function faultOf(error: NodeJS.ErrnoException, peer: Endpoint): SocketError {
  const { code } = error;
  if (isFault(code)) return new SocketError(code, formatEndpoint(peer));
  const isGone =
    code === "EPIPE" || code === "ERR_STREAM_DESTROYED" || code === "ERR_SOCKET_CLOSED";
  return new SocketError(isGone ? "ECONNRESET" : "ECLOSED", `${formatEndpoint(peer)}: ${code}`);
}
