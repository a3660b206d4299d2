import type { Endpoint } from "../base/net.ts";

/** Where an instance is plugged in: what rules need to know of it. */
export interface Station {
  /** OpenFlow port number on its bridge. */
  readonly port: number;
  readonly mac: string;
  readonly address: string;
}

/** An isolation port and what its guest may reach: recorded servers, played by the replayer. */
export interface IsolatedStation extends Station {
  readonly servers: readonly Endpoint[];
}

/** A recorded server, and the TCP port of the responder that answers one guest as this server. */
export interface PlayedServer extends Endpoint {
  readonly playedAt: number;
}

export interface PlayedStation extends Station {
  readonly servers: readonly PlayedServer[];
}
