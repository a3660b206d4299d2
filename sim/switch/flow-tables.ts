import { InputError } from "../../src/base/errors.ts";
import type { Action } from "../../src/rule/action.ts";
import type { FlowMod } from "../../src/rule/flow-mod.ts";
import { formatRule } from "../../src/rule/format.ts";
import type { PortRef } from "../../src/rule/port.ts";
import { popsUnknownTag, withPushedTags } from "../../src/rule/pushed-tags.ts";
import type { Rule } from "../../src/rule/rule.ts";
import { type ChangeOptions, changeFlows, identity } from "./change-flows.ts";
import { Groups, usesGroup } from "./groups.ts";
import { type Entry, matchWords, Table } from "./table.ts";

type PortResolver = (port: PortRef) => number;

/** All tables of a bridge. Only whole tables are replaced, so a packet never sees half a change. */
export class FlowTables {
  #tables: (Table | undefined)[] = [];
  #order = 0;
  readonly #groups: Groups;
  /** When the first rule may be over; infinity where none has a time-out. */
  nextExpiryMs = Number.POSITIVE_INFINITY;

  constructor(groups: Groups = new Groups()) {
    this.#groups = groups;
  }

  table(number: number): Table | undefined {
    return this.#tables[number];
  }

  /** Replaces everything. `resolve` throws for a port that does not exist; nothing has changed then. */
  replace(rules: readonly Rule[], resolve: PortResolver, nowMs: number): void {
    const byIdentity = new Map<string, Entry>();
    for (const rule of rules) {
      const entry = this.#entry(carried(rule), resolve, nowMs);
      byIdentity.set(identity(entry), entry);
    }
    this.#build([...byIdentity.values()]);
  }

  get size(): number {
    return this.#tables.reduce((sum, table) => sum + (table?.entries.length ?? 0), 0);
  }

  /** Adds a rule that was learned, or has one with the same table, priority and match do as it says: that counts on. */
  learn(rule: Rule, resolve: PortResolver, nowMs: number): void {
    const entry = this.#entry(rule, resolve, nowMs);
    const id = identity(entry);
    const entries = this.entries();
    const before = entries.find((old) => identity(old) === id);
    entry.packets = before?.packets ?? 0;
    entry.bytes = before?.bytes ?? 0;
    this.#build([...entries.filter((old) => old !== before), entry]);
  }

  /** Some changes, one after the other; with an error none of them is made. */
  change(
    mods: readonly FlowMod[],
    resolve: PortResolver,
    nowMs: number,
    options: ChangeOptions,
  ): void {
    const context = {
      port: resolve,
      // OpenFlow 1.0 carries mod_vlan_… as it is.
      entry: (rule: Rule) =>
        this.#entry(options.old === true ? rule : carried(rule), resolve, nowMs),
    };
    this.#build(changeFlows(this.entries(), mods, context, options));
  }

  /** By table, falling priority, and the order in which they came. */
  entries(): Entry[] {
    const compare = (a: Entry, b: Entry): number =>
      a.rule.table - b.rule.table || b.rule.priority - a.rule.priority || a.order - b.order;
    return this.#tables.flatMap((table) => [...(table?.entries ?? [])]).sort(compare);
  }

  /** Drops rules that have `group`, or any group for `null`, among their actions. */
  removeUsersOfGroup(group: number | null): void {
    this.#build(this.entries().filter(({ rule }) => !usesGroup(rule.actions, group)));
  }

  /** Drops rules whose time is over. True: there were some. */
  expire(nowMs: number): boolean {
    if (nowMs < this.nextExpiryMs) return false;
    const all = this.entries();
    const live = all.filter((entry) => expiryMs(entry) > nowMs);
    this.#build(live);
    return live.length < all.length;
  }

  #entry(rule: Rule, resolve: PortResolver, nowMs: number): Entry {
    const inPort = rule.match.inPort === null ? null : resolve(rule.match.inPort);
    resolveAll(rule.actions, resolve, this.#groups);
    return {
      rule,
      words: matchWords(rule.match, inPort),
      order: this.#order++,
      packets: 0,
      bytes: 0,
      addedMs: nowMs,
      usedMs: nowMs,
      next: null,
    };
  }

  #build(entries: readonly Entry[]): void {
    const byTable = Map.groupBy(entries, (entry) => entry.rule.table);
    const tables: (Table | undefined)[] = [];
    for (const [number, list] of byTable) tables[number] = new Table(list);
    this.#tables = tables;
    this.nextExpiryMs = entries.reduce(
      (earliest, entry) => Math.min(earliest, expiryMs(entry)),
      Number.POSITIVE_INFINITY,
    );
  }
}

/** As OpenFlow 1.1 and later carry it to the switch. Throws InputError for what they do not take. */
function carried(rule: Rule): Rule {
  if (popsUnknownTag(rule.actions, rule.match))
    throw new InputError("a tag is popped that the packet is not known to have", {
      where: formatRule(rule),
      mend: "match a tag (vlan_tci=0x1000/0x1000), or push one before",
    });
  const actions = withPushedTags(rule.actions, rule.match);
  return actions === rule.actions ? rule : { ...rule, actions };
}

function expiryMs({ rule, addedMs, usedMs }: Entry): number {
  const hard = rule.hardTimeout ? addedMs + 1000 * rule.hardTimeout : Number.POSITIVE_INFINITY;
  const idle = rule.idleTimeout ? usedMs + 1000 * rule.idleTimeout : Number.POSITIVE_INFINITY;
  return Math.min(hard, idle);
}

/** Fails for an action that names a port or group which does not exist. */
function resolveAll(actions: readonly Action[], resolve: PortResolver, groups: Groups): void {
  for (const action of actions) {
    if (action.kind === "output") resolve(action.port);
    else if (action.kind === "resubmit" && action.port !== null) resolve(action.port);
    else if (action.kind === "clone" || action.kind === "write_actions") {
      resolveAll(action.actions, resolve, groups);
    } else if (action.kind === "ct" && action.alg !== undefined) {
      throw new InputError(`the simulator has no helper alg=${action.alg}`, {
        mend: "leave alg= out, or run the rules on a real Open vSwitch",
      });
    } else if (action.kind === "group" && !groups.has(action.group)) {
      throw new InputError(`there is no group ${action.group} (OFPBAC_BAD_OUT_GROUP)`);
    }
  }
}
