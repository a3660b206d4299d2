import type { Endpoint } from "../base/net.ts";
import type { Dissection } from "../wire/dissection.ts";
import { readIpv4Address } from "../wire/ip-address.ts";
import { readIpv6Address } from "../wire/ipv6-address.ts";
import { FlowTuple } from "./tuple.ts";

/** The tuple of the flow that a packet belongs to; `isFromSource`: the flow's source has sent the packet. */
export function tupleOf(d: Dissection, bytes: Uint8Array, isFromSource: boolean): FlowTuple {
  const sender = endpoint(d, bytes, d.sourceAt, d.sourcePort);
  const receiver = endpoint(d, bytes, d.destinationAt, d.destinationPort);
  const realm = d.realmText();
  return isFromSource
    ? new FlowTuple(d.protocol, sender, receiver, realm)
    : new FlowTuple(d.protocol, receiver, sender, realm);
}

function endpoint(d: Dissection, bytes: Uint8Array, at: number, port: number): Endpoint {
  const address = d.family === 4 ? readIpv4Address(bytes, at) : readIpv6Address(bytes, at);
  return { address, port };
}
