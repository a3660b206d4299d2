import type { Endpoint } from "../../src/base/net.ts";
import { isolationEgress, isolationRules } from "../../src/isolate/isolation-rules.ts";
import { privateRules } from "../../src/isolate/private-rules.ts";
import { parseRules } from "../../src/rule/parse.ts";
import { PORT } from "../../src/rule/port.ts";
import type { Rule } from "../../src/rule/rule.ts";

export const GATEWAY = { mac: "52:54:00:00:00:fe", address: "10.20.0.1" };
/** On the port that no rule names. */
export const STRANGER = { mac: "52:54:00:00:00:99", address: "203.0.113.9" };
export const [SERVER, OTHER_SERVER]: readonly [Endpoint, Endpoint] = [
  { address: "203.0.113.7", port: 80 },
  { address: "203.0.113.12", port: 8080 },
];

export interface Place {
  readonly port: number;
  readonly mac: string;
  readonly address: string;
  readonly servers: readonly Endpoint[];
}

/** The first one may reach one server, the second one two. */
export const STATIONS: readonly [Place, Place] = [
  { port: 1, mac: "52:54:00:00:00:01", address: "10.20.0.2", servers: [SERVER] },
  { port: 2, mac: "52:54:00:00:00:02", address: "10.20.0.3", servers: [SERVER, OTHER_SERVER] },
];

/** A port that is plugged in, but that no rule of `isolation` names. */
export const OUTLET = 3;
export const UPLINK = 4;

export type Way = (from: number, to: number, frame: Uint8Array) => boolean;

export interface RuleSet {
  readonly name: "isolation" | "private";
  readonly rules: readonly Rule[];
  /** Whether a frame that came in there may leave there. */
  readonly allows: Way;
  /** What the static check and the proof are told; null: the static check cannot speak of NORMAL. */
  readonly egress: ReadonlyMap<number, ReadonlySet<number>> | null;
  /** Ports that frames come in through. */
  readonly ports: readonly number[];
}

const network = {
  gatewayMac: GATEWAY.mac,
  gatewayAddress: GATEWAY.address,
  stations: STATIONS,
};
const egress = isolationEgress(network);

export const ISOLATION: RuleSet = {
  name: "isolation",
  rules: parseRules(isolationRules(network)),
  // Back to the sender it goes no further than whence it came.
  allows: (from, to) => from === to || egress.get(from)?.has(to) === true,
  egress,
  ports: [1, 2, OUTLET, PORT.controller],
};

const [CUT] = STATIONS;

export const PRIVATE: RuleSet = {
  name: "private",
  rules: parseRules(privateRules({ uplinkPort: UPLINK, stations: STATIONS, cut: [CUT] })),
  // Nothing that the cut station sends leaves, and nothing that is addressed to it.
  allows: (from, _to, frame) => from !== CUT.port && !isFor(CUT.mac, frame),
  egress: null,
  ports: [1, 2, UPLINK],
};

function isFor(mac: string, frame: Uint8Array): boolean {
  return Buffer.from(frame.subarray(0, 6)).toString("hex") === mac.replaceAll(":", "");
}
