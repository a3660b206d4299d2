import { type Endpoint, formatEndpoint } from "../base/net.ts";

/**
 * The immutable key of a flow: one direction of a conversation. Conntrack, reassembly and features all use this type.
 * `source` sent the first packet that was seen, unless a SYN+ACK showed otherwise.
 */
export class FlowTuple {
  readonly protocol: number;
  readonly source: Endpoint;
  readonly destination: Endpoint;
  /** What keeps equal addresses apart: the VLAN identifiers of a capture, the zone of conntrack. */
  readonly realm: string;

  constructor(protocol: number, source: Endpoint, destination: Endpoint, realm = "") {
    this.protocol = protocol;
    this.source = source;
    this.destination = destination;
    this.realm = realm;
  }

  /** The tuple of the packets that answer. */
  reply(): FlowTuple {
    return new FlowTuple(this.protocol, this.destination, this.source, this.realm);
  }

  get key(): string {
    return `${this.protocol}|${formatEndpoint(this.source)}|${formatEndpoint(this.destination)}|${this.realm}`;
  }
}
