import { HOST_LIMITS } from "../../src/base/limits.ts";
import {
  type Datagram,
  type DatagramSocket,
  type Endpoint,
  SocketError,
} from "../../src/base/net.ts";
import type { Random } from "../../src/base/random.ts";
import type { UdpHeader } from "../../src/wire/udp.ts";
import type { StackCounts } from "./counts.ts";
import type { Packet } from "./interface.ts";
import type { IpLayer } from "./ip-layer.ts";
import { checkEndpoint, PortPool } from "./port-pool.ts";
import { UdpSocket } from "./udp-socket.ts";

/** All UDP of one host. */
export class UdpStack {
  readonly #address: string;
  readonly #ip: IpLayer;
  readonly #wake: () => void;
  readonly #counts: StackCounts;
  readonly #ports: PortPool;
  readonly #sockets = new Map<number, UdpSocket>();
  #halted = false;

  constructor(address: string, ip: IpLayer, wake: () => void, random: Random, counts: StackCounts) {
    this.#address = address;
    this.#ip = ip;
    this.#wake = wake;
    this.#counts = counts;
    this.#ports = new PortPool(random);
  }

  /** Port 0: any free one. Throws SocketError EADDRINUSE. */
  open(port: number): DatagramSocket {
    const chosen =
      port !== 0 ? port : this.#ports.choose((candidate) => !this.#sockets.has(candidate));
    if (chosen === null || this.#sockets.has(chosen)) {
      throw new SocketError("EADDRINUSE", `${this.#address}:${port}: the port is in use`);
    }
    const socket = new UdpSocket(
      { address: this.#address, port: chosen },
      (to, bytes) => this.#send(chosen, to, bytes),
      this.#wake,
      () => this.#sockets.delete(chosen),
    );
    if (this.#halted) socket.silence();
    else this.#sockets.set(chosen, socket);
    return socket;
  }

  /** False where nobody uses the port. */
  receive(packet: Packet, udp: UdpHeader): boolean {
    const socket = this.#sockets.get(udp.destinationPort);
    if (socket === undefined) {
      this.#counts.udpRefused++;
      return false;
    }
    const from = { address: packet.ipv4.source, port: udp.sourcePort };
    const datagram: Datagram = { from, bytes: packet.frame.payload };
    if (!socket.deliver(datagram, HOST_LIMITS.datagramsMax)) this.#counts.udpOverflow++;
    return true;
  }

  halt(): void {
    this.#halted = true;
    for (const socket of this.#sockets.values()) socket.silence();
    this.#sockets.clear();
  }

  #send(port: number, to: Endpoint, bytes: Uint8Array): void {
    checkEndpoint(to);
    // Like the kernel, it copies: a program may use its array again.
    const udp = { sourcePort: port, destinationPort: to.port };
    this.#ip.sendPacket(to.address, { udp, payload: bytes.slice() });
  }
}
