/** Who is plugged in where. */

export const BRIDGE = "isolation";
/** What the client takes for its gateway: answers to ARP, and nobody. */
export const GATEWAY = "10.20.0.1";
export const GATEWAY_MAC = "52:54:00:14:00:01";
/** The recorded server, which nobody is. */
export const CNC = { address: "203.0.113.10", port: 80 } as const;

export interface Place {
  readonly name: "client" | "responder" | "proxy";
  readonly port: number;
  readonly mac: string;
  readonly address: string;
}

export const CLIENT = at("client", 1, 10);
export const RESPONDER = at("responder", 2, 2);
export const PROXY = at("proxy", 3, 3);
export const PLACES: readonly Place[] = [CLIENT, RESPONDER, PROXY];

function at(name: Place["name"], port: number, host: number): Place {
  const hex = host.toString(16).padStart(2, "0");
  return { name, port, mac: `52:54:00:14:00:${hex}`, address: `10.20.0.${host}` };
}
export const RESPONDER_PORT = 8080;
export const PROXY_PORT = 80;
