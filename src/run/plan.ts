import type { Volume } from "../host/guest.ts";

/** The bridges of a lab. `outside` stands for the internet: it exists only inside the lab. */
export type BridgeName = "private" | "isolation" | "outside";

/**
 * Tapped links. `uplink`: what leaves and enters `private`. `mirror`: the same, as the switch copies it for the live
 * analysis. `isolation`: the ports of the isolation instances.
 * `outlet`: the place where a way out of `isolation` would be; nothing may ever be seen there.
 */
export type TapName = "mirror" | "uplink" | "isolation" | "outlet";

export type HostRole =
  | "instance"
  | "isolation-instance"
  | "benign-client"
  | "server"
  | "canary"
  | "outlet"
  /** Gives the recorded answers, where the way of replay has a host for that. */
  | "responder";

export interface HostPlan {
  readonly name: string;
  readonly role: HostRole;
  readonly bridge: BridgeName;
  /** OpenFlow port number on the bridge. */
  readonly port: number;
  readonly mac: string;
  readonly address: string;
  readonly prefixLength: number;
  /** Further addresses of the same interface (one server host may stand for several recorded ones). */
  readonly gateway: string | null;
  /** The disk of an instance; null for hosts without one. */
  readonly volume: Volume | null;
  /** It is judged, and its volume is moved: in a cloud it has to be a real server. */
  readonly moves?: true;
}

export interface LinkFaults {
  readonly delayMs: number;
  readonly jitterMs: number;
  /** Probabilities per frame. */
  readonly loss: number;
  readonly duplicate: number;
  readonly reorder: number;
}

export interface RouterInterface {
  readonly bridge: BridgeName;
  readonly port: number;
  readonly mac: string;
  readonly address: string;
  readonly prefixLength: number;
}

/** Everything that a lab has to build, as plain values. */
export interface Plan {
  readonly name: string;
  readonly hosts: readonly HostPlan[];
  /** The router between `private` and `outside`. `isolation` has none. */
  readonly router: readonly RouterInterface[];
  /** The replayer's name, and the address that the isolated guests take for their gateway. */
  readonly replayer: {
    readonly name: string;
    readonly gatewayMac: string;
    readonly gatewayAddress: string;
  };
  readonly faults: LinkFaults;
}

export function hostOf(plan: Plan, name: string): HostPlan {
  const host = plan.hosts.find((h) => h.name === name);
  if (host === undefined) throw new RangeError(`the plan has no host ${name}`);
  return host;
}
