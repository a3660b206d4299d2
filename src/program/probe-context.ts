import type { Endpoint } from "../base/net.ts";
import type { Random } from "../base/random.ts";
import { ETHER_TYPE, emitEthernet } from "../wire/ethernet.ts";
import { emitIpv4, type Ipv4Fields } from "../wire/ipv4.ts";
import type { Route } from "../wire/packet.ts";

/** Whom the probes are for. What is left out is derived from the host's own address. */
export interface ProbeTargets {
  /** A host outside that reports whatever reaches it. */
  readonly canary: Endpoint;
  /** The canary's own MAC address, where it might be on the same link. */
  readonly canaryMac?: string;
  /** The address that the host takes for its gateway. */
  readonly gateway?: string;
  /** Other addresses on the same subnet. */
  readonly neighbours?: readonly string[];
}

/** What a probe is built from. */
export interface ProbeContext {
  readonly mac: string;
  readonly address: string;
  /** Where frames for other networks go. */
  readonly nextHopMac: string;
  readonly canary: Endpoint;
  readonly canaryMac: string | null;
  readonly gateway: string;
  readonly neighbours: readonly string[];
  readonly random: Random;
}

/** The frames of one kind of probe, each with the mark in it. */
export type ProbeBuilder = (context: ProbeContext, mark: Uint8Array) => Uint8Array[];

/** The address with another last number: a guess at the subnet's gateway (1), broadcast (255) and the like. */
export function inSubnet(address: string, last: number): string {
  return `${address.split(".").slice(0, 3).join(".")}.${last}`;
}

/** The way to an address outside: through the next hop. */
export function routeTo(context: ProbeContext, destination: string): Route {
  return {
    destinationMac: context.nextHopMac,
    sourceMac: context.mac,
    source: context.address,
    destination,
    identification: context.random.int(0, 0xffff),
  };
}

/** The ways to the canary: through the next hop, and straight to its MAC address where that is known. */
export function routesToCanary(context: ProbeContext): Route[] {
  const route = routeTo(context, context.canary.address);
  return context.canaryMac === null
    ? [route]
    : [route, { ...route, destinationMac: context.canaryMac }];
}

/** A packet of any IP protocol to the canary, as a frame. */
export function ipFrame(
  context: ProbeContext,
  fields: Partial<Ipv4Fields> & { readonly protocol: number },
  payload: Uint8Array,
): Uint8Array {
  const packet = emitIpv4({
    source: context.address,
    destination: context.canary.address,
    ...fields,
    payload,
  });
  return emitEthernet({
    destination: context.nextHopMac,
    source: context.mac,
    tags: [],
    etherType: ETHER_TYPE.ipv4,
    payload: packet,
  });
}

/** An ephemeral port. */
export function anyPort(random: Random): number {
  return random.int(49_152, 65_535);
}

export function joinBytes(...parts: readonly (Uint8Array | readonly number[])[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts.map((part) => Uint8Array.from(part))));
}
