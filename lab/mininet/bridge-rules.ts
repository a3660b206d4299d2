import { IsoreplayError, LabUnavailableError } from "../../src/base/errors.ts";
import { parseRules } from "../../src/rule/parse.ts";
import type { BridgeName } from "../../src/run/plan.ts";
import type { OpenFlowPort } from "../openflow/openflow-port.ts";
import { cuts } from "./cut.ts";
import type { OpenVSwitch } from "./ovs.ts";
import type { Supervisor } from "./supervisor.ts";

export interface BridgeRulesOptions {
  readonly ovs: OpenVSwitch;
  readonly supervisor: Supervisor;
  /** Connections that stand: the quickest way to a bridge. */
  readonly ports: ReadonlyMap<BridgeName, OpenFlowPort>;
  /** Pull every cable of a bridge. */
  readonly unplug: (bridge: BridgeName) => Promise<void>;
}

/** Puts rules in force, or makes sure that nothing passes any more. */
export class BridgeRules {
  readonly #options: BridgeRulesOptions;

  constructor(options: BridgeRulesOptions) {
    this.#options = options;
  }

  /**
   * Replace all rules of a bridge in one atomic change, and forget what conntrack knows of `flush`. The drops that cut an
   * instance come first. A bundle that the switch refuses leaves the old rules in force, and they may let through what was
   * just judged malicious: then the bridge's cables are pulled. Rejects with LabUnavailableError, which says so.
   */
  async replace(bridge: BridgeName, rules: string, flush: readonly string[] = []): Promise<void> {
    const { ovs, supervisor, ports, unplug } = this.#options;
    try {
      const drops = cuts(parseRules(rules, { origin: `the rules of ${bridge}` }));
      await supervisor.setRules(bridge, rules, async () => {
        if (drops.length === 0) return;
        await ports.get(bridge)?.drop(drops);
        await ovs.forgetOldRules();
      });
      for (const address of flush) await supervisor.during(() => ovs.flushConntrack(address));
    } catch (error) {
      await unplug(bridge);
      const why = error instanceof IsoreplayError ? error.line : String(error);
      throw new LabUnavailableError(
        `its rules could not be put in force, so its cables were pulled: ${why}`,
        { where: `bridge ${bridge}`, cause: error },
      );
    }
  }
}
