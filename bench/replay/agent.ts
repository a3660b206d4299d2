import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { AgentCommand, AgentConfig } from "../../lab/host/protocol.ts";
import type { Program } from "../../src/program/program.ts";
import { BRIDGE, RESPONDER } from "./places.ts";
import type { Stage } from "./stage.ts";

const AGENT = fileURLToPath(new URL("../../lab/host/agent.ts", import.meta.url));

/** A program on the responder as the Mininet lab runs it: in the host's agent. */
export async function startOnAgent(stage: Stage, program: Program): Promise<void> {
  const folder = join(stage.folder, "agent");
  await stage.run(null, ["mkdir", folder]);
  const config: AgentConfig = {
    name: RESPONDER.name,
    address: RESPONDER.address,
    mac: RESPONDER.mac,
    gateway: null,
    interface: "eth0",
    network: BRIDGE,
    volume: null,
    seed: "1",
    folder,
    epoch: { monotonicNs: String(process.hrtime.bigint()), speed: 1 },
  };
  const agent = await stage.start(RESPONDER, [process.execPath, AGENT, JSON.stringify(config)]);
  // What it reports is read as the lab would, and not needed here.
  agent.stdout.resume();
  const command: AgentCommand = { op: "start", id: 1, label: "bench", program };
  agent.stdin.write(`${JSON.stringify(command)}\n`);
}
