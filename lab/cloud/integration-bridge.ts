import { createInterface } from "node:readline";
import type { RunningCommand } from "../../src/base/command.ts";
import { formatRule, formatRules } from "../../src/rule/format.ts";
import { parseRules } from "../../src/rule/parse.ts";
import { parseDumpedFlows } from "../../src/rule/parse-dump.ts";
import type { Rule } from "../../src/rule/rule.ts";
import type { BridgeName } from "../../src/run/plan.ts";
import type { HostSwitch } from "./host-switch.ts";
import { type BridgePlace, fromBridge, toBridge } from "./translate.ts";

/** What Neutron calls it, wherever its Open vSwitch agent runs. */
export const INTEGRATION_BRIDGE = "br-int";
/** Above everything that Neutron has in its table 0, but for what it drops. */
const JUMP_PRIORITY = 60_000;
/** Neutron's agent tidies up the tables below 200 when it begins, and leaves those above alone. */
const BASES: ReadonlyMap<BridgeName, number> = new Map([
  ["private", 200],
  ["isolation", 210],
]);

/**
 * The cookies of a run's rules. The agent removes every rule with the cookie of a foreign rule that it finds in its own
 * tables, in all tables: the entrances, which lie in table 0, must not share theirs with the rest.
 */
export function cookiesOf(label: string): { readonly entrance: bigint; readonly own: bigint } {
  const base = (0x1507n << 48n) | (BigInt(`0x${label}`) << 8n);
  return { entrance: base | 1n, own: base | 2n };
}

/** The changes that take a run's rules away. */
export function removal(label: string): string {
  const { entrance, own } = cookiesOf(label);
  return [entrance, own].map((cookie) => `delete cookie=0x${cookie.toString(16)}/-1\n`).join("");
}

/**
 * A run's rules on Neutron's integration bridge. Each of the plan's ports has an entrance in table 0, which leads to the
 * rules of the plan's bridge in tables of their own. Where Neutron's agent takes the entrances away they are put back, and
 * the gap is counted.
 */
export class IntegrationBridge implements AsyncDisposable {
  readonly #switch: HostSwitch;
  readonly #label: string;
  readonly #rules = new Map<BridgeName, readonly Rule[]>();
  readonly #ports = new Map<BridgeName, Map<number, number>>();
  readonly #onFailure: (error: unknown) => void;
  #turn: Promise<void> = Promise.resolve();
  #monitor: RunningCommand | null = null;
  #isOver = false;
  /** Times that somebody had taken rules away, and how long they were missing together. */
  readonly gaps = { count: 0, ms: 0 };

  private constructor(hostSwitch: HostSwitch, label: string, onFailure: (error: unknown) => void) {
    this.#switch = hostSwitch;
    this.#label = label;
    this.#onFailure = onFailure;
    for (const bridge of BASES.keys()) this.#ports.set(bridge, new Map());
  }

  /** `onFailure`: rules that were taken away cannot be put back. */
  static async open(
    hostSwitch: HostSwitch,
    label: string,
    onFailure: (error: unknown) => void,
  ): Promise<IntegrationBridge> {
    const bridge = new IntegrationBridge(hostSwitch, label, onFailure);
    await bridge.#watch();
    return bridge;
  }

  /** A port of the plan has got a port of the switch, or (null) has lost it. */
  plug(bridge: BridgeName, port: number, ofport: number | null): Promise<void> {
    if (ofport === null) this.#ports.get(bridge)?.delete(port);
    else this.#ports.get(bridge)?.set(port, ofport);
    return this.#inTurn(() => this.#install());
  }

  /** Several at once. */
  plugAll(bridge: BridgeName, ports: ReadonlyMap<number, number>): Promise<void> {
    for (const [port, ofport] of ports) this.#ports.get(bridge)?.set(port, ofport);
    return this.#inTurn(() => this.#install());
  }

