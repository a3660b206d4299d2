import { fileURLToPath } from "node:url";
import { isolationRules } from "../../src/isolate/isolation-rules.ts";
import { natRules } from "../../src/isolate/nat-rules.ts";
import { PEERS } from "./peers.ts";
import { CLIENT, CNC, GATEWAY, GATEWAY_MAC, RESPONDER, RESPONDER_PORT } from "./places.ts";
import { startResponder } from "./responder.ts";
import { NORMAL_RULES } from "./rules.ts";
import type { Stage } from "./stage.ts";

/** A way from the client to a recorded answer. */
export interface Path {
  readonly name: string;
  /** Programs that have to be on the machine. */
  readonly needs: readonly string[];
  /** Whom the client calls. */
  readonly to: { readonly address: string; readonly port: number };
  /** Put rules and programs up on a fresh stage. They need not be ready when this resolves. */
  up(stage: Stage): Promise<void>;
}

const PACKET_PROGRAM = fileURLToPath(new URL("../replay-packet.ts", import.meta.url));
/** Recorded answers are given once each: enough for the longest run. */
const TAPE_SESSIONS = 200_000;

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
      await stage.setRules(throughNat(pool));
      if (pool !== null)
        await stage.run(RESPONDER, ["ip", "route", "add", "local", pool, "dev", "lo"]);
      await startResponder(stage);
    },
  };
}

const PACKET: Path = {
  name: "packet",
  needs: [],
  to: CNC,
  up: async (stage) => {
    await stage.setRules(isolationRules({ ...gateway, stations: [{ ...CLIENT, servers: [CNC] }] }));
    const args = [PACKET_PROGRAM, stage.bridgeSocket, String(TAPE_SESSIONS)];
    await stage.start(null, [process.execPath, ...args]);
  },
};

/** In the order in which they run. */
export const PATHS: readonly Path[] = [DIRECT, nat("nat", POOL), PACKET, ...PEERS];

/** Only where they are asked for: `nat` as it was before the pool, to see it collapse. */
export const OTHER_PATHS: readonly Path[] = [nat("nat without pool", null)];
