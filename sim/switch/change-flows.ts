import { InputError } from "../../src/base/errors.ts";
import type { Action } from "../../src/rule/action.ts";
import type { FlowFilter, FlowMod } from "../../src/rule/flow-mod.ts";
import { PORT, type PortRef } from "../../src/rule/port.ts";
import type { Rule } from "../../src/rule/rule.ts";
import { usesGroup } from "./groups.ts";
import { type Entry, matchWords } from "./table.ts";

export interface ChangeOptions {
  /** As OpenFlow 1.0 does it: a rule given again counts anew; `modify` sets the cookie, and adds what is not there. */
  readonly old?: boolean;
}

/** What a change needs to know of its bridge. */
export interface ChangeContext {
  /** A new entry for a rule. Throws InputError for a port that does not exist. */
  readonly entry: (rule: Rule) => Entry;
  /** The number of a port. Throws InputError for a name that does not exist. */
  readonly port: (port: PortRef) => number;
}

/** The entries after some changes, one after the other (OpenFlow 1.5, 6.4). The given entries are not touched. */
export function changeFlows(
  entries: readonly Entry[],
  mods: readonly FlowMod[],
  context: ChangeContext,
  { old = false }: ChangeOptions,
): Entry[] {
  let list = [...entries];
  for (const mod of mods) {
    switch (mod.kind) {
      case "add":
        list = add(list, mod.rule, context, old);
        break;
      case "modify": {
        const chosen = chooser(mod.filter, context);
        const found = list.some(chosen);
        list = list.map((entry) => (chosen(entry) ? modified(entry, mod, context, old) : entry));
        if (!found && old && mod.filter.cookieMask === 0n)
          list = add(list, mod.rule, context, false);
        break;
      }
      case "delete": {
        const chosen = chooser(mod.filter, context);
        list = list.filter((entry) => !chosen(entry));
        break;
      }
    }
  }
  return list;
}

function add(list: readonly Entry[], rule: Rule, context: ChangeContext, old: boolean): Entry[] {
  const flags = rule.flags ?? [];
  const isReset = flags.includes("reset_counts");
  const added = context.entry(
    old && !isReset ? { ...rule, flags: [...flags, "reset_counts"] } : rule,
  );
  const id = identity(added);
  const before = list.find((entry) => identity(entry) === id);
  const checked = before === undefined && flags.includes("check_overlap");
  if (checked && list.some((entry) => overlaps(entry, added)))
    throw new InputError(
      "another rule of this priority matches the same packets (OFPFMFC_OVERLAP)",
    );
  if (before !== undefined && !old && !isReset) {
    added.packets = before.packets;
    added.bytes = before.bytes;
    added.usedMs = before.usedMs;
  }
  return [...list.filter((entry) => entry !== before), added];
}

function modified(
  entry: Entry,
  { actions, cookie, flags }: Extract<FlowMod, { kind: "modify" }>,
  context: ChangeContext,
  old: boolean,
): Entry {
  const newCookie = old && cookie !== null ? cookie : entry.rule.cookie;
  const rule = { ...entry.rule, actions, cookie: newCookie };
  // Made anew so that ports of the actions are checked.
  const { order } = entry;
  const changed = { ...context.entry(rule), order, addedMs: entry.addedMs, usedMs: entry.usedMs };
  if (flags.includes("reset_counts")) return changed;
  return { ...changed, packets: entry.packets, bytes: entry.bytes };
}

/** Table, priority and match: two rules that agree in them are one. */
export function identity({ rule, words }: Pick<Entry, "rule" | "words">): string {
  return `${rule.table}|${rule.priority}|${words.join()}`;
}

function chooser(filter: FlowFilter, context: ChangeContext): (entry: Entry) => boolean {
  const { table, strict, priority, match, cookie, cookieMask, outGroup } = filter;
  const inPort = match.inPort === null ? null : context.port(match.inPort);
  const words = matchWords(match, inPort);
  const text = words.join();
  const outPort = filter.outPort === null ? null : context.port(filter.outPort);
  return (entry) => {
    const { rule } = entry;
    if (table !== null && rule.table !== table) return false;
    if (((rule.cookie ^ cookie) & cookieMask) !== 0n) return false;
    if (strict && (rule.priority !== priority || entry.words.join() !== text)) return false;
    if (!strict && !isNarrower(entry.words, words)) return false;
    if (outGroup !== null && !usesGroup(rule.actions, outGroup)) return false;
    return outPort === null || outputsTo(rule.actions, outPort, context);
  };
}

/** Whether both are of one table and priority, and some packet matches both. */
function overlaps(a: Entry, b: Entry): boolean {
  if (a.rule.table !== b.rule.table || a.rule.priority !== b.rule.priority) return false;
  for (let i = 0; i < a.words.length; i += 3) {
    for (let j = 0; j < b.words.length; j += 3) {
      const both = a.words[i] === b.words[j] ? a.words[i + 2]! & b.words[j + 2]! : 0;
      if (((a.words[i + 1]! ^ b.words[j + 1]!) & both) !== 0) return false;
    }
  }
  return true;
}

/** Whether every packet of the match `words` is one of `wide`: both as triples word, value, mask, by rising word. */
function isNarrower(words: Int32Array, wide: Int32Array): boolean {
  let at = 0;
  for (let i = 0; i < wide.length; i += 3) {
    while (at < words.length && words[at]! < wide[i]!) at += 3;
    const mask = wide[i + 2]!;
    if (words[at] !== wide[i] || (words[at + 2]! & mask) !== mask) return false;
    if ((words[at + 1]! & mask) !== wide[i + 1]) return false;
  }
  return true;
}

function outputsTo(actions: readonly Action[], port: number, context: ChangeContext): boolean {
  return actions.some((action) => {
    switch (action.kind) {
      case "output":
        return context.port(action.port) === port;
      case "controller":
        return port === PORT.controller;
      case "local":
        return port === PORT.local;
      case "in_port":
        return port === PORT.inPort;
      case "normal":
        return port === PORT.normal;
      case "flood":
        return port === PORT.flood;
      case "all":
        return port === PORT.all;
      case "clone":
      case "write_actions":
        return outputsTo(action.actions, port, context);
      default:
        return false;
    }
  });
}
