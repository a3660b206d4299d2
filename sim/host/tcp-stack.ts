import { type Endpoint, type Listener, type Socket, SocketError } from "../../src/base/net.ts";
import type { Random } from "../../src/base/random.ts";
import { isMalformed } from "../../src/wire/malformed.ts";
import type { TcpHeader } from "../../src/wire/tcp.ts";
import { parseTcpOptions } from "../../src/wire/tcp-options.ts";
import type { Scheduler } from "../scheduler.ts";
import type { StackCounts } from "./counts.ts";
import type { Packet } from "./interface.ts";
import { type IpLayer, tcpContent } from "./ip-layer.ts";
import { checkEndpoint, PortPool } from "./port-pool.ts";
import { ACK, RST, resetFor, type Segment, SYN } from "./segment.ts";
import { TcpEndpoint } from "./tcp-endpoint.ts";
import { TcpListener } from "./tcp-listener.ts";
import { never, socketError, TcpSocket } from "./tcp-socket.ts";

/** All TCP of one host: which segment belongs to which connection. */
export class TcpStack {
  readonly #address: string;
  readonly #ip: IpLayer;
  readonly #scheduler: Scheduler;
  readonly #random: Random;
  readonly #counts: StackCounts;
  readonly #ports: PortPool;
  /** By the peer's address, then by both ports. */
  readonly #connections = new Map<string, Map<number, TcpEndpoint>>();
  readonly #listeners = new Map<number, TcpListener>();
  readonly #sendSegment = (endpoint: TcpEndpoint, segment: Segment) =>
    this.#send(endpoint, segment);
  #halted = false;

  constructor(
    address: string,
    ip: IpLayer,
    scheduler: Scheduler,
    random: Random,
    counts: StackCounts,
  ) {
    this.#address = address;
    this.#ip = ip;
    this.#scheduler = scheduler;
    this.#random = random;
    this.#counts = counts;
    this.#ports = new PortPool(random);
  }

