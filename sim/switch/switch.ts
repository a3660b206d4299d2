import type { Clock } from "../../src/base/clock.ts";
import { InputError } from "../../src/base/errors.ts";
import { SWITCH_LIMITS } from "../../src/base/limits.ts";
import type { Random } from "../../src/base/random.ts";
import type { Action } from "../../src/rule/action.ts";
import type { FlowMod } from "../../src/rule/flow-mod.ts";
import type { Group } from "../../src/rule/group.ts";
import { PORT, type PortRef } from "../../src/rule/port.ts";
import type { Rule } from "../../src/rule/rule.ts";
import type { ChangeOptions } from "./change-flows.ts";
import type { Conntrack } from "./conntrack/conntrack.ts";
import { formatConnection, tupleAddresses } from "./conntrack/dump.ts";
import type { Fragments } from "./conntrack/fragments.ts";
import type { Flavour } from "./conntrack/life.ts";
import { Datapath, type SwitchLimits } from "./datapath.ts";
import { FlowTables } from "./flow-tables.ts";
import { Groups } from "./groups.ts";
import type { Observer } from "./observer.ts";
import type { Output, SwitchCounters } from "./output.ts";
import { type PortConfig, Ports } from "./ports.ts";

export type { Output } from "./output.ts";

export interface SwitchOptions {
  readonly name: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly limits?: Partial<SwitchLimits>;
  /** Whose connection tracking: Open vSwitch's user-space datapath (default), or Linux's nf_conntrack. */
  readonly flavour?: Flavour;
  /** Whether somebody takes packet-ins for table misses and expired TTLs. Default: nobody. */
  readonly packetIns?: boolean;
}

export interface FlowStatistics {
  readonly rule: Rule;
  readonly packets: number;
  readonly bytes: number;
}

/**
 * A bridge like Open vSwitch with `fail-mode=secure` and its user-space datapath: what no rule matches is dropped.
 * Bytes given to it and taken from it are never changed in place.
 */
export class Switch {
  readonly name: string;
  readonly #clock: Clock;
  readonly #ports: Ports;
  readonly #groups = new Groups();
  readonly #tables = new FlowTables(this.#groups);
  readonly #datapath: Datapath;

  constructor(options: SwitchOptions) {
    const { name, clock, random } = options;
    this.name = name;
    this.#clock = clock;
    this.#ports = new Ports(name);
    this.#datapath = new Datapath({
      ports: this.#ports,
      tables: this.#tables,
      groups: this.#groups,
      clock,
      random,
      limits: { ...SWITCH_LIMITS, ...options.limits },
      flavour: options.flavour ?? "userspace",
      packetIns: options.packetIns ?? false,
    });
  }

  get counters(): SwitchCounters {
    return this.#datapath.counters;
  }

  get fragments(): Fragments {
    return this.#datapath.fragments;
  }

  get conntrack(): Conntrack {
    return this.#datapath.conntrack;
  }

  /** From now on `observer` sees what happens to each packet; `null`: nobody. */
  observe(observer: Observer | null): void {
    this.#datapath.observer = observer;
  }

  /** Throws InputError for a number or name that is taken or reserved. */
  addPort(no: number, name: string): void {
    this.#ports.add(no, name);
    // Results of walks hold the numbers of named ports.
    this.#datapath.forgetResults();
  }

  removePort(no: number): void {
    this.#ports.remove(no);
    this.#datapath.forgetPort(no);
  }

  /** What may pass through a port from now on. Throws InputError for a port that the bridge does not have. */
  configurePort(port: PortRef, change: Partial<PortConfig>): void {
    const no = this.#ports.number(port);
    if (no !== PORT.local && !this.#ports.has(no))
      throw new InputError(`${this.name} has no port ${port}`);
    this.#ports.configure(no, change);
  }

  /** The ports' numbers by name, for `parseRules`. */
  get ports(): ReadonlyMap<string, number> {
    return this.#ports.names;
  }

  /**
   * Replaces all rules at once; counters start at 0. A later rule with the same table, priority and match replaces
   * the earlier one. Throws InputError for a port that the bridge does not have, and then changes nothing.
   */
  setFlows(rules: readonly Rule[]): void {
    this.#tables.replace(rules, (port) => this.#ports.number(port), this.#nowMs());
    this.#datapath.forgetResults();
  }

  /** Makes groups, one after the other. Throws InputError for a number that is taken. */
  addGroups(groups: readonly Group[]): void {
    for (const group of groups) this.#groups.add(group);
    this.#datapath.forgetResults();
  }

  /** Throws InputError for a group that is not there, unless `mayCreate`. */
  modifyGroup(group: Group, mayCreate: boolean): void {
    this.#groups.modify(group, mayCreate);
    this.#datapath.forgetResults();
  }

  /** `null`: all groups. Rules that use them go, too. */
  deleteGroups(id: number | null): void {
    this.#groups.delete(id);
    this.#tables.removeUsersOfGroup(id);
    this.#datapath.forgetResults();
  }

  /** Changes rules one after the other, in one step for packets. Throws InputError, and then changes nothing. */
  changeFlows(mods: readonly FlowMod[], options: ChangeOptions = {}): void {
    this.#tables.expire(this.#nowMs());
    this.#tables.change(mods, (port) => this.#ports.number(port), this.#nowMs(), options);
    this.#datapath.forgetResults();
  }

  /**
   * A frame arrives through a port, or the controller gives it to the tables (`PORT.controller`; OpenFlow: a packet-out to
   * TABLE). What leaves the switch because of it, in order.
   */
  receive(portNo: number, frame: Uint8Array): Output[] {
    return this.#datapath.receive(portNo, frame);
  }

  /** `actions` on a packet that no port received (OpenFlow's packet-out). `inPort` is what `in_port` then means. */
  packetOut(
    inPort: number | "LOCAL" | "CONTROLLER",
    actions: readonly Action[],
    bytes: Uint8Array,
  ): Output[] {
    const reserved = { LOCAL: PORT.local, CONTROLLER: PORT.controller };
    const number = typeof inPort === "number" ? inPort : reserved[inPort];
    return this.#datapath.packetOut(number, actions, bytes);
  }

  /** Forgets connections: all, or those of a zone, or with an address at either end. How many it were. */
  flushConntrack(filter: { zone?: number; address?: string } = {}): number {
    const { table } = this.conntrack;
    const gone = table.live(this.#nowMs()).filter(({ original, reply }) => {
      if (filter.zone !== undefined && original.zone !== filter.zone) return false;
      if (filter.address === undefined) return true;
      return [...tupleAddresses(original), ...tupleAddresses(reply)].includes(filter.address);
    });
    for (const connection of gone) table.remove(connection);
    return gone.length;
  }

  /** Every rule that is not over with its counters, by table and falling priority. */
  dumpFlows(): FlowStatistics[] {
    if (this.#tables.expire(this.#nowMs())) this.#datapath.forgetResults();
    return this.#tables.entries().map(({ rule, packets, bytes }) => ({ rule, packets, bytes }));
  }

  /** Every connection as a line of `dpctl/dump-conntrack`, sorted. */
  dumpConntrack(): string[] {
    return this.conntrack.table.live(this.#nowMs()).map(formatConnection).sort();
  }

  #nowMs(): number {
    return Number(this.#clock.nowNs()) / 1e6;
  }
}
