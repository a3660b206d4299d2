import { NS_PER_MS } from "../../src/base/clock.ts";
import { Random } from "../../src/base/random.ts";
import type { SwitchCase } from "../../src/case/case.ts";
import type {
  CaseSwitch,
  DevicePort,
  OfctlCommand,
  PacketOutPort,
  Reaction,
  SeenPacketIn,
  SentFrame,
} from "../../src/case/device.ts";
import { dumpFlow } from "../../src/rule/dump-flow.ts";
import { parseFlowMods } from "../../src/rule/flow-mod.ts";
import { parseActions } from "../../src/rule/parse.ts";
import { PORT } from "../../src/rule/port.ts";
import { type Output, Switch } from "../switch/switch.ts";
import { runDpctl } from "./dpctl.ts";
import { runOfctl } from "./ofctl.ts";
import { packetInMeta } from "./packet-in-meta.ts";

/** The simulated switch as a device under test: a fresh bridge, and a clock that only `warp` moves. */
export class SimCaseSwitch implements CaseSwitch {
  readonly #bridge: Switch;
  #nowNs = 0n;

  /** `name` is the seed: the same case gives the same result. */
  constructor({ name, ports }: Pick<SwitchCase, "name" | "ports">) {
    this.#bridge = new Switch({
      name: "br0",
      clock: { nowNs: () => this.#nowNs },
      random: Random.from(name),
      packetIns: true,
      // What Open vSwitch begins with (`ct-get-maxconns`).
      limits: { connectionsMax: 3_000_000 },
    });
    for (const port of ports) this.#bridge.addPort(port.no, port.name);
  }

  async addFlows(text: string): Promise<void> {
    this.#bridge.changeFlows(parseFlowMods(text, { ports: this.#bridge.ports, lenient: true }));
  }

  async packet(inPort: DevicePort, bytes: Uint8Array): Promise<Reaction> {
    return reaction(this.#bridge.receive(inPort === "LOCAL" ? PORT.local : inPort, bytes));
  }

  async packetOut(inPort: PacketOutPort, actions: string, bytes: Uint8Array): Promise<Reaction> {
    const parsed = parseActions(actions, { ports: this.#bridge.ports });
    const port = inPort === "NONE" ? PORT.none : inPort;
    return reaction(this.#bridge.packetOut(port, parsed, bytes));
  }

  async conntrack(): Promise<readonly string[]> {
    return this.#bridge.dumpConntrack();
  }

  async dumpFlows(): Promise<readonly string[]> {
    return this.#bridge.dumpFlows().map(({ rule, ...counts }) => dumpFlow(rule, counts));
  }

  async ofctl(command: OfctlCommand): Promise<void> {
    runOfctl(this.#bridge, command);
  }

  async flush(args: readonly string[]): Promise<void> {
    runDpctl(this.#bridge, "flush-conntrack", args, this.#nowMs());
  }

  async dpctl(command: string, args: readonly string[]): Promise<string> {
    return runDpctl(this.#bridge, command, args, this.#nowMs());
  }

  async warp(ms: number): Promise<void> {
    this.#nowNs += BigInt(ms) * NS_PER_MS;
  }

  #nowMs(): number {
    return Number(this.#nowNs / NS_PER_MS);
  }
}

function reaction(outputs: readonly Output[]): Reaction {
  const sent: SentFrame[] = [];
  const packetIns: SeenPacketIn[] = [];
  for (const { port, bytes, packetIn } of outputs) {
    if (port !== "CONTROLLER") sent.push({ port, bytes });
    else if (packetIn !== undefined) packetIns.push({ meta: packetInMeta(packetIn), bytes });
  }
  return { sent, packetIns };
}
