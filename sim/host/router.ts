import type { Random } from "../../src/base/random.ts";
import { ICMP_TYPE, UNREACHABLE_CODE } from "../../src/wire/icmp.ts";
import type { Scheduler } from "../scheduler.ts";
import { noStackCounts, type StackCounts } from "./counts.ts";
import { forwardedFrame } from "./forward.ts";
import { Interface, type InterfaceOptions, type Packet } from "./interface.ts";
import { type Content, echoReply, emitPacket, icmpErrorAbout } from "./ip-layer.ts";
import { Subnet } from "./subnet.ts";

/** A way to a network that is not directly attached. */
export interface StaticRoute {
  readonly network: string;
  readonly prefixLength: number;
  /** The next router, in the network of one of the interfaces. */
  readonly via: string;
}

export interface RouterOptions {
  readonly name: string;
  readonly scheduler: Scheduler;
  readonly random: Random;
  readonly interfaces: readonly InterfaceOptions[];
  readonly routes?: readonly StaticRoute[];
}

interface Hop {
  readonly out: Interface;
  readonly nextHop: string;
}

const TTL = 64;

/** Joins networks: IPv4 forwarding (RFC 1812), and answers to ping on its own addresses. */
export class Router {
  readonly name: string;
  /** In the order of the options; plug links into them. */
  readonly interfaces: readonly Interface[];
  readonly counts: Readonly<StackCounts>;
  readonly #counts: StackCounts = noStackCounts();
  /** The longest prefix first. */
  readonly #routes: readonly { readonly subnet: Subnet; readonly via: string }[];
  #identification: number;

  /** Throws RangeError for what is no address. */
  constructor(options: RouterOptions) {
    this.name = options.name;
    this.counts = this.#counts;
    this.interfaces = options.interfaces.map(
      (one) =>
        new Interface(one, options.scheduler, this.#counts, (packet, from) =>
          this.#receivePacket(packet, from),
        ),
    );
    this.#routes = (options.routes ?? [])
      .map(({ network, prefixLength, via }) => ({ subnet: new Subnet(network, prefixLength), via }))
      .sort((a, b) => b.subnet.prefixLength - a.subnet.prefixLength);
    this.#identification = options.random.int(0, 0xffff);
  }

  #receivePacket(packet: Packet, from: Interface): void {
    const { destination } = packet.ipv4;
    const own = this.interfaces.find((one) => one.address === destination);
    if (own !== undefined) this.#receiveOwn(packet, own);
    else if (packet.toGroup) this.#counts.notOurs++;
    else this.#forward(packet, from);
  }

  #receiveOwn(packet: Packet, own: Interface): void {
    const { icmp } = packet.frame;
    const reply = icmp === undefined ? null : echoReply(icmp);
    if (reply !== null) this.#send(packet.ipv4.source, own.address, reply);
    else this.#counts.notOurs++;
  }

  #forward(packet: Packet, from: Interface): void {
    const { destination, ttl } = packet.ipv4;
    if (ttl <= 1) {
      this.#counts.ttlExceeded++;
      this.#tell(packet, from, ICMP_TYPE.timeExceeded, 0);
      return;
    }
    const hop = this.#hop(destination);
    if (hop === null) {
      this.#counts.noRoute++;
      this.#tell(packet, from, ICMP_TYPE.destinationUnreachable, UNREACHABLE_CODE.network);
      return;
    }
    const { out, nextHop } = hop;
    if (destination === out.subnet.broadcast) {
      // A directed broadcast is not forwarded (RFC 2644).
      this.#counts.notOurs++;
      return;
    }
    const found = (mac: string) => {
      this.#counts.forwarded++;
      out.send(forwardedFrame(packet, out.mac, mac));
    };
    const mac = out.neighbours.lookup(nextHop);
    if (mac !== null) {
      found(mac);
      return;
    }
    out.neighbours.resolve(nextHop, found, () =>
      this.#tell(packet, from, ICMP_TYPE.destinationUnreachable, UNREACHABLE_CODE.host),
    );
  }

  #hop(destination: string): Hop | null {
    const direct = this.interfaces.find((one) => one.subnet.has(destination));
    if (direct !== undefined) return { out: direct, nextHop: destination };
    const route = this.#routes.find(({ subnet }) => subnet.has(destination));
    if (route === undefined) return null;
    const out = this.interfaces.find((one) => one.subnet.has(route.via));
    return out === undefined ? null : { out, nextHop: route.via };
  }

  #tell(packet: Packet, from: Interface, type: number, code: number): void {
    const error = icmpErrorAbout(packet, type, code);
    if (error !== null) this.#send(packet.ipv4.source, from.address, error);
  }

  /** A packet of the router's own. */
  #send(destination: string, source: string, content: Content): void {
    const hop = this.#hop(destination);
    if (hop === null) {
      this.#counts.noRoute++;
      return;
    }
    const { out, nextHop } = hop;
    out.neighbours.resolve(nextHop, (destinationMac) => {
      this.#identification = (this.#identification + 1) & 0xffff;
      const identification = this.#identification;
      out.send(
        emitPacket(destinationMac, out.mac, source, destination, TTL, identification, content),
      );
    });
  }
}