  /** Connections of any state but closed. */
  get connectionCount(): number {
    let count = 0;
    for (const peer of this.#connections.values()) count += peer.size;
    return count;
  }

  /** Rejects with SocketError, and with RangeError for what is no IPv4 address or no port. */
  async connect(to: Endpoint, timeoutMs = Number.POSITIVE_INFINITY): Promise<Socket> {
    if (this.#halted) return never();
    checkEndpoint(to);
    const port = this.#ports.choose((candidate) => {
      const taken = this.#connections.get(to.address)?.has(portsKey(candidate, to.port)) ?? false;
      return !taken && !this.#listeners.has(candidate);
    });
    if (port === null) {
      throw new SocketError("EADDRINUSE", `${this.#address}: every ephemeral port is in use`);
    }
    const endpoint = this.#endpoint(port, to);
    return new Promise((resolve, reject) => {
      endpoint.onChange = () => {
        const { state, fault } = endpoint.connection;
        if (state === "syn-sent" || state === "syn-received") return;
        this.#scheduler.wake();
        if (state === "closed") reject(socketError(fault ?? "ECONNRESET", to));
        else resolve(this.#socket(endpoint));
      };
      endpoint.open(this.#initialSequence(), this.#scheduler.nowNumber + timeoutMs * 1e6);
    });
  }

  /** Port 0: any free one. Throws SocketError EADDRINUSE. */
  listen(port: number): Listener {
    const chosen =
      port !== 0 ? port : this.#ports.choose((candidate) => !this.#listeners.has(candidate));
    if (chosen === null || this.#listeners.has(chosen)) {
      throw new SocketError("EADDRINUSE", `${this.#address}:${port}: the port is in use`);
    }
    const listener = new TcpListener(
      chosen,
      (endpoint) => this.#socket(endpoint),
      () => this.#scheduler.wake(),
      () => this.#listeners.delete(chosen),
    );
    if (this.#halted) listener.silence();
    else this.#listeners.set(chosen, listener);
    return listener;
  }

  receive(packet: Packet, tcp: TcpHeader): void {
    const segment: Segment = {
      sequence: tcp.sequence,
      acknowledgement: tcp.acknowledgement,
      flags: tcp.flags,
      window: tcp.window,
      mss: (tcp.flags & SYN) !== 0 ? this.#mssOf(tcp) : null,
      payload: packet.frame.payload,
    };
    const { source } = packet.ipv4;
    const endpoint = this.#connections
      .get(source)
      ?.get(portsKey(tcp.destinationPort, tcp.sourcePort));
    if (endpoint !== undefined) {
      endpoint.connection.receive(segment);
      return;
    }
    const listener = this.#listeners.get(tcp.destinationPort);
    const opens = (tcp.flags & (SYN | ACK | RST)) === SYN;
    if (listener !== undefined && opens) {
      this.#answer(listener, { address: source, port: tcp.sourcePort }, segment);
      return;
    }
    const reset = resetFor(segment);
    if (reset === null) return;
    this.#counts.tcpRefused++;
    this.#ip.sendPacket(source, tcpContent(tcp.destinationPort, tcp.sourcePort, reset));
  }

  /** ICMP says that a segment of ours did not arrive. True where it ended an attempt to connect. */
  unreachable(
    local: number,
    remote: Endpoint,
    fault: "ECONNREFUSED" | "EHOSTUNREACH" | "ENETUNREACH",
  ): boolean {
    const endpoint = this.#connections.get(remote.address)?.get(portsKey(local, remote.port));
    if (endpoint === undefined || endpoint.connection.state !== "syn-sent") return false;
    endpoint.connection.unreachable(fault);
    return true;
  }

  /** The power is off. */
  halt(): void {
    this.#halted = true;
    for (const peer of this.#connections.values()) {
      for (const endpoint of peer.values()) endpoint.silence();
    }
    for (const listener of this.#listeners.values()) listener.silence();
    this.#connections.clear();
    this.#listeners.clear();
  }

  /** Options that are broken are counted; the SYN counts without them. */
  #mssOf(tcp: TcpHeader): number | null {
    const options = parseTcpOptions(tcp.options);
    if (!isMalformed(options)) return options.maximumSegmentSize ?? null;
    this.#counts.malformed++;
    return null;
  }

  #answer(listener: TcpListener, remote: Endpoint, syn: Segment): void {
    if (listener.full) {
      this.#counts.listenOverflow++;
      return;
    }
    const endpoint = this.#endpoint(listener.port, remote);
    listener.add(endpoint);
    endpoint.answer(this.#initialSequence(), syn);
  }

  #endpoint(port: number, remote: Endpoint): TcpEndpoint {
    const local = { address: this.#address, port };
    const endpoint = new TcpEndpoint(local, remote, this.#scheduler, this.#sendSegment);
    endpoint.onUnreachable = () => this.unreachable(port, remote, "EHOSTUNREACH");
    let peer = this.#connections.get(remote.address);
    if (peer === undefined) {
      peer = new Map();
      this.#connections.set(remote.address, peer);
    }
    peer.set(portsKey(port, remote.port), endpoint);
    endpoint.onClosed = () => this.#forget(endpoint);
    return endpoint;
  }

  #forget(endpoint: TcpEndpoint): void {
    const { local, remote } = endpoint;
    this.#counts.tcpRetransmitted += endpoint.connection.retransmitted;
    this.#counts.tcpOverflow += endpoint.connection.overflowed;
    const peer = this.#connections.get(remote.address);
    peer?.delete(portsKey(local.port, remote.port));
    if (peer?.size === 0) this.#connections.delete(remote.address);
  }

  #send(endpoint: TcpEndpoint, segment: Segment): void {
    const { local, remote } = endpoint;
    const content = tcpContent(local.port, remote.port, segment);
    const routed = this.#ip.sendPacket(remote.address, content, endpoint.onUnreachable);
    // Told later, so that the connection is not called back within its own call.
    if (!routed) {
      this.#scheduler.at(this.#scheduler.nowNumber, () => {
        if (!endpoint.silent) this.unreachable(local.port, remote, "ENETUNREACH");
      });
    }
  }

  #socket(endpoint: TcpEndpoint): TcpSocket {
    return new TcpSocket(endpoint, () => this.#scheduler.wake());
  }

  #initialSequence(): number {
    return this.#random.int(0, 0xffff_ffff);
  }
}

/** Both ports as one number. */
function portsKey(local: number, remote: number): number {
  return local * 0x1_0000 + remote;
}
