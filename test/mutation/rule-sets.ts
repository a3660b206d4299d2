import type { Endpoint } from "../../src/base/net.ts";
import type { Doors } from "../../src/contain/doors.ts";
import { isolationEgress, isolationRules } from "../../src/isolate/isolation-rules.ts";
import { privateRules } from "../../src/isolate/private-rules.ts";
import type { PlayedStation } from "../../src/isolate/station.ts";
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

/** A frame as it leaves, and where. */
export interface Left {
  readonly port: number;
  readonly bytes: Uint8Array;
}

/** Told of each frame that comes in and of what leaves then: the first that got out. It may remember what it was told. */
export type Watch = (from: number, came: Uint8Array, left: readonly Left[]) => Left | null;

type Way = (from: number, to: number, left: Uint8Array) => boolean;
const only = (allows: Way): Watch => {
  return (from, _came, left) => left.find((out) => !allows(from, out.port, out.bytes)) ?? null;
};

export interface RuleSet {
  readonly name: "isolation" | "private" | "nat";
  readonly rules: readonly Rule[];
  /** What may leave, from a beginning without a history. */
  readonly watch: () => Watch;
  /** What the static check and the proof are told; null: the static check cannot speak of NORMAL. */
  readonly egress: ReadonlyMap<number, ReadonlySet<number>> | null;
  /** What the static check is told of the frames that may leave; null: nothing. */
  readonly doors: Doors | null;
  /** Ports that frames come in through. */
  readonly ports: readonly number[];
  /** Where a run does not look for probes; null: it looks everywhere. */
  readonly unwatched: number | null;
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
  watch: () => only((from, to) => from === to || egress.get(from)?.has(to) === true),
  egress,
  doors: null,
  ports: [1, 2, OUTLET, PORT.controller],
  unwatched: null,
};

const [CUT] = STATIONS;

export const PRIVATE: RuleSet = {
  name: "private",
  rules: parseRules(privateRules({ uplinkPort: UPLINK, stations: STATIONS, cut: [CUT] })),
  // Nothing that the cut station sends leaves, and nothing that is addressed to it.
  watch: () => only((from, _to, left) => from !== CUT.port && !isFor(CUT.mac, left)),
  egress: null,
  doors: null,
  ports: [1, 2, UPLINK],
  unwatched: null,
};

function isFor(mac: string, frame: Uint8Array): boolean {
  return Buffer.from(frame.subarray(0, 6)).toString("hex") === mac.replaceAll(":", "");
}

/** Where the uplink of `private` is. */
export const RESPONDER = { port: UPLINK, mac: "52:54:00:00:00:0a", address: "10.20.0.9" };
const PLAYED_FROM = 8001;
const playedAt = (station: number, server: number) => PLAYED_FROM + station + server;
/** The stations, each of whose servers has a port of the responder: 8001; 8002 and 8003. */
export const PLAYED: readonly PlayedStation[] = STATIONS.map((station, i) => ({
  ...station,
  servers: station.servers.map((server, j) => ({ ...server, playedAt: playedAt(i, j) })),
}));
