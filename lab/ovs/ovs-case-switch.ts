import { InputError } from "../../src/base/errors.ts";
import type { SwitchCase } from "../../src/case/case.ts";
import type {
  CaseSwitch,
  DevicePort,
  OfctlCommand,
  PacketOutPort,
  Reaction,
} from "../../src/case/device.ts";
import { ofctlCall } from "../../src/case/ofctl-command.ts";
import { OvsBridge } from "./ovs-bridge.ts";
import { PacketInMonitor } from "./packet-in-monitor.ts";
import type { PrivateOvs } from "./private-ovs.ts";

/** A real Open vSwitch as a device under test. */
export class OvsCaseSwitch implements CaseSwitch, AsyncDisposable {
  readonly #bridge: OvsBridge;
  readonly #monitor: PacketInMonitor;

  private constructor(bridge: OvsBridge, monitor: PacketInMonitor) {
    this.#bridge = bridge;
    this.#monitor = monitor;
  }

  /** A fresh bridge; dispose of it before the next one is made. */
  static async create(
    ovs: PrivateOvs,
    { ports }: Pick<SwitchCase, "ports">,
  ): Promise<OvsCaseSwitch> {
    const bridge = await OvsBridge.create(ovs, ports);
    try {
      const monitor = await PacketInMonitor.start(ovs, bridge.target, bridge.folder);
      return new OvsCaseSwitch(bridge, monitor);
    } catch (error) {
      await bridge[Symbol.asyncDispose]();
      throw error;
    }
  }

  async addFlows(text: string): Promise<void> {
    await this.#bridge.change("add-flows", ["-"], ["--bundle"], text);
  }

  async packet(port: DevicePort, bytes: Uint8Array): Promise<Reaction> {
    // A packet may have changed flows (`learn`, `normal`): with the clock stopped nothing else forgets what held before.
    await this.#bridge.appctl("revalidator/purge");
    const sent = await this.#bridge.exchange([{ port, bytes }]);
    return { sent, packetIns: await this.#monitor.drain() };
  }

  async packetOut(inPort: PacketOutPort, actions: string, bytes: Uint8Array): Promise<Reaction> {
    const sent = await this.#bridge.packetOut(inPort, actions, bytes);
    return { sent, packetIns: await this.#monitor.drain() };
  }

  async conntrack(): Promise<readonly string[]> {
    const text = await this.#bridge.appctl("dpctl/dump-conntrack");
    return text.split("\n").filter((line) => line !== "");
  }

  dumpFlows(): Promise<readonly string[]> {
    return this.#bridge.dumpFlows();
  }

  async ofctl(recorded: OfctlCommand): Promise<void> {
    const { command, options, args, input } = ofctlCall(recorded);
    await this.#bridge.change(command, args, options, input ?? undefined);
  }

  async flush(args: readonly string[], via: "dpctl" | "ofctl"): Promise<void> {
    if (via === "ofctl") {
      await this.#bridge.ofctl("ct-flush", args);
      return;
    }
    try {
      await this.#bridge.appctl("dpctl/flush-conntrack", ...args);
    } catch (error) {
      // Of a whole tuple it says when no such connection is there. Then there is nothing to flush.
      if (!(error instanceof InputError) || !error.message.includes("No such file")) throw error;
    }
  }

  dpctl(command: string, args: readonly string[]): Promise<string> {
    return this.#bridge.appctl(`dpctl/${command}`, ...args);
  }

  async warp(ms: number): Promise<void> {
    await this.#bridge.warp(ms);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#monitor[Symbol.asyncDispose]();
    await this.#bridge[Symbol.asyncDispose]();
  }
}
