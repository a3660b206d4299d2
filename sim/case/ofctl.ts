import { InputError } from "../../src/base/errors.ts";
import type { OfctlCommand } from "../../src/case/device.ts";
import { ofctlCall } from "../../src/case/ofctl-command.ts";
import {
  type FlowCommand,
  type FlowMod,
  parseFlowMod,
  parseFlowMods,
} from "../../src/rule/flow-mod.ts";
import { formatMatch, formatRule } from "../../src/rule/format.ts";
import { parseGroup, parseGroups } from "../../src/rule/group.ts";
import { parseRules } from "../../src/rule/parse.ts";
import { parsePort } from "../../src/rule/parse-match.ts";
import { Piece } from "../../src/rule/piece.ts";
import type { Rule } from "../../src/rule/rule.ts";
import type { PortConfig } from "../switch/ports.ts";
import type { Switch } from "../switch/switch.ts";

/** A command of `ovs-ofctl` on the simulated bridge. Throws InputError for what it does not know or take. */
export function runOfctl(bridge: Switch, recorded: OfctlCommand): void {
  const { command, options, args, input } = ofctlCall(recorded);
  const { ports } = bridge;
  const old = options.some((option) => /^(?:-O|--protocols=)?OpenFlow1[01]$/.test(option));
  const strict = options.includes("--strict");
  const one = (name: FlowCommand) =>
    bridge.changeFlows([parseFlowMod(name, args.join(","), { ports, lenient: true })], { old });
  switch (command) {
    case "add-flow":
      one("add");
      break;
    case "add-flows":
      bridge.changeFlows(parseFlowMods(input ?? "", { ports, lenient: true }), { old });
      break;
    case "mod-flows":
      one(strict ? "modify_strict" : "modify");
      break;
    case "del-flows":
      one(strict ? "delete_strict" : "delete");
      break;
    case "replace-flows":
      bridge.changeFlows(replacement(bridge, parseRules(input ?? "", { ports, lenient: true })));
      break;
    case "mod-port":
      modPort(bridge, args, old);
      break;
    case "add-group":
      bridge.addGroups([parseGroup(args.join(","), ports)]);
      break;
    case "add-groups":
      bridge.addGroups(parseGroups(input ?? "", ports));
      break;
    case "mod-group":
      bridge.modifyGroup(parseGroup(args.join(","), ports), options.includes("--may-create"));
      break;
    case "del-groups":
      bridge.deleteGroups(groupNumber(args[0]));
      break;
    default:
      throw new InputError(`the simulator does not know the command ${command}`);
  }
}

const PORT_CHANGES: Readonly<Record<string, Partial<PortConfig>>> = {
  // The device is told, and what a device does when it is down is its own affair: the dummy one goes on.
  up: {},
  down: {},
  receive: { receives: true },
  "no-receive": { receives: false },
  forward: { forwards: true },
  "no-forward": { forwards: false },
  flood: { floods: true },
  "no-flood": { floods: false },
  "packet-in": {},
  "no-packet-in": {},
};

/** OpenFlow 1.1 and later know no "no-flood": there it changes nothing. */
function modPort(bridge: Switch, [port = "", action = ""]: readonly string[], old: boolean): void {
  const change = PORT_CHANGES[action];
  if (change === undefined) throw new InputError(`unknown mod-port command '${action}'`);
  const named = parsePort(new Piece(port, "mod-port"), bridge.ports);
  bridge.configurePort(named, "floods" in change && !old ? {} : change);
}

/** `group_id=5`; `null`: all. */
function groupNumber(text: string | undefined): number | null {
  if (text === undefined || text === "group_id=all") return null;
  const found = /^group_id=(\d+)$/.exec(text);
  if (found === null) throw new InputError(`found "${text}", expected group_id=NUMBER`);
  return Number(found[1]);
}

/** What must change so that the bridge has these rules: what stands as it is wanted stays, with its counters. */
function replacement(bridge: Switch, wanted: readonly Rule[]): FlowMod[] {
  const identity = ({ table, priority, match }: Rule) =>
    `${table}|${priority}|${formatMatch(match)}`;
  const byIdentity = new Map(wanted.map((rule) => [identity(rule), rule]));
  const gone: FlowMod[] = [];
  for (const { rule } of bridge.dumpFlows()) {
    const same = byIdentity.get(identity(rule));
    if (same === undefined) gone.push({ kind: "delete", filter: exactly(rule) });
    else if (formatRule(same) === formatRule(rule)) byIdentity.delete(identity(rule));
  }
  return [...gone, ...[...byIdentity.values()].map((rule): FlowMod => ({ kind: "add", rule }))];
}

function exactly({ table, priority, match }: Rule) {
  return {
    table,
    priority,
    match,
    strict: true,
    cookie: 0n,
    cookieMask: 0n,
    outPort: null,
    outGroup: null,
  };
}
