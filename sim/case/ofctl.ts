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
import { parseRules } from "../../src/rule/parse.ts";
import type { Rule } from "../../src/rule/rule.ts";
import type { Switch } from "../switch/switch.ts";

/** A command of `ovs-ofctl` on the simulated bridge. Throws InputError for what it does not know or take. */
export function runOfctl(bridge: Switch, recorded: OfctlCommand): void {
  const { command, options, args, input } = ofctlCall(recorded);
  const { ports } = bridge;
  const old = options.some((option) => /^(?:-O|--protocols=)?OpenFlow1[01]$/.test(option));
  const strict = options.includes("--strict");
  const one = (name: FlowCommand) =>
    bridge.changeFlows([parseFlowMod(name, args.join(","), { ports })], { old });
  switch (command) {
    case "add-flow":
      one("add");
      break;
    case "add-flows":
      bridge.changeFlows(parseFlowMods(input ?? "", { ports }), { old });
      break;
    case "mod-flows":
      one(strict ? "modify_strict" : "modify");
      break;
    case "del-flows":
      one(strict ? "delete_strict" : "delete");
      break;
    case "replace-flows":
      bridge.changeFlows(replacement(bridge, parseRules(input ?? "", { ports })));
      break;
    default:
      throw new InputError(`the simulator does not know the command ${command}`);
  }
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
