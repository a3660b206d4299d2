import { type Ipv4Header, verifyIpv4 } from "../../src/wire/ipv4.ts";
import { BROADCAST_MAC, isGroupMac } from "../../src/wire/mac.ts";
import { isMalformed } from "../../src/wire/malformed.ts";
import { type ParsedFrame, parseFrame, wrongChecksum } from "../../src/wire/packet.ts";
import type { Nic } from "../link/nic.ts";
import type { Scheduler } from "../scheduler.ts";
import type { StackCounts } from "./counts.ts";
import { Neighbours } from "./neighbours.ts";
import { Subnet } from "./subnet.ts";

/** An interface's addresses. */
export interface InterfaceOptions {
  readonly mac: string;
  readonly address: string;
  readonly prefixLength: number;
}

/** A whole IPv4 packet that came in, its checksums right. */
export interface Packet {
  /** The frame and where its layers are. */
  readonly bytes: Uint8Array;
  readonly frame: ParsedFrame;
  readonly ipv4: Ipv4Header;
  /** Came to a group of stations on the link (broadcast, multicast). */
  readonly toGroup: boolean;
}

/** A network interface with its addresses: takes frames apart, finds neighbours. */
export class Interface implements Nic {
  readonly mac: string;
  readonly address: string;
  readonly subnet: Subnet;
  readonly neighbours: Neighbours;
  onSend: ((bytes: Uint8Array) => void) | null = null;
  readonly #counts: StackCounts;
  readonly #onPacket: (packet: Packet, from: Interface) => void;

  constructor(
    options: InterfaceOptions,
    scheduler: Scheduler,
    counts: StackCounts,
    onPacket: (packet: Packet, from: Interface) => void,
  ) {
    this.mac = options.mac.toLowerCase();
    this.address = options.address;
    this.subnet = new Subnet(options.address, options.prefixLength);
    this.#counts = counts;
    this.#onPacket = onPacket;
    this.neighbours = new Neighbours(this.mac, this.address, scheduler, counts, (frame) =>
      this.send(frame),
    );
  }

  send(bytes: Uint8Array): void {
    if (this.onSend === null) {
      this.#counts.unplugged++;
      return;
    }
    this.#counts.sent++;
    this.onSend(bytes);
  }

  /** The MAC address to send to for this address, if it can be told at once. */
  macFor(nextHop: string): string | null {
    if (nextHop === this.subnet.broadcast || nextHop === "255.255.255.255") return BROADCAST_MAC;
    return this.neighbours.lookup(nextHop);
  }

  /** What is only passed on is its receiver's to check: a router looks at the IP header alone (RFC 1812 §5.2.2). */
  #isIntact(bytes: Uint8Array, frame: ParsedFrame, ipv4: Ipv4Header): boolean {
    const isTransit = ipv4.destination !== this.address && !this.subnet.has(ipv4.destination);
    if (isTransit) return verifyIpv4(bytes, frame.networkAt);
    return wrongChecksum(bytes, frame) === undefined;
  }

  receive(bytes: Uint8Array): void {
    const counts = this.#counts;
    counts.received++;
    const frame = parseFrame(bytes);
    if (isMalformed(frame)) {
      counts.malformed++;
      return;
    }
    const { destination } = frame.ethernet;
    const toGroup = destination !== this.mac;
    if (toGroup && !isGroupMac(destination)) {
      counts.forOthers++;
      return;
    }
    if (frame.broken !== undefined) counts.malformed++;
    else if (frame.ethernet.tags.length > 0) counts.unknownProtocol++;
    else if (frame.arp !== undefined) this.neighbours.receive(frame.arp);
    else if (frame.ipv4 === undefined) counts.unknownProtocol++;
    else if (!this.#isIntact(bytes, frame, frame.ipv4)) counts.wrongChecksum++;
    else this.#onPacket({ bytes, frame, ipv4: frame.ipv4, toGroup }, this);
  }
}