  /**
   * Replace a plan's bridge's rules (ovs-ofctl text) in one atomic change, and forget connections of `flush`. Rejects with
   * InputError or CommandError, and then nothing has changed.
   */
  setRules(bridge: BridgeName, text: string, flush: readonly string[] = []): Promise<void> {
    const rules = parseRules(text, { origin: `the rules of ${bridge}` });
    return this.#inTurn(async () => {
      const before = this.#rules.get(bridge);
      this.#rules.set(bridge, rules);
      try {
        await this.#install();
      } catch (error) {
        if (before !== undefined) this.#rules.set(bridge, before);
        throw error;
      }
      await this.#switch.forget(flush);
    });
  }

  /**
   * A plan's bridge's rules as the switch lists them, in the plan's words. A port whose entrance is missing, or that others'
   * rules could keep from it, is listed with a rule that lets it go anywhere.
   */
  async rules(bridge: BridgeName): Promise<string> {
    const all = await this.#all();
    const place = this.#place(bridge);
    const own = fromBridge(all, place, cookiesOf(this.#label).own);
    const open = [...place.ports].filter(([, ofport]) => !this.#isCaught(all, bridge, ofport));
    const holes = open.map(([port]) => `table=0,priority=65535,in_port=${port},actions=normal\n`);
    return holes.join("") + formatRules(own);
  }

  copies(): Promise<string[]> {
    return this.#switch.copies(INTEGRATION_BRIDGE);
  }

  /** Take all rules of the run away. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true;
    this.#monitor?.kill("SIGKILL");
    await this.#monitor?.ended;
    await this.#turn;
    await this.#switch.change(INTEGRATION_BRIDGE, removal(this.#label));
  }

  /** Whether everything that comes in there goes to the run's rules first. */
  #isCaught(all: readonly Rule[], bridge: BridgeName, ofport: number): boolean {
    const { entrance } = cookiesOf(this.#label);
    const wanted = this.#entrance(bridge, ofport);
    const first = all.filter((rule) => rule.table === 0 && rule.priority >= JUMP_PRIORITY);
    return (
      first.some((rule) => formatRule(rule) === formatRule(wanted)) &&
      first.every((rule) => rule.cookie === entrance || rule.actions.length === 0)
    );
  }

  #entrance(bridge: BridgeName, ofport: number): Rule {
    return {
      table: 0,
      priority: JUMP_PRIORITY,
      cookie: cookiesOf(this.#label).entrance,
      match: { inPort: ofport, fields: [] },
      actions: [{ kind: "resubmit", port: null, table: BASES.get(bridge) ?? 0 }],
    };
  }

  #place(bridge: BridgeName): BridgePlace {
    return { base: BASES.get(bridge) ?? 0, ports: this.#ports.get(bridge) ?? new Map() };
  }

  #wanted(): Rule[] {
    const { own } = cookiesOf(this.#label);
    return [...BASES.keys()].flatMap((bridge) => {
      const place = this.#place(bridge);
      const entrances = [...place.ports.values()].map((ofport) => this.#entrance(bridge, ofport));
      return [...entrances, ...toBridge(this.#rules.get(bridge) ?? [], place, own)];
    });
  }

  async #install(): Promise<void> {
    const add = this.#wanted().map((rule) => `add ${formatRule(rule)}\n`);
    await this.#switch.change(INTEGRATION_BRIDGE, removal(this.#label) + add.join(""));
  }

  async #all(): Promise<Rule[]> {
    return parseDumpedFlows(await this.#switch.flows(INTEGRATION_BRIDGE));
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const turn = this.#turn.then(work);
    this.#turn = turn.catch(() => {});
    return turn;
  }

  async #watch(): Promise<void> {
    const { entrance, own } = cookiesOf(this.#label);
    const marks = [entrance, own].map((cookie) => `cookie=0x${cookie.toString(16)}`);
    this.#monitor = await this.#switch.monitor(INTEGRATION_BRIDGE);
    createInterface({ input: this.#monitor.stdout }).on("line", (line) => {
      if (this.#isOver || !line.includes("event=DELETED")) return;
      if (!marks.some((mark) => line.includes(mark))) return;
      const seen = performance.now();
      // It may have been a change of our own: then everything is there when its turn is over.
      this.#inTurn(() => this.#putBack(seen)).catch(this.#onFailure);
    });
  }

  async #putBack(seen: number): Promise<void> {
    if (this.#isOver) return;
    const { entrance, own } = cookiesOf(this.#label);
    const there = (await this.#all()).filter(({ cookie }) => [entrance, own].includes(cookie));
    if (there.length >= this.#wanted().length) return;
    await this.#install();
    await this.#switch.forget();
    this.gaps.count++;
    this.gaps.ms += performance.now() - seen;
  }
}
