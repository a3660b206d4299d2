import type { Timers } from "../../src/base/clock.ts";
import type { Network, SocketFault } from "../../src/base/net.ts";
import type { Random } from "../../src/base/random.ts";
import { ICMP_TYPE, type Icmp, parseQuoted, UNREACHABLE_CODE } from "../../src/wire/icmp.ts";
import { IP_PROTOCOL } from "../../src/wire/ip-protocol.ts";
import { isFragment } from "../../src/wire/ipv4.ts";
import { isMalformed } from "../../src/wire/malformed.ts";
import type { Nic } from "../link/nic.ts";
import type { Scheduler } from "../scheduler.ts";
import { noStackCounts, type StackCounts } from "./counts.ts";
import { HOST } from "./host-parameters.ts";
import { HostTimers } from "./host-timers.ts";
import { Interface, type InterfaceOptions, type Packet } from "./interface.ts";
import { type Content, echoReply, emitPacket, icmpErrorAbout } from "./ip-layer.ts";
import { Pinger } from "./pinger.ts";
import { TcpStack } from "./tcp-stack.ts";
import { UdpStack } from "./udp-stack.ts";

export interface HostOptions extends InterfaceOptions {
  readonly name: string;
  /** Where packets for other networks go. Absent: nowhere. */
  readonly gateway?: string;
  /** TTL of what it sends: 64 (Linux); 128 for a Windows guest. */
  readonly ttl?: number;
  readonly scheduler: Scheduler;
  readonly random: Random;
}

/** A machine with one interface and an IPv4 stack. */
export class Host implements Nic {
  readonly name: string;
  /** What its programs use. */
  readonly network: Network;
  readonly timers: Timers;
  readonly counts: Readonly<StackCounts>;
  readonly #counts: StackCounts = noStackCounts();
  readonly #interface: Interface;
  readonly #timers: HostTimers;
  readonly #scheduler: Scheduler;
  readonly #gateway: string | undefined;
  readonly #ttl: number;
  readonly #tcp: TcpStack;
  readonly #udp: UdpStack;
  readonly #pinger: Pinger;
  #identification: number;
  #halted = false;

