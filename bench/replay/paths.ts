import { fileURLToPath } from "node:url";
import { isolationRules } from "../../src/isolate/isolation-rules.ts";
import { natRules } from "../../src/isolate/nat-rules.ts";
import type { Program } from "../../src/program/program.ts";
import { startOnAgent } from "./agent.ts";
import { PEERS } from "./peers.ts";
import { CLIENT, CNC, GATEWAY, GATEWAY_MAC, RESPONDER, RESPONDER_PORT } from "./places.ts";
import { startResponder } from "./responder.ts";
import { NORMAL_RULES } from "./rules.ts";
import type { Stage } from "./stage.ts";
import { recordTape } from "./tape.ts";

/** A way from the client to a recorded answer. */
export interface Path {
  readonly name: string;
  /** Programs that have to be on the machine. */
  readonly needs: readonly string[];
  /** Whom the client calls. */
  readonly to: { readonly address: string; readonly port: number };
  /**
   * Put rules and programs up on a fresh stage, for a load of so many seconds. They need not be ready when this resolves.
   */
  up(stage: Stage, seconds: number): Promise<void>;
}

const PACKET_PROGRAM = fileURLToPath(new URL("../replay-packet.ts", import.meta.url));
/** Recorded answers are given once each, so there have to be more of them than any machine asks for in a second. */
const SESSIONS_PER_SECOND = 8_000;
const PROXY_SESSIONS_PER_SECOND = 2_000;

/** Behind the translation, and of no host: the responder takes them for its own. */
const POOL = "10.20.1.0/24";

const gateway = { gatewayMac: GATEWAY_MAC, gatewayAddress: GATEWAY };

/** Addresses of the responder's among which conntrack spreads connections; `null`: none but its own. */
function throughNat(pool: string | null): string {
  const station = { ...CLIENT, servers: [{ ...CNC, playedAt: RESPONDER_PORT }] };
  const responder = { ...RESPONDER, ...(pool === null ? {} : { pool }) };
  return natRules({ ...gateway, stations: [station], responder });
}

const DIRECT: Path = {
  name: "direct",
  needs: ["nginx"],
  to: { address: RESPONDER.address, port: RESPONDER_PORT },
  up: async (stage) => {
    await stage.setRules(NORMAL_RULES);
    await startResponder(stage);
  },
};

function nat(name: string, pool: string | null): Path {
  return {
    name,
    needs: ["nginx"],
    to: CNC,
    up: async (stage) => {
      await upNat(stage, pool);
      await startResponder(stage);
    },
  };
}

async function upNat(stage: Stage, pool: string | null): Promise<void> {
  await stage.setRules(throughNat(pool));
  if (pool !== null) await stage.run(RESPONDER, ["ip", "route", "add", "local", pool, "dev", "lo"]);
}

const PACKET: Path = {
  name: "packet",
  needs: [],
  to: CNC,
  up: async (stage, seconds) => {
    await stage.setRules(isolationRules({ ...gateway, stations: [{ ...CLIENT, servers: [CNC] }] }));
    const args = [PACKET_PROGRAM, stage.bridgeSocket, String(seconds * SESSIONS_PER_SECOND)];
    await stage.start(null, [process.execPath, ...args]);
  },
};

/** What the Mininet lab runs on the responder. It answers from a tape, too. */
const play = { guest: CLIENT.name, miss: "close" } as const;

const NAT_AGENT = onAgent("nat own responder", [], POOL, (seconds) => ({
  ...play,
  kind: "replay-server",
  servers: [{ ...CNC, playedAt: RESPONDER_PORT }],
  tape: recordTape(seconds * SESSIONS_PER_SECOND).format(),
}));

const PROXY_AGENT = onAgent("proxy", ["mitmdump"], null, (seconds) => ({
  ...play,
  kind: "proxy",
  port: RESPONDER_PORT,
  server: CNC,
  tape: recordTape(seconds * PROXY_SESSIONS_PER_SECOND).format(),
}));

function onAgent(
  name: string,
  needs: readonly string[],
  pool: string | null,
  program: (seconds: number) => Program,
): Path {
  return {
    name,
    needs,
    to: CNC,
    up: async (stage, seconds) => {
      await upNat(stage, pool);
      await startOnAgent(stage, program(seconds));
    },
  };
}

/** In the order in which they run. */
export const PATHS: readonly Path[] = [
  DIRECT,
  nat("nat", POOL),
  NAT_AGENT,
  PACKET,
  PROXY_AGENT,
  ...PEERS,
];

/** Only where it is asked for: `nat` without the pool, to see it collapse. */
export const OTHER_PATHS: readonly Path[] = [nat("nat without pool", null)];