  /** Throws RangeError for what is no address. */
  constructor(options: HostOptions) {
    const { scheduler, random, address } = options;
    this.name = options.name;
    this.counts = this.#counts;
    this.#scheduler = scheduler;
    this.#gateway = options.gateway;
    this.#ttl = options.ttl ?? 64;
    this.#interface = new Interface(options, scheduler, this.#counts, (packet) =>
      this.#receivePacket(packet),
    );
    this.#timers = new HostTimers(scheduler);
    this.timers = this.#timers;
    this.#identification = random.fork("ip").int(0, 0xffff);
    const wake = () => scheduler.wake();
    const tcp = new TcpStack(address, this, scheduler, random.fork("tcp"), this.#counts);
    const udp = new UdpStack(address, this, wake, random.fork("udp"), this.#counts);
    this.#tcp = tcp;
    this.#udp = udp;
    this.#pinger = new Pinger(this, scheduler, random.fork("ping"));
    this.network = {
      timers: this.#timers,
      address,
      connect: (to, timeoutMs) => tcp.connect(to, timeoutMs),
      listen: (port) => tcp.listen(port),
      datagrams: (port) => udp.open(port),
    };
  }

  get mac(): string {
    return this.#interface.mac;
  }

  get address(): string {
    return this.#interface.address;
  }

  get halted(): boolean {
    return this.#halted;
  }

  /** TCP connections that are not closed. */
  get connectionCount(): number {
    return this.#tcp.connectionCount;
  }

  get onSend(): ((bytes: Uint8Array) => void) | null {
    return this.#interface.onSend;
  }

  set onSend(send: ((bytes: Uint8Array) => void) | null) {
    this.#interface.onSend = send;
  }

  receive(bytes: Uint8Array): void {
    if (!this.#halted) this.#interface.receive(bytes);
  }

  /** Send a frame as it is. */
  sendFrame(bytes: Uint8Array): void {
    if (!this.#halted) this.#interface.send(bytes);
  }

  /** The gateway's MAC address, if there is a gateway and its address is known by now. */
  gatewayMac(): string | null {
    return this.#gateway === undefined ? null : this.#interface.macFor(this.#gateway);
  }

  /** Milliseconds until the echo came back, or null where none did in time. */
  ping(address: string, timeoutMs: number = HOST.pingTimeoutMs): Promise<number | null> {
    return this.#pinger.ping(address, timeoutMs);
  }

  /**
   * Power off. Nothing is sent or received any more, all timers and sockets are gone, and promises that programs wait
   * for never settle. For the next boot make another host.
   */
  halt(): void {
    if (this.#halted) return;
    this.#halted = true;
    this.#tcp.halt();
    this.#udp.halt();
    this.#pinger.halt();
    this.#timers.halt();
    this.#interface.neighbours.clear();
  }

  sendPacket(destination: string, content: Content, failed?: () => void): boolean {
    if (this.#halted) return true;
    const nextHop = this.#nextHop(destination);
    if (nextHop === null) {
      this.#counts.noRoute++;
      return false;
    }
    const mac = this.#interface.macFor(nextHop);
    if (mac !== null) {
      this.#send(mac, destination, content);
      return true;
    }
    if (nextHop === this.address) {
      this.#sendToSelf(destination, content);
      return true;
    }
    const found = (late: string) => this.#send(late, destination, content);
    this.#interface.neighbours.resolve(nextHop, found, failed);
    return true;
  }

  #nextHop(destination: string): string | null {
    if (destination === "255.255.255.255" || this.#interface.subnet.has(destination)) {
      return destination;
    }
    return this.#gateway ?? null;
  }

  #send(mac: string, destination: string, content: Content): void {
    this.#interface.send(this.#build(mac, destination, content));
  }

  #build(destinationMac: string, destination: string, content: Content): Uint8Array {
    this.#identification = (this.#identification + 1) & 0xffff;
    const { mac, address } = this.#interface;
    const identification = this.#identification;
    return emitPacket(
      destinationMac,
      mac,
      address,
      destination,
      this.#ttl,
      identification,
      content,
    );
  }

  /** Loopback: through the queue, as from a link. */
  #sendToSelf(destination: string, content: Content): void {
    const frame = this.#build(this.mac, destination, content);
    this.#scheduler.at(this.#scheduler.nowNumber, () => this.receive(frame));
  }

  #receivePacket(packet: Packet): void {
    const { frame, ipv4 } = packet;
    const { destination } = ipv4;
    const broadcast =
      destination === "255.255.255.255" || destination === this.#interface.subnet.broadcast;
    if (destination !== this.address && !broadcast) {
      this.#counts.notOurs++;
    } else if (isFragment(ipv4)) {
      this.#counts.fragments++;
    } else if (frame.udp !== undefined) {
      if (!this.#udp.receive(packet, frame.udp) && !broadcast)
        this.#tellUnreachable(packet, "port");
    } else if (broadcast) {
      this.#counts.notOurs++;
    } else if (frame.tcp !== undefined) {
      if (!packet.toGroup) this.#tcp.receive(packet, frame.tcp);
    } else if (frame.icmp !== undefined) {
      this.#receiveIcmp(packet, frame.icmp);
    } else {
      this.#counts.unknownProtocol++;
      this.#tellUnreachable(packet, "protocol");
    }
  }

  #receiveIcmp(packet: Packet, icmp: Icmp): void {
    const { source } = packet.ipv4;
    const reply = echoReply(icmp);
    if (reply !== null) this.sendPacket(source, reply);
    else if (icmp.kind === "echo") this.#pinger.receive(source, icmp);
    else if (icmp.kind !== "error" || !this.#hearUnreachable(icmp)) this.#counts.icmpIgnored++;
  }

  /** True where it ended an attempt to connect; what is open bears it (RFC 9293, 3.9.2.2). */
  #hearUnreachable(icmp: Icmp): boolean {
    if (icmp.type !== ICMP_TYPE.destinationUnreachable) return false;
    const quoted = parseQuoted(icmp.payload);
    if (isMalformed(quoted) || quoted.protocol !== IP_PROTOCOL.tcp) return false;
    const remote = { address: quoted.destination, port: quoted.destinationPort };
    return this.#tcp.unreachable(quoted.sourcePort, remote, faultOf(icmp.code));
  }

  #tellUnreachable(packet: Packet, what: "port" | "protocol"): void {
    const error = icmpErrorAbout(packet, ICMP_TYPE.destinationUnreachable, UNREACHABLE_CODE[what]);
    if (error !== null) this.sendPacket(packet.ipv4.source, error);
  }
}

function faultOf(code: number): SocketFault & ("ECONNREFUSED" | "EHOSTUNREACH" | "ENETUNREACH") {
  if (code === UNREACHABLE_CODE.port || code === UNREACHABLE_CODE.protocol) return "ECONNREFUSED";
  return code === UNREACHABLE_CODE.network ? "ENETUNREACH" : "EHOSTUNREACH";
}
